# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The Clients table in Microsoft SQL Server, through pyodbc."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, TypeVar

import pyodbc

from opskit.db.client_details import ClientDetails, read_details
from opskit.db.mssql_connection import address_parts, connection_string, place
from opskit.db.mssql_errors import connection_failure, lock_held
from opskit.db.mssql_session import JOURNAL, MssqlSession, bracketed, milliseconds
from opskit.db.statements import role_steps
from opskit.db.store import LOCK_TIMEOUT, Rights, journal_missing, read_patience
from opskit.errors import OpskitError, PermissionMissing, TableMissing
from opskit.models import Change, ChangeRecord, Client, JournalEntry, Verification
from opskit.settings import Environment

DEFAULT_SCHEMA = "dbo"

# Beyond these, one statement that reads the whole table is quicker than many that name rows.
_FEW = 1000

Found = TypeVar("Found")

_BEGINNING = "0001-01-01T00:00:00"
_ALL = 2**31 - 1

# A pooled connection would outlive its block, with its lock timeout.
pyodbc.pooling = False


@contextmanager
def connect(environment: Environment, address: str) -> Iterator["MssqlStore"]:
    """Open the store at ``address``, an ``mssql://`` URL or an ODBC connection string.

    Raises:
        ConfigError: the address or the schema's name is malformed.
        DriverMissing: the ODBC driver is not installed.
        UnreachableError: the server does not answer, or refuses the login.
    """
    connection = open_connection(environment, address)
    try:
        yield MssqlStore(connection, environment)
    finally:
        with suppress(pyodbc.Error):  # a lost one is closed already
            connection.close()


def open_connection(environment: Environment, address: str) -> pyodbc.Connection:
    """Return a connection in autocommit mode; the errors are those of :func:`connect`."""
    text = connection_string(environment, address)
    seconds = max(2, min(int(environment.timeout), 15))
    try:
        return pyodbc.connect(text.reveal(), autocommit=True, timeout=seconds)
    except pyodbc.Error as error:
        parts = address_parts(text.reveal(), environment)
        raise connection_failure(
            error,
            environment,
            server=place(parts),
            user=parts.get("uid", ""),
            driver=parts.get("driver", ""),
        ) from None


def end_statement(cursor: pyodbc.Cursor) -> None:
    """Ask the server to end what another thread runs by ``cursor``."""
    cursor.cancel()


def driver(environment: Environment, address: str) -> str:
    """Return what a connection would go through, after all that comes before it."""
    parts = address_parts(connection_string(environment, address).reveal(), environment)
    named = parts.get("driver") or f"the data source {parts.get('dsn') or parts.get('filedsn')}"
    return f"pyodbc {pyodbc.version}, {PurePath(named).name}"


class MssqlStore:
    """ClientStore over one connection."""

    def __init__(self, connection: pyodbc.Connection, environment: Environment) -> None:
        self._environment = environment
        self._schema_name = DEFAULT_SCHEMA if environment.schema is None else environment.schema
        self._schema = bracketed(self._schema_name, environment)
        self._session = MssqlSession(connection, environment, self._schema)
        self._session.wait_for_locks(read_patience(environment))

    def server(self) -> str:
        """Return product and version."""
        return self._session.info(pyodbc.SQL_DBMS_NAME, pyodbc.SQL_DBMS_VER)

    def driver(self) -> str:
        """Return what the connection goes through."""
        driver = self._session.info(pyodbc.SQL_DRIVER_NAME, pyodbc.SQL_DRIVER_VER)
        return f"pyodbc {pyodbc.version}, {driver}"

    def clients(self) -> list[Client]:
        """Return all clients; without a right to their names, only ids and lifetimes."""
        try:
            rows = self._read("list_clients")
        except (PermissionMissing, TableMissing) as error:
            try:
                rows = self._read("list_clients_minimal")
            except (PermissionMissing, TableMissing):
                raise error from None
        return [
            Client(client_id, name, lifetime, None if enabled is None else bool(enabled))
            for client_id, name, lifetime, enabled in rows
        ]

    def lifetimes(self, client_ids: Sequence[str]) -> Mapping[str, int]:
        """Return the lifetimes of the clients that exist."""
        if len(client_ids) > _FEW:
            rows = self._read("list_clients_minimal")
            everybody = {client_id: lifetime for client_id, _, lifetime, _ in rows}
            return {i: everybody[i] for i in client_ids if i in everybody}
        return dict(self._read_for("read_lifetimes", client_ids)) if client_ids else {}

    def client_details(self, client_id: str, hashes: Sequence[str]) -> ClientDetails:
        """Return what else decides whether a client gets a token, as far as it may be read."""
        before = {"read_client_secrets": tuple(hashes)}
        return read_details(lambda name: self._read(name, *before.get(name, ()), client_id))

    def rights(self) -> Rights:
        """Return what the login may do with the table.

        Raises:
            TableMissing: there is none in the environment's schema.
        """
        ((read, names, write, more, journal),) = self._read(
            "read_rights", f"{self._schema}.[Clients]"
        )
        if read is None:
            # Not there, or hidden: only a statement that needs the table tells which.
            with suppress(PermissionMissing):
                self._read_for("read_lifetimes", [""])
        return Rights(
            may_read=bool(read),
            may_read_names=bool(names),
            may_write=bool(write),
            may_do_more=bool(more),
            may_journal=None if journal is None else bool(journal),
        )

    def journal_revision(self) -> str | None:
        """Return the revision of the journal's schema; None where there is no journal."""
        try:
            rows = self._read("journal_revision")
        except TableMissing:
            return None
        return str(rows[0][0]) if rows else None

    def journal(
        self,
        *,
        since: datetime | None = None,
        change_set: str | None = None,
        limit: int | None = None,
    ) -> list[JournalEntry]:
        """Return what the journal holds, the last that was written first."""
        moment = since.astimezone(UTC).replace(tzinfo=None).isoformat() if since else _BEGINNING
        most = _ALL if limit is None else limit
        try:
            rows = self._read("read_journal", most, moment, change_set or "")
        except TableMissing:
            raise journal_missing(self._environment) from None
        return [_entry(row) for row in rows]

    def record_verification(self, change_set: str, results: Mapping[str, Verification]) -> None:
        """Note in the journal what fresh tokens said, by client id."""
        rows = [(client_id, result.value) for client_id, result in results.items()]
        try:
            self._explained("verifications", self._session.stage, rows)
            self._read("update_verification", change_set)
        except TableMissing:
            raise journal_missing(self._environment) from None

    @contextmanager
    def change(self, *, lock_timeout: float = LOCK_TIMEOUT) -> Iterator["MssqlChange"]:
        """Take the environment's lock in a new transaction."""
        session = self._session
        session.wait_for_locks(lock_timeout)
        try:
            with session.transaction():
                ((result,),) = session.fetch("lock_environment", milliseconds(lock_timeout))
                if result < 0:
                    raise lock_held(self._environment.name)
                change = MssqlChange(session, self._environment)
                yield change
                if change.rolled_back:
                    session.roll_back()
        finally:
            with suppress(OpskitError):  # on a lost connection the next statement says so
                session.wait_for_locks(read_patience(self._environment))

    def cancel(self) -> bool:
        """Let no change commit any more, and end the statement that another thread runs."""
        return self._session.cancellation.cancel()

    def _read(self, name: str, *parameters: Any) -> list[Any]:
        return self._explained(name, self._session.fetch, *parameters)

    def _read_for(self, name: str, client_ids: Sequence[str]) -> list[Any]:
        return self._explained(name, self._session.fetch_for, [(i,) for i in client_ids])

    def _explained(self, name: str, fetch: Callable[..., Found], *parameters: Any) -> Found:
        try:
            return fetch(name, *parameters)
        except TableMissing:
            if name in JOURNAL:
                raise
            raise self._table_missing() from None

    def _table_missing(self) -> TableMissing:
        """Say where the table is instead, since its name is only one of the usual mistakes."""
        name = self._environment.name
        there = [str(schema) for schema, _ in self._session.fetch("find_tables")]
        if self._schema_name.casefold() in map(str.casefold, there):
            message = f"The table {self._schema}.[Clients] lacks a column that opskit reads"
            remedy = "Is it IdentityServer4's? It needs ClientId and AccessTokenLifetime."
        elif there:
            message = f"No table Clients in schema {self._schema_name}; there is one in {there[0]}"
            in_toml = json.dumps(there[0], ensure_ascii=False)
            remedy = f"Set schema = {in_toml} under [environments.{name}]."
        else:
            message = "No table Clients that this login can see in any schema of the database"
            remedy = (
                "Probably the wrong database: the Identity Service may have its own, or live in "
                f"Creatio's. Check environments.{name}.database, and what the login may see."
            )
        return TableMissing(f"{message}.", remedy=remedy, environment=name)


class MssqlChange:
    """ChangeTransaction over an open transaction of pyodbc."""

    def __init__(self, session: MssqlSession, environment: Environment) -> None:
        self._session = session
        self._environment = environment
        self._staged: Sequence[Change] | None = None
        self.rolled_back = False

    def lock_clients(self, changes: Sequence[Change]) -> Mapping[str, int]:
        """Return the present lifetimes, locked until the end."""
        self._stage(changes)
        return dict(self._session.fetch("lock_clients"))

    def write(self, changes: Sequence[Change]) -> set[str]:
        """Set the new lifetimes where the old ones still stand."""
        self._stage(changes)
        return {client_id for (client_id,) in self._session.fetch("update_lifetimes")}

    def record(self, record: ChangeRecord, changes: Sequence[Change]) -> None:
        """Write the journal's rows."""
        common = (
            *(record.change_set, record.environment, record.actor, record.reason or ""),
            *(record.tool_version, record.plan_hash or "", record.reverts or ""),
        )
        self._stage(changes)
        try:
            self._session.fetch("insert_journal", *common)
        except TableMissing:
            raise journal_missing(self._environment) from None

    def _stage(self, changes: Sequence[Change]) -> None:
        if changes != self._staged:
            rows = [
                (c.client_id, int(c.name is not None), c.name or "", c.old, c.new) for c in changes
            ]
            self._session.stage("changes", rows)
            self._staged = changes

    def role(self) -> frozenset[str]:
        """Return what opskit_operator may do in this database, and who has it."""
        return frozenset(str(line) for (line,) in self._session.fetch("setup/read_role"))

    def make_role(self, logins: Sequence[str], *, diagnosis: bool) -> None:
        """Make the role opskit_operator, or add what it lacks."""
        for name in role_steps(diagnosis=diagnosis):
            self._session.fetch(f"setup/{name}")
        for login in logins:
            self._session.fetch_named("setup/give_role", login)

    def roll_back(self) -> None:
        """Undo everything when the block ends."""
        self.rolled_back = True


def _entry(row: tuple[Any, ...]) -> JournalEntry:
    entry = JournalEntry(*row)
    # The server keeps UTC and does not say so.
    return replace(
        entry,
        changed_at=entry.changed_at.replace(tzinfo=UTC),
        verification=Verification(entry.verification),
    )
