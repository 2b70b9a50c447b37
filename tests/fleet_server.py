# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""One web server that is the Identity Service and the Creatio of any number of environments."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.scripted_server import (
    DATA_PATHS,
    DISCOVERY,
    HEALTHY,
    JWKS,
    OAUTH_HEALTH,
    PING,
    TOKEN,
    Reply,
    default_key,
    discovery,
    json_reply,
    text_reply,
    token,
)


class FleetServer:
    """Serves environments under /NAME on a free port of 127.0.0.1, inside a `with` block.

    Attributes:
        hanging: names of environments that give no answer.
        behind: names of environments that give none before another was asked for a data path.
        broken: what environments answer instead, by their names and the paths.
        asked: how many requests came for each environment.
        together: how many environments had a request under way at most.
    """

    def __init__(self, *, gather: int = 1, latency: float = 0) -> None:
        """Answer nobody before ``gather`` environments have asked, and ``latency`` seconds late."""
        self.hanging: set[str] = set()
        self.behind: set[str] = set()
        self.broken: dict[str, Mapping[str, Reply]] = {}
        self.asked: Counter[str] = Counter()
        self.together = 0
        self._gather = gather
        self._latency = latency
        self._under_way: Counter[str] = Counter()
        self._all_there = asyncio.Event()
        self._at_the_data = asyncio.Event()
        self._stopping = asyncio.Event()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._answers = {path: HEALTHY[name] for name, path in DATA_PATHS.items()}
        self._answers[PING] = text_reply("Pong")
        self._answers[OAUTH_HEALTH] = json_reply({"HasProblem": False, "Message": ""})
        self._answers[TOKEN] = token()
        self._answers[JWKS] = json_reply({"keys": [default_key().jwk()]})
        methods = ["GET", "POST"]
        app = Starlette(routes=[Route("/{name}/{path:path}", self._serve, methods=methods)])
        config = uvicorn.Config(app, log_config=None, lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await self._server.serve(sockets=[self._socket])

        asyncio.run(serve())

    async def _serve(self, request: Request) -> Response:
        name, path = request.path_params["name"], "/" + request.path_params["path"]
        self.asked[name] += 1
        self._under_way[name] += 1
        self.together = max(self.together, len(+self._under_way))
        try:
            if len(self.asked) >= self._gather:
                self._all_there.set()
            await self._all_there.wait()
            if path in DATA_PATHS.values():
                self._at_the_data.set()
            if name in self.behind:
                await self._at_the_data.wait()
            if name in self.hanging:
                await self._stopping.wait()
            await asyncio.sleep(self._latency)
        finally:
            self._under_way[name] -= 1
        reply = self._reply(name, path)
        assert isinstance(reply.body, bytes)
        return Response(reply.body, reply.status, dict(reply.headers))

    def _reply(self, name: str, path: str) -> Reply:
        if path in self.broken.get(name, {}):
            return self.broken[name][path]
        if path == DISCOVERY:
            return discovery(f"{self.url}/{name}")
        return self._answers.get(path, Reply(404))

    def config(self, folder: Path, count: int, *, secret: str = 'env = "FLEET_SECRET"') -> Path:
        """Write an opskit.toml with the environments e0, e1, …"""
        lines = ['[defaults]\nruntime = "net"\ntimeout = 60']
        for name in (f"e{number}" for number in range(count)):
            lines.append(f'[environments.{name}]\nidentity = "{self.url}/{name}"')
            lines.append(f'creatio = "{self.url}/{name}"')
            lines.append(f'clients = [{{ id = "client-1", secret = {{ {secret} }} }}]')
        path = folder / "opskit.toml"
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._loop.call_soon_threadsafe(self._all_there.set)
        self._loop.call_soon_threadsafe(self._at_the_data.set)
        self._server.should_exit = True
        self._thread.join()
