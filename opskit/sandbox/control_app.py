# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The control app, over which other processes inspect, change and stop a running sandbox."""

import hmac
from collections.abc import Callable, Mapping

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from opskit.sandbox.faults import Fault, Setting, setting_for
from opskit.sandbox.switches import Switches


class _TokenGuard:
    """Lets nobody in who does not know the token."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        given = dict(scope["headers"]).get(b"authorization", b"")
        allowed = hmac.compare_digest(given, self._expected)
        app = self._app if allowed else JSONResponse({"error": "unauthorized"}, status_code=401)
        await app(scope, receive, send)


class ControlApp:
    """What the owner of a sandbox may ask of it."""

    def __init__(
        self, token: str, switches: Mapping[str, Switches], stop: Callable[[], None]
    ) -> None:
        self._token = token
        self._switches = switches
        self._stop = stop

    def app(self) -> Starlette:
        """Return the control app as an ASGI application."""
        fault = "/faults/{environment}/{fault}"
        return Starlette(
            routes=[
                Route("/status", self._status, methods=["GET"]),
                Route(fault, self._turn_on, methods=["PUT"]),
                Route(fault, self._turn_off, methods=["DELETE"]),
                Route("/stop", self._stop_sandbox, methods=["POST"]),
            ],
            middleware=[Middleware(_TokenGuard, token=self._token)],
        )

    async def _status(self, _request: Request) -> Response:
        faults = {name: switches.names() for name, switches in self._switches.items()}
        return JSONResponse({"faults": faults})

    async def _turn_on(self, request: Request) -> Response:
        setting = msgspec.json.decode(await request.body() or b"{}", type=Setting)

        def turn_on(switches: Switches, fault: Fault) -> None:
            switches.turn_on(fault, setting_for(fault, setting.seconds))

        return await self._switch(request, turn_on)

    async def _turn_off(self, request: Request) -> Response:
        return await self._switch(request, Switches.turn_off)

    async def _switch(
        self, request: Request, change: Callable[[Switches, Fault], None]
    ) -> Response:
        switches = self._switches.get(request.path_params["environment"])
        name = request.path_params["fault"]
        if switches is None or name not in list(Fault):
            return JSONResponse({"error": "no such environment or fault"}, status_code=404)
        try:
            await run_in_threadpool(change, switches, Fault(name))  # it may ask the database
        except ValueError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        return await self._status(request)

    async def _stop_sandbox(self, _request: Request) -> Response:
        self._stop()
        return JSONResponse({"stopping": True}, status_code=202)
