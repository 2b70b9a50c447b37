# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The sandbox's one process: makes everything, serves until it is told to stop, removes it all."""

import asyncio
import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from psycopg_pool import ConnectionPool
from starlette.types import ASGIApp, Receive, Scope, Send

from opskit.sandbox.authority import Authority, ServerCertificate
from opskit.sandbox.catalog import ENVIRONMENTS, EnvironmentSpec
from opskit.sandbox.clients import ClientStore
from opskit.sandbox.configuration import write_configuration
from opskit.sandbox.control_app import ControlApp
from opskit.sandbox.creatio import Creatio
from opskit.sandbox.database import SERVER_ROLE, Credentials, connection_string, seed
from opskit.sandbox.doors import Server
from opskit.sandbox.faults import Fault
from opskit.sandbox.identity import IdentityService
from opskit.sandbox.layout import Layout, Ports, State
from opskit.sandbox.ports import Listeners, bind_all
from opskit.sandbox.postgres import Cluster
from opskit.sandbox.row_faults import watch_rows
from opskit.sandbox.sample import write_sample
from opskit.sandbox.service_faults import watch_certificate, watch_door
from opskit.sandbox.switches import Switches

_POOL_CONNECTIONS = 8


class Stop:
    """Tells the server to stop, from any thread and also before it serves."""

    def __init__(self) -> None:
        self._server: Server | None = None
        self._requested = threading.Event()

    @property
    def requested(self) -> bool:
        """Whether somebody asked for the end."""
        return self._requested.is_set()

    def request(self) -> None:
        """Ask for the end."""
        self._requested.set()
        if self._server is not None:
            self._server.should_exit = True

    def attach(self, server: Server) -> None:
        """Name the server to stop."""
        self._server = server
        if self._requested.is_set():
            server.should_exit = True


class _ByPort:
    """Passes each request to the application behind the port that it came in by."""

    def __init__(self, apps: Mapping[int, ASGIApp], delays: Mapping[int, Switches]) -> None:
        self._apps = apps
        self._delays = delays

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        port = scope["server"][1]
        if switches := self._delays.get(port):
            await asyncio.sleep(switches.seconds(Fault.SLOW))
        await self._apps[port](scope, receive, send)


@dataclass(frozen=True)
class _Shared:
    """What all environments have in common."""

    ports: Ports
    credentials: Credentials
    authority: Authority


def run(layout: Layout, first_port: int, stop: Stop) -> None:
    """Be the sandbox of a folder until ``stop`` is requested.

    Raises:
        OpskitError: it could not be started; what was made is gone again.
    """
    with contextlib.ExitStack() as stack:
        listeners = stack.enter_context(bind_all(first_port))
        cluster, state = stack.enter_context(_claim(layout, listeners))
        shared = _Shared(state.ports, _fill(cluster, listeners), Authority())
        write_configuration(layout, state.ports, shared.credentials, shared.authority.pem)
        write_sample(layout.lifetimes)
        switches = {spec.name: Switches() for spec in ENVIRONMENTS}
        control = ControlApp(state.token, switches, stop.request).app()
        apps: dict[int, ASGIApp] = {state.ports.control: control}
        server = Server(_ByPort(apps, _delays(state.ports, switches)))
        sockets = listeners.http()
        for spec in ENVIRONMENTS:
            pool = stack.enter_context(_pool(shared, spec))
            watch_rows(switches[spec.name], spec, pool)
            apps |= _environment_apps(shared, spec, switches[spec.name], pool)
            _add_doors(server, shared, spec, switches[spec.name], sockets)
        server.add_door(sockets[state.ports.control])  # the last one: now the faults have theirs
        stop.attach(server)
        server.serve_until_stopped()


@contextlib.contextmanager
def _claim(layout: Layout, listeners: Listeners) -> Iterator[tuple[Cluster, State]]:
    cluster = Cluster.prepare(layout.postgres)
    state = State(
        token=secrets.token_urlsafe(32),
        pid=os.getpid(),
        ports=listeners.ports,
        postgres_home=str(cluster.home),
    )
    try:
        layout.create_state(state)
    except BaseException:
        cluster.remove()
        raise
    try:
        yield cluster, state
    finally:
        cluster.stop()
        cluster.remove()
        layout.remove_files()


def _fill(cluster: Cluster, listeners: Listeners) -> Credentials:
    password = secrets.token_hex(24)
    with ThreadPoolExecutor(max_workers=1) as pool:
        # Alembic takes as long to import as initdb to run.
        journal = pool.submit(_journal)
        cluster.initialise(password)
        with listeners.lent_to_postgres() as port:
            cluster.start(port)
        return seed(port, password, journal.result())


def _journal() -> str:
    from opskit.db.journal_script import upgrade_script

    return upgrade_script("postgresql")


@contextlib.contextmanager
def _pool(shared: _Shared, spec: EnvironmentSpec) -> Iterator[ConnectionPool]:
    conninfo = connection_string(
        shared.ports.postgres, spec.database, SERVER_ROLE, shared.credentials.server
    )
    with ConnectionPool(
        conninfo, min_size=1, max_size=_POOL_CONNECTIONS, open=False, name=spec.database
    ) as pool:
        pool.wait()
        yield pool


def _environment_apps(
    shared: _Shared, spec: EnvironmentSpec, switches: Switches, pool: ConnectionPool
) -> dict[int, ASGIApp]:
    ports = shared.ports
    creatio = Creatio(
        spec,
        switches,
        pool,
        identity_url=ports.identity_url(spec.name),
        trust=shared.authority.trusted_alone(),
        password=shared.credentials.administrators[spec.name],
    )
    return {
        ports.identity[spec.name]: IdentityService(spec, switches, ClientStore(pool)).app(),
        ports.creatio[spec.name]: creatio.app(),
    }


def _add_doors(
    server: Server,
    shared: _Shared,
    spec: EnvironmentSpec,
    switches: Switches,
    sockets: Mapping[int, socket.socket],
) -> None:
    certificate = ServerCertificate(shared.authority) if spec.scheme == "https" else None
    context = certificate.context if certificate else None
    identity, creatio = (
        server.add_door(sockets[ports[spec.name]], context)
        for ports in (shared.ports.identity, shared.ports.creatio)
    )
    watch_door(switches, Fault.IDENTITY_STOPPED, server, identity)
    watch_door(switches, Fault.CREATIO_STOPPED, server, creatio)
    if certificate:
        watch_certificate(switches, server, certificate, [identity, creatio])


def _delays(ports: Ports, switches: Mapping[str, Switches]) -> dict[int, Switches]:
    sides = (ports.identity, ports.creatio)
    return {side[name]: switches[name] for side in sides for name in switches}


def discard(folder: Path) -> None:
    """Remove what is left of a sandbox that lives and dies with its parent: log and folder."""
    layout = Layout(folder)
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123 - Windows keeps an open log
        os.dup2(nothing.fileno(), 1)
        os.dup2(nothing.fileno(), 2)
    with contextlib.suppress(OSError):
        layout.log.unlink(missing_ok=True)
        folder.rmdir()
