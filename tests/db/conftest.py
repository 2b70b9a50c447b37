# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The engines that the adapters are tested on."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from opskit.errors import OpskitError
from tests import containers, engines
from tests.conftest import Database, Server, make_template, new_database
from tests.db.installations import Installation, MssqlInstallation, PostgresInstallation
from tests.db.mssql_server import MssqlDatabase, new_mssql_database, version

T = TypeVar("T")

KINDS: dict[str, Callable[[Any], Installation]] = {
    "postgresql": PostgresInstallation,
    "postgresql-16": PostgresInstallation,
    "mssql": MssqlInstallation,
}


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


def _insist(attempt: Callable[[], T], error: type[Exception]) -> T:
    """Try until a container's server, which may just be starting, takes logins."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            return attempt()
        except error:
            time.sleep(0.5)
    return attempt()


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
