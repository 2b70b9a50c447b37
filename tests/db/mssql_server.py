# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Databases on a T-SQL server that come and go with a test."""

import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import pyodbc

from opskit.db.mssql import open_connection
from opskit.settings import Environment
from tests.databases import environment


@dataclass(frozen=True)
class MssqlDatabase:
    """An Identity Service database of its own; ``server`` is an ODBC string without DATABASE."""

    server: str
    name: str
    folder: Path
    _kept: list[pyodbc.Connection] = field(default_factory=list)

    @property
    def address(self) -> str:
        """What opskit reaches it by with the server's own login."""
        return f"{self.server};DATABASE={self.name}"

    def environment(self, **settings: object) -> Environment:
        """An environment that reads this database with the server's own login."""
        (self.folder / "address").write_text(self.address, "utf-8")
        return environment(self.folder, **{"database": {"file": "address"}, **settings})

    @contextmanager
    def connection(self) -> Iterator[pyodbc.Connection]:
        """A session that is not opskit's."""
        connection = self._open()
        try:
            yield connection
        finally:
            with suppress(pyodbc.Error):
                connection.close()

    def execute(self, statement: str, *parameters: Any) -> list[Any]:
        """Run a statement in a session that stays; return the rows that it answers with."""
        if not self._kept:
            self._kept.append(self._open())
        cursor = self._kept[0].execute(statement, *parameters)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def close(self) -> None:
        """End the session that stays."""
        while self._kept:
            self._kept.pop().close()

    def _open(self) -> pyodbc.Connection:
        # Of no file, since several threads may want one at once.
        unnamed = Environment(name="tests", folder=self.folder)
        return open_connection(unnamed, f"{self.address};APP=tests")


def version(server: str) -> str:
    """Return what a server says it is, in one line.

    Raises:
        OpskitError: it cannot be reached.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        MssqlDatabase(server, "master", Path(folder)).connection() as connection,
    ):
        words = str(connection.execute("SELECT @@VERSION").fetchval())
        driver = connection.getinfo(pyodbc.SQL_DRIVER_NAME)
    return f"{words.splitlines()[0].strip()}, through {driver}"


@contextmanager
def new_mssql_database(server: str, folder: Path) -> Iterator[MssqlDatabase]:
    """Make a database with the table Clients, which goes again with the block."""
    master = MssqlDatabase(server, "master", folder)
    database = MssqlDatabase(server, f"opskit_{secrets.token_hex(6)}", folder)
    _insist(master, f"CREATE DATABASE [{database.name}]")
    try:
        with suppress(pyodbc.Error):  # EF Core makes its databases so; Babelfish is so always
            master.execute(f"ALTER DATABASE [{database.name}] SET READ_COMMITTED_SNAPSHOT ON")
        script = resources.files("tests.db").joinpath("clients_mssql.sql").read_text("utf-8")
        database.execute(script)
        yield database
    finally:
        database.close()
        with suppress(pyodbc.Error):
            master.execute(
                f"ALTER DATABASE [{database.name}] SET SINGLE_USER WITH ROLLBACK IMMEDIATE"
            )
        _insist(master, f"DROP DATABASE [{database.name}]")
        master.close()


def _insist(database: MssqlDatabase, statement: str) -> None:
    """Run what fails while another database is being made, or a session is still ending."""
    for _ in range(40):
        try:
            database.execute(statement)
        except pyodbc.Error:
            time.sleep(0.25)
        else:
            return
    database.execute(statement)
