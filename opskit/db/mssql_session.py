# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How the statements of ``sql/mssql`` run: parameters, transactions, and for how long."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import pyodbc

from opskit.db.cancellation import Cancellation
from opskit.db.mssql_errors import translated
from opskit.db.statements import statement
from opskit.errors import ConfigError, LockHeld, UnreachableError
from opskit.settings import Environment

JOURNAL = {"journal_revision", "read_journal", "insert_journal", "update_verification"}

# SQL Server takes 2100 parameters, of which the driver needs a few itself.
_MOST_PARAMETERS = 2000
_MOST_ROWS = 1000  # of one VALUES
_ATTEMPTS = 3  # at a statement that became a deadlock's victim
_LONGEST_WAIT = 2**31 - 1  # milliseconds

# One type for all texts, so that the server can use a statement's plan again; by itself the driver
# names the length of each, and the server makes a plan for every combination.
_TYPES = {str: (pyodbc.SQL_WVARCHAR, 4000, 0), int: (pyodbc.SQL_INTEGER, 0, 0)}


class MssqlSession:
    """Runs statements over one connection, with every error translated.

    Args:
        connection: in autocommit mode.
        environment: for messages and timeouts.
        schema: what ``{schema}`` stands for, in brackets.

    Attributes:
        cancellation: ends the statement that another thread runs.
    """

    def __init__(
        self, connection: pyodbc.Connection, environment: Environment, schema: str
    ) -> None:
        self._connection = connection
        self._environment = environment
        self._schema = schema
        self._in_transaction = False
        self._running: pyodbc.Cursor | None = None
        self.cancellation = Cancellation()

    def info(self, *kinds: int) -> str:
        """Return what the driver knows about itself and the server."""
        with translated(self._environment):
            return " ".join(str(self._connection.getinfo(kind)) for kind in kinds)

    def wait_for_locks(self, seconds: float) -> None:
        """Set how long statements wait for locks, and for how much longer their answer may take.

        The second limit is for a server that hangs, or waits for what is no lock.
        """
        with translated(self._environment):
            self._connection.timeout = max(1, round(self._environment.timeout + seconds))
            self._execute("set_lock_timeout", {"{milliseconds}": str(milliseconds(seconds))})

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end of the block; roll back after an error."""
        self.cancellation.begin_change()
        try:
            with translated(self._environment):
                self._connection.autocommit = False
                self._in_transaction = True
                yield
                self.cancellation.begin_commit()
                self._connection.commit()
        except BaseException:
            with suppress(pyodbc.Error):  # the connection is gone, and the transaction with it
                self._connection.rollback()
            if self.cancellation.cancelled:
                # Whatever the driver could not roll back, autocommit mode would commit.
                with suppress(pyodbc.Error):
                    self._connection.close()
            raise
        finally:
            self._in_transaction = False
            with suppress(pyodbc.Error):
                self._connection.autocommit = True

    def roll_back(self) -> None:
        """Undo what the transaction has done so far."""
        with translated(self._environment):
            self._connection.rollback()

    def stage(self, name: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put rows where the next statement looks for them, in place of those that are there.

        Args:
            name: of the statement in ``staging`` that inserts them.
            rows: what its ``{rows}`` stands for, as many at a time as the server takes parameters.
        """
        self._fetch("staging/table", {})
        size = min(_MOST_ROWS, _MOST_PARAMETERS // len(rows[0])) if rows else 1
        for start in range(0, len(rows), size):
            self.fetch_for(f"staging/{name}", rows[start : start + size])

    def fetch_for(self, name: str, rows: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run a statement whose ``{rows}`` stands for a few rows, at least one."""
        marks = ", ".join(f"({', '.join('?' * len(row))})" for row in rows)
        return self._fetch(name, {"{rows}": marks}, *(value for row in rows for value in row))

    def fetch_named(self, name: str, login: str) -> list[Any]:
        """Run a statement whose ``{login}`` and ``{name}`` stand for a login."""
        doubled = login.replace("'", "''")
        places = {"{login}": _in_brackets(login), "{name}": f"N'{doubled}'"}
        return self._fetch(name, places)

    def fetch(self, name: str, *parameters: Any) -> list[Any]:
        """Run a statement and return the rows that it answers with."""
        return self._fetch(name, {}, *parameters)

    def _fetch(self, name: str, places: dict[str, str], *parameters: Any) -> list[Any]:
        # Within a transaction a deadlock ends all of it, which only its owner can repeat.
        attempts = 1 if self._in_transaction else _ATTEMPTS
        while True:
            attempts -= 1
            try:
                with self.cancellation.statement(self._end), translated(self._environment):
                    cursor = self._execute(name, places, *parameters)
                    while cursor.description is None and cursor.nextset():
                        pass  # a message, or a statement before the one that answers
                    rows = cursor.fetchall() if cursor.description else []
                    return [tuple(row) for row in rows]
            except LockHeld as error:
                if error.code != "deadlock" or not attempts:
                    raise
            except UnreachableError as error:
                if error.code == "database-gone":
                    with suppress(pyodbc.Error):  # after a timeout it may still look alive
                        self._connection.close()
                raise

    def _end(self) -> None:
        if self._running is not None:
            self._running.cancel()

    def _execute(self, name: str, places: dict[str, str], *parameters: Any) -> pyodbc.Cursor:
        filled = {**places, "{schema}": self._schema}
        # In one go, so that what was put in is not read again.
        pattern = "|".join(map(re.escape, filled))
        text = re.sub(pattern, lambda hit: filled[hit[0]], statement("mssql", name))
        cursor = self._running = self._connection.cursor()
        if parameters:
            cursor.setinputsizes([_TYPES[type(value)] for value in parameters])
        return cursor.execute(text, parameters)


def bracketed(schema: str, environment: Environment) -> str:
    """Return a schema's name as an identifier of T-SQL, which cannot be a parameter.

    Raises:
        ConfigError: it is no name that SQL Server takes.
    """
    if not re.fullmatch(r"[^\x00-\x1f\x7f]{1,128}", schema):
        raise ConfigError(
            f"environments.{environment.name}.schema: {schema!r} is no name of a schema.",
            environment=environment.name,
        )
    return _in_brackets(schema)


def _in_brackets(name: str) -> str:
    return "[" + name.replace("]", "]]") + "]"


def milliseconds(seconds: float) -> int:
    """Return a time to wait as SQL Server takes it; never 0 or -1, which mean something else."""
    return min(max(1, round(seconds * 1000)), _LONGEST_WAIT)
