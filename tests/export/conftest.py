# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Databases of both engines, on which a DBA runs a script with psql or something like sqlcmd."""

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from opskit.db.journal_script import upgrade_script
from opskit.export import postgresql, tsql
from opskit.export.sql import Job
from opskit.settings import Environment
from tests.conftest import Database
from tests.db.journal_sites import MssqlSite, PostgresSite, Site, psql
from tests.db.mssql_server import MssqlDatabase, new_mssql_database

Row = tuple[Any, ...]


class Target:
    """A database with a Clients table; the journal is made when a test wants it."""

    schema: str
    table: str
    dialect: str
    text: str

    def __init__(self, site: Site) -> None:
        self.site = site
        identity = "GENERATED ALWAYS AS IDENTITY" if self.dialect == "postgresql" else "IDENTITY"
        self.query(
            f'CREATE TABLE {self.table} ("Id" int {identity} PRIMARY KEY, '
            f'"ClientId" {self.text}(200) NOT NULL UNIQUE, "ClientName" {self.text}(200), '
            f'"AccessTokenLifetime" int NOT NULL)'
        )

    def environment(self) -> Environment:
        """Return an environment of opskit's that names it."""
        raise NotImplementedError

    def connection(self) -> AbstractContextManager[Any]:
        """Open a session in autocommit mode."""
        raise NotImplementedError

    def query(self, statement: str) -> list[Row]:
        """Execute one statement; return its rows, if it has any."""
        return self.site.query(statement)

    def make_journal(self) -> None:
        """Make the journal as a DBA does."""
        self.site.run(upgrade_script(self.dialect))

    def add(self, clients: Sequence[Row]) -> None:
        """Insert clients: id, name, lifetime."""
        mark = "%s" if self.dialect == "postgresql" else "?"
        columns = '("ClientId", "ClientName", "AccessTokenLifetime")'
        insert = f"INSERT INTO {self.table} {columns} VALUES ({mark}, {mark}, {mark})"
        with self.connection() as connection:
            connection.cursor().executemany(insert, [list(client) for client in clients])

    def put(self, client_id: str, lifetime: int) -> None:
        """Change a lifetime behind opskit's back."""
        what = f'SET "AccessTokenLifetime" = {lifetime} WHERE "ClientId" = \'{client_id}\''
        self.query(f"UPDATE {self.table} {what}")

    def remove(self, client_id: str) -> None:
        """Remove a client."""
        self.query(f"DELETE FROM {self.table} WHERE \"ClientId\" = '{client_id}'")

    def lifetimes(self) -> dict[str, int]:
        """Return the lifetimes by id."""
        rows = self.query(f'SELECT "ClientId", "AccessTokenLifetime" FROM {self.table}')
        return {row[0]: row[1] for row in rows}

    def write(self, job: Job) -> str:
        """Return the script for this engine."""
        raise NotImplementedError

    def run(self, path: Path) -> str:
        """Run a script as a DBA does; return what it printed.

        Raises:
            ScriptFailed: it was refused.
        """
        raise NotImplementedError


class PostgresTarget(Target):
    """Target on PostgreSQL, whose schema has a name that wants quotes."""

    schema = 'own "schema'
    table = '"own ""schema"."Clients"'
    dialect = "postgresql"
    text = "varchar"

    def __init__(self, database: Database) -> None:
        self.database = database
        site = PostgresSite(database)
        site.query('CREATE SCHEMA "own ""schema"')
        super().__init__(site)

    def environment(self) -> Environment:
        return self.database.environment(schema=self.schema)

    def connection(self) -> AbstractContextManager[Any]:
        return self.database.connect()

    def write(self, job: Job) -> str:
        return postgresql.script(job)

    def run(self, path: Path) -> str:
        return psql(self.database, "-f", str(path))


class MssqlTarget(Target):
    """Target on a T-SQL server; what sqlcmd would replace or obey is looked for."""

    schema = "own"
    table = "[own].[Clients]"
    dialect = "mssql"
    text = "nvarchar"

    def __init__(self, database: MssqlDatabase) -> None:
        self.database = database
        database.execute("CREATE SCHEMA [own]")
        super().__init__(MssqlSite(database))

    def environment(self) -> Environment:
        return self.database.environment(schema=self.schema)

    def connection(self) -> AbstractContextManager[Any]:
        return self.database.connection()

    def write(self, job: Job) -> str:
        return tsql.script(job)

    def run(self, path: Path) -> str:
        text = path.read_text("utf-8")
        assert "$(" not in text, "sqlcmd replaces its variables everywhere"
        assert not re.search(r"(?mi)^\s*(:|!!|(GO|RESET|ED|EXIT|QUIT)\b)", text)
        self.site.run(text)
        return ""


@pytest.fixture(params=["postgresql", "mssql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    if request.param == "postgresql":
        yield PostgresTarget(request.getfixturevalue("empty_database"))
    else:
        server = request.getfixturevalue("mssql_server")
        with new_mssql_database(server, tmp_path) as mssql_database:
            yield MssqlTarget(mssql_database)
