# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The Creatio of one environment: its API, its sign-in, its login page, its health."""

import base64
import secrets
import ssl
from collections.abc import Awaitable, Callable

import msgspec
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from psycopg_pool import ConnectionPool
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from opskit.sandbox import orders
from opskit.sandbox.accounts import Objects
from opskit.sandbox.administration import Administration
from opskit.sandbox.answers import (
    ODATA_RIGHTS_TEXT,
    Call,
    Surface,
    empty_not_found,
    login_page,
    login_redirect,
    odata_error,
    unauthorized,
    unhealthy,
)
from opskit.sandbox.bearer import Bearers, IdentityLink, SystemUser, TokenRejected
from opskit.sandbox.catalog import EnvironmentSpec, Runtime
from opskit.sandbox.dataservice import select_query
from opskit.sandbox.faults import Fault
from opskit.sandbox.interceptions import UNAVAILABLE, URL_EMPTY, intercept
from opskit.sandbox.odata import odata3, odata4
from opskit.sandbox.sessions import Sessions
from opskit.sandbox.switches import Switches
from opskit.sandbox.system_designer import ENDPOINTS

Handler = Callable[[Call], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

_EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_BLOCK_BITS = 128
_LOGIN_PATHS = {
    Runtime.FRAMEWORK: ("/Login/NuiLogin.aspx", "/0/Login/NuiLogin.aspx"),
    Runtime.NET: ("/Login/Login.html",),
}
_ODATA = frozenset({Surface.ODATA4, Surface.ODATA3})


class Creatio:
    """The endpoints of one environment's Creatio."""

    def __init__(
        self,
        spec: EnvironmentSpec,
        switches: Switches,
        pool: ConnectionPool,
        *,
        identity_url: str,
        trust: ssl.SSLContext,
        password: str,
    ) -> None:
        self._runtime = spec.runtime
        self._administration = Administration(identity_url)
        self._sessions = Sessions(password)
        self._switches = switches
        self._objects = Objects(pool)
        self._identity = IdentityLink(lambda: self._administration.identity_url, trust)
        self._bearers = Bearers(self._identity, pool)
        self._instance_key = secrets.token_bytes(32)

    def app(self) -> ASGIApp:
        """Return this Creatio as an ASGI application."""
        own = self._running_on(self._runtime)
        other = self._running_on(next(one for one in Runtime if one is not self._runtime))

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            moved = self._switches.meets(Fault.OTHER_RUNTIME)
            await (other if moved else own)(scope, receive, send)

        return serve

    def _running_on(self, runtime: Runtime) -> Starlette:
        return Starlette(
            routes=[
                *self._administration_routes(runtime),
                *self._api_routes(runtime),
                *self._open_routes(runtime),
            ]
        )

    def _administration_routes(self, runtime: Runtime) -> list[Route]:
        surface = Surface.ADMINISTRATION
        sign_in = self._open(runtime, surface, self._sessions.sign_in)
        return [
            Route("/ServiceModel/AuthService.svc/Login", sign_in, methods=["POST"]),
            *(
                Route(runtime.api_prefix + path, self._in_session(runtime, handler), methods=[verb])
                for verb, path, handler in ENDPOINTS
            ),
        ]

    def _api_routes(self, runtime: Runtime) -> list[Route]:
        api = runtime.api_prefix
        service = "/ServiceModel/EntityDataService.svc/{collection}"
        data_paths: list[tuple[str, str, Surface, Handler]] = [
            ("GET", "/odata/{entity}", Surface.ODATA4, self._odata4),
            ("GET", service, Surface.ODATA3, self._odata3),
            ("GET", f"{service}/", Surface.ODATA3, self._odata3),
            ("POST", "/DataService/json/SyncReply/SelectQuery", Surface.DATASERVICE, self._select),
            (
                "POST",
                "/rest/CryptographicService/GetConvertedPasswordValue",
                Surface.WEBSERVICE,
                self._converted_password,
            ),
            ("GET", orders.PATH, Surface.ORDERS, lambda _call: orders.latest()),
        ]
        return [
            Route(api + path, self._signed_in(runtime, surface, handler), methods=[method])
            for method, path, surface, handler in data_paths
        ]

    def _open_routes(self, runtime: Runtime) -> list[Route]:
        api = runtime.api_prefix
        health = self._open(runtime, Surface.OAUTH_HEALTH, self._oauth_health)
        ping = self._open(runtime, Surface.HEALTH, lambda _call: PlainTextResponse("Pong"))
        page = self._open(runtime, Surface.PAGES, lambda _call: login_page())
        absent = self._open(runtime, Surface.PAGES, lambda _call: empty_not_found())
        elsewhere = self._open(runtime, Surface.PAGES, login_redirect)
        return [
            Route(f"{api}/api/OAuthHealthCheck", health),
            *(Route(f"{prefix}/api/HealthCheck/Ping", ping) for prefix in ("", "/0")),
            *(Route(path, page) for path in _LOGIN_PATHS[runtime]),
            *(
                Route(f"{api}/{part}/{{rest:path}}", absent, methods=_EVERY_METHOD)
                for part in ("odata", "ServiceModel", "DataService", "rest", "api")
            ),
            # All else, the API under the other runtime's prefix included, wants a session.
            Route("/{rest:path}", elsewhere, methods=_EVERY_METHOD),
        ]

    def _open(self, runtime: Runtime, surface: Surface, handler: Handler) -> Endpoint:
        def serve(call: Call) -> Response:
            return intercept(self._switches, call, signed_in=False) or handler(call)

        return _endpoint(runtime, surface, serve)

    def _in_session(
        self, runtime: Runtime, handler: Callable[[Administration, Call], Response]
    ) -> Endpoint:
        def serve(call: Call) -> Response:
            return self._sessions.refusal(call) or handler(self._administration, call)

        return self._open(runtime, Surface.ADMINISTRATION, serve)

    def _signed_in(self, runtime: Runtime, surface: Surface, handler: Handler) -> Endpoint:
        def serve(call: Call) -> Response:
            if answer := intercept(self._switches, call, signed_in=False):
                return answer
            if not self._administration.oauth_on:
                return login_redirect(call)
            try:
                user = self._bearers.user(call.authorization)
            except TokenRejected:
                return unauthorized()
            return (
                intercept(self._switches, call, signed_in=True)
                or _missing_right(call, user)
                or handler(call)
            )

        return _endpoint(runtime, surface, serve)

    def _odata4(self, call: Call) -> Response:
        return odata4(self._objects, call)

    def _odata3(self, call: Call) -> Response:
        return odata3(self._objects, call)

    def _select(self, call: Call) -> Response:
        return select_query(self._objects, call)

    def _converted_password(self, call: Call) -> Response:
        try:
            password = msgspec.json.decode(call.body, type=dict[str, str]).get("password", "")
        except msgspec.DecodeError:
            return PlainTextResponse("The server encountered an error.", status_code=400)
        value = _encrypted(self._instance_key, password)
        return JSONResponse({"GetConvertedPasswordValueResult": value})

    def _oauth_health(self, _call: Call) -> Response:
        if self._identity.is_reachable():
            return JSONResponse({"HasProblem": False, "Message": ""})
        return unhealthy(UNAVAILABLE if self._administration.identity_url else URL_EMPTY)


def _endpoint(runtime: Runtime, surface: Surface, serve: Handler) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        call = Call(request, await request.body(), surface, runtime)
        return await run_in_threadpool(serve, call)

    return endpoint


def _missing_right(call: Call, user: SystemUser) -> Response | None:
    if call.surface in _ODATA and not user.can_use_odata:
        return odata_error(call, 403, ODATA_RIGHTS_TEXT)
    return None


def _encrypted(key: bytes, text: str) -> str:
    # The same text gives the same value on one instance and another elsewhere, as in Creatio.
    padder = padding.PKCS7(_BLOCK_BITS).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode("ascii")
