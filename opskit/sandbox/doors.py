# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The ports that the sandbox serves on; each may be shut for a while, and refuses connections."""

import asyncio
import contextlib
import functools
import socket
import ssl
from collections.abc import Coroutine

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from opskit.errors import SandboxError
from opskit.sandbox.ports import bind

_SHUTDOWN_SECONDS = 1
_CLOSED = -1  # the file number of a closed socket


class Door:
    """A port that a server serves on; its methods belong into the server's loop."""

    def __init__(
        self, server: uvicorn.Server, bound: socket.socket, tls: ssl.SSLContext | None
    ) -> None:
        self._server = server
        self._bound = bound
        self._tls = tls
        self._address = bound.getsockname()
        self._listening: asyncio.Server | None = None

    async def open(self) -> None:
        """Let connections in; it may be open already.

        Raises:
            SandboxError: somebody else has got the port.
        """
        if self._listening is not None:
            return
        if self._bound.fileno() == _CLOSED:
            self._bound = bind(self._address[1], "a service that was stopped")
        config, state = self._server.config, self._server.server_state
        protocol = functools.partial(H11Protocol, config=config, server_state=state, app_state={})
        loop = asyncio.get_running_loop()
        self._listening = await loop.create_server(protocol, sock=self._bound, ssl=self._tls)

    async def shut(self) -> None:
        """Refuse connections, and end those that there are; it may be shut already."""
        if self._listening is None:
            return
        self.close()
        self.hang_up()
        # Bound again so that nobody else gets the port: a socket that does not listen refuses.
        # Windows may want the old connections to be gone first.
        with contextlib.suppress(SandboxError):
            self._bound = bind(self._address[1], "a service that is stopped")

    def hang_up(self) -> None:
        """End the connections that there are, each after the answer that it waits for."""
        for connection in list(self._server.server_state.connections):
            if isinstance(connection, H11Protocol) and connection.server == self._address:
                connection.shutdown()

    def close(self) -> None:
        """Give the port up."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        self._bound.close()


class Server(uvicorn.Server):
    """Serves one application behind several doors."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
        )
        super().__init__(config)
        self._doors: list[Door] = []

    def add_door(self, bound: socket.socket, tls: ssl.SSLContext | None = None) -> Door:
        """Serve on one more port, by its socket: with TLS by https, else by http."""
        self._doors.append(Door(self, bound, tls))
        return self._doors[-1]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the doors."""
        self._loop = asyncio.get_running_loop()
        for door in self._doors:
            await door.open()
        await super().startup(sockets)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the doors, and wait for what goes on behind them."""
        for door in self._doors:
            door.close()
        await super().shutdown(sockets)

    def serve_until_stopped(self) -> None:
        """Open the doors, and serve until ``should_exit`` is set."""
        asyncio.run(self.serve(sockets=[]))

    def change(self, step: Coroutine[None, None, None]) -> None:
        """Take a step in the thread that serves, and wait for its end in another one."""
        asyncio.run_coroutine_threadsafe(step, self._loop).result()
