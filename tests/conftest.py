# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Real parts for the tests: a sandbox, servers of their own, databases on them."""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from opskit import secrets
from opskit.config import load_config
from opskit.db.store import open_store
from opskit.errors import OpskitError
from opskit.models import Change
from opskit.sandbox import lifecycle
from opskit.sandbox.faults import Fault
from opskit.settings import Environment
from tests import containers, engines
from tests.databases import (
    Database,
    Server,
    environment,
    make_template,
    new_database,
    new_server,
)
from tests.db.installations import Installation, MssqlInstallation, PostgresInstallation
from tests.db.mssql_server import MssqlDatabase, new_mssql_database, version
from tests.engines import (
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

__all__ = [
    "Database",
    "Server",
    "environment",
    "make_template",
    "new_database",
    "pytest_configure",  # pytest finds its hooks here
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]

T = TypeVar("T")

KINDS: dict[str, Callable[[Any], Installation]] = {
    "postgresql": PostgresInstallation,
    "postgresql-16": PostgresInstallation,
    "mssql": MssqlInstallation,
}
ENVIRONMENTS = ("dev", "test", "prod")


@dataclass(frozen=True)
class Sandbox:
    """The running sandbox; faults and lifetimes are put back after each test."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "opskit.toml"

    def environment(self, name: str = "dev") -> Environment:
        return load_config(self.config).environments[name]

    def fault(self, fault: Fault, environment: str = "dev", seconds: float | None = None) -> None:
        lifecycle.set_fault(self.folder, [environment], fault, on=True, seconds=seconds)

    def mend(self, fault: Fault, environment: str = "dev") -> None:
        lifecycle.set_fault(self.folder, [environment], fault, on=False)

    def lifetimes(self, name: str) -> dict[str, int]:
        with open_store(self.environment(name)) as store:
            return {client.client_id: client.lifetime for client in store.clients()}

    def put_back(self, name: str, before: dict[str, int]) -> None:
        now = self.lifetimes(name)
        changes = [Change(i, None, now[i], old) for i, old in before.items() if now[i] != old]
        if changes:
            with open_store(self.environment(name)) as store, store.change() as transaction:
                transaction.write(changes)


@pytest.fixture(autouse=True)
def _forget_secrets() -> Iterator[None]:
    """Let no test's secret, such as "plain", be blanked in what another test shows."""
    before = {length: set(values) for length, values in secrets._known.items()}
    yield
    secrets._known.clear()
    secrets._known.update(before)


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are cores, since tests wait a good part of the time."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, so that no worker is left alone with them at the end."""
    items.sort(key=lambda item: not item.path.name.startswith("test_role_"))


@pytest.fixture(scope="session")
def sandbox_folder() -> Iterator[Path]:
    with lifecycle.temporary() as folder:
        yield folder


@pytest.fixture
def sandbox(sandbox_folder: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(sandbox_folder)
    before = {name: sandbox.lifetimes(name) for name in ENVIRONMENTS}
    yield sandbox
    lifecycle.clear_faults(sandbox_folder, ENVIRONMENTS)
    for name, lifetimes in before.items():
        sandbox.put_back(name, lifetimes)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with new_server() as server:
        engines.exercised("postgresql", server.version())
        yield server


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    return make_template(server)


@pytest.fixture
def empty_database(server: Server, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    with new_database(server, "template0", tmp_path) as database:
        yield database


@pytest.fixture
def database(server: Server, template: str, tmp_path: Path) -> Iterator[Database]:
    """A database with IdentityServer4's and Creatio's tables and no client."""
    with new_database(server, template, tmp_path) as database:
        yield database


@pytest.fixture(scope="session")
def mssql_server(request: pytest.FixtureRequest) -> str:
    """A T-SQL server, as an ODBC connection string without DATABASE."""
    server = engines.mssql_from_environment()
    if server is None:
        try:
            there = containers.mssql_2022(engines.shared_folder(request.config))
        except containers.NoContainer as error:
            engines.absent("mssql", f"{engines.MSSQL_VARIABLE} names no server, and {error}")
        server = (
            f"SERVER=127.0.0.1,{there.port};UID=sa;PWD={there.password};TrustServerCertificate=yes"
        )
    engines.exercised("mssql", _insist(lambda: version(server), OpskitError))
    return server


@pytest.fixture(scope="session")
def postgresql_16(request: pytest.FixtureRequest) -> tuple[Server, str]:
    """PostgreSQL 16 in a container, and its template."""
    try:
        there = containers.postgresql_16(engines.shared_folder(request.config))
    except containers.NoContainer as error:
        engines.absent("postgresql-16", str(error))
    server = Server(there.port, there.password)
    engines.exercised("postgresql-16", _insist(server.version, psycopg.Error))
    return server, _insist(lambda: make_template(server), psycopg.Error)


@pytest.fixture(scope="module")
def mssql_database(
    mssql_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MssqlDatabase]:
    """A database with the table Clients, for all tests of a module."""
    with new_mssql_database(mssql_server, tmp_path_factory.mktemp("mssql")) as database:
        yield database


@pytest.fixture(scope="module")
def postgresql_database(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with the table Clients, for all tests of a module."""
    with new_database(server, template, tmp_path_factory.mktemp("postgresql")) as database:
        yield database


@pytest.fixture(scope="module")
def postgresql_16_database(
    postgresql_16: tuple[Server, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The same in PostgreSQL 16."""
    folder: Path = tmp_path_factory.mktemp("postgresql-16")
    with new_database(*postgresql_16, folder) as database:
        yield database


@pytest.fixture(params=engines.candidates())
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """An Identity Service's database without clients, on each engine."""
    fixture = f"{request.param.replace('-', '_')}_database"
    installation = KINDS[request.param](request.getfixturevalue(fixture))
    yield installation
    installation.clear()


def _insist(attempt: Callable[[], T], error: type[Exception]) -> T:
    """Try until a container's server, which may just be starting, takes logins."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            return attempt()
        except error:
            time.sleep(0.5)
    return attempt()
