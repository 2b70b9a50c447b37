# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The Clients table in PostgreSQL, through psycopg 3."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from opskit.db.cancellation import Cancellation
from opskit.db.client_details import ClientDetails, read_details
from opskit.db.postgres_connection import connection_parameters
from opskit.db.postgres_errors import connection_failure, translated
from opskit.db.statements import role_steps, statement
from opskit.db.store import LOCK_TIMEOUT, Rights, journal_missing, read_patience
from opskit.errors import PermissionMissing, TableMissing
from opskit.models import Change, ChangeRecord, Client, JournalEntry, Verification
from opskit.settings import Environment

DEFAULT_SCHEMA = "public"

_LONGEST_WAIT = 2**31 - 1  # milliseconds
_CANCEL_TIMEOUT = 5.0  # seconds
_NOT_GRANTED = "01007"  # the SQLSTATE of a warning
_JOURNAL = {"journal_revision", "read_journal", "update_verification"}


@contextmanager
def connect(environment: Environment, url: str) -> Iterator["PostgresStore"]:
    """Open the store at ``url``; TLS certificates are verified beyond the own machine.

    Raises:
        ConfigError: the address is malformed.
        UnreachableError: the server does not answer, or refuses the login.
    """
    connection = open_connection(environment, url)
    try:
        yield PostgresStore(connection, environment)
    finally:
        connection.close()


def open_connection(environment: Environment, url: str) -> psycopg.Connection[TupleRow]:
    """Return a connection in autocommit mode; the errors are those of :func:`connect`."""
    parameters = connection_parameters(environment, url)
    try:
        return psycopg.connect(**parameters)
    except psycopg.Error as error:
        raise connection_failure(error, environment, parameters) from None


def end_statement(cursor: psycopg.Cursor[TupleRow]) -> None:
    """Ask the server to end what another thread runs by ``cursor``."""
    cursor.connection.cancel_safe(timeout=_CANCEL_TIMEOUT)


def driver(environment: Environment, url: str) -> str:
    """Return what a connection would go through, after all that comes before it."""
    connection_parameters(environment, url)
    return _driver()


def _driver() -> str:
    libpq = psycopg.pq.version()
    return f"psycopg {psycopg.__version__}, libpq {libpq // 10_000}.{libpq % 10_000}"


class PostgresStore:
    """ClientStore over one connection."""

    def __init__(self, connection: psycopg.Connection[TupleRow], environment: Environment) -> None:
        self._connection = connection
        self._environment = environment
        self._schema = DEFAULT_SCHEMA if environment.schema is None else environment.schema
        self._cancellation = Cancellation()

    def server(self) -> str:
        """Return product and version."""
        version = self._connection.info.parameter_status("server_version") or "?"
        return f"PostgreSQL {version.split()[0]}"

    def driver(self) -> str:
        """Return what the connection goes through."""
        return _driver()

    def clients(self) -> list[Client]:
        """Return all clients; without a right to their names, only ids and lifetimes."""
        try:
            rows = self._fetch_alone("list_clients")
        except (PermissionMissing, TableMissing) as error:
            try:
                rows = self._fetch_alone("list_clients_minimal")
            except (PermissionMissing, TableMissing):
                raise error from None
        return [Client(*row) for row in rows]

    def lifetimes(self, client_ids: Sequence[str]) -> Mapping[str, int]:
        """Return the lifetimes of the clients that exist."""
        return dict(self._fetch_alone("read_lifetimes", client_ids=list(client_ids)))

    def client_details(self, client_id: str, hashes: Sequence[str]) -> ClientDetails:
        """Return what else decides whether a client gets a token, as far as it may be read."""
        parameters = {"client_id": client_id, "hashes": list(hashes)}
        return read_details(lambda name: self._fetch_alone(name, **parameters))

    def rights(self) -> Rights:
        """Return what the login may do with the table.

        Raises:
            TableMissing: there is none in the environment's schema.
        """
        rows = self._fetch_alone("read_rights", schema=self._schema)
        if not rows:
            raise self._table_missing()
        return Rights(*rows[0])

    def journal_revision(self) -> str | None:
        """Return the revision of the journal's schema; None where there is no journal."""
        try:
            rows = self._fetch_alone("journal_revision")
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
        try:
            rows = self._fetch_alone(
                "read_journal", since=since, change_set=change_set, limit=limit
            )
        except TableMissing:
            raise journal_missing(self._environment) from None
        return [_entry(row) for row in rows]

    def record_verification(self, change_set: str, results: Mapping[str, Verification]) -> None:
        """Note in the journal what fresh tokens said, by client id."""
        try:
            self._fetch_alone(
                "update_verification",
                change_set=change_set,
                client_ids=list(results),
                verifications=[result.value for result in results.values()],
            )
        except TableMissing:
            raise journal_missing(self._environment) from None

    @contextmanager
    def change(self, *, lock_timeout: float = LOCK_TIMEOUT) -> Iterator["PostgresChange"]:
        """Take the environment's lock in a new transaction."""
        self._cancellation.begin_change()
        with translated(self._environment), self._connection.transaction() as transaction:
            self._wait_for_locks(lock_timeout)
            self._fetch("lock_environment")
            yield PostgresChange(self, transaction)
            if not transaction.force_rollback:
                self._cancellation.begin_commit()

    def cancel(self) -> bool:
        """Let no change commit any more, and end the statement that another thread runs."""
        return self._cancellation.cancel()

    def _fetch_alone(self, name: str, **parameters: Any) -> list[TupleRow]:
        """Run a statement in a transaction of its own, which waits for locks only so long.

        The timeout is the transaction's and not the session's, which behind a pooler may be
        another client's next.
        """
        try:
            with translated(self._environment), self._connection.transaction():
                self._wait_for_locks(read_patience(self._environment))
                return self._fetch(name, **parameters)
        except TableMissing:
            if name in _JOURNAL:
                raise
            raise self._table_missing() from None

    def _wait_for_locks(self, seconds: float) -> None:
        # At least 1, since 0 would wait for ever.
        milliseconds = min(max(1, round(seconds * 1000)), _LONGEST_WAIT)
        self._fetch("set_lock_timeout", milliseconds=str(milliseconds))

    def _fetch(self, name: str, **parameters: Any) -> list[TupleRow]:
        # With parameters psycopg reads the whole text, names included, for placeholders.
        schema = self._schema
        quoted = sql.Identifier(schema.replace("%", "%%") if parameters else schema)
        query = sql.SQL(statement("postgresql", name)).format(schema=quoted)
        with self._statement():
            return self._connection.execute(query, parameters or None).fetchall()

    @contextmanager
    def _statement(self) -> Iterator[None]:
        end = partial(self._connection.cancel_safe, timeout=_CANCEL_TIMEOUT)
        with self._cancellation.statement(end), translated(self._environment):
            yield

    def _set_up(self, name: str, **names: str) -> None:
        """Run statements of ``setup/`` that answer with no rows.

        Raises:
            PermissionMissing: a right could not be granted, which may be only a warning to
                PostgreSQL.
        """
        places = {place: sql.Identifier(word) for place, word in names.items()}
        text = sql.SQL(statement("postgresql", f"setup/{name}"))
        refused: list[str] = []

        def notice(said: psycopg.errors.Diagnostic) -> None:
            if said.sqlstate == _NOT_GRANTED:
                refused.append(said.message_primary or "")

        self._connection.add_notice_handler(notice)
        try:
            with self._statement():
                query = text.format(schema=sql.Identifier(self._schema), **places)
                self._connection.execute(query)
        finally:
            self._connection.remove_notice_handler(notice)
        if refused:
            raise PermissionMissing(
                f"The login may not do that: {refused[0]}.", environment=self._environment.name
            )

    def _table_missing(self) -> TableMissing:
        """Say where the table is instead, since its name is only one of the usual mistakes."""
        environment, info = self._environment, self._connection.info
        there = self._fetch("find_tables")
        proper = [schema for schema, table in there if table == "Clients"]
        if self._schema in proper:
            message = f'The table "{self._schema}"."Clients" lacks a column that opskit reads'
            remedy = "Is it IdentityServer4's? It needs ClientId and AccessTokenLifetime."
        elif proper:
            message = f'No table "Clients" in schema {self._schema}; there is one in {proper[0]}'
            in_toml = json.dumps(proper[0], ensure_ascii=False)
            remedy = f"Set schema = {in_toml} under [environments.{environment.name}]."
        elif there:
            schema, table = there[0]
            message = f'No table "Clients" in schema {self._schema}; there is "{table}" in {schema}'
            remedy = (
                "PostgreSQL tells upper from lower case: that table is not IdentityServer4's, "
                "whose name is written in quotes. Is this the Identity Service's database?"
            )
        else:
            message = f'No table "Clients" in any schema of database {info.dbname}'
            remedy = (
                "Probably the wrong database: the Identity Service may have its own, or live "
                f"in Creatio's. Check environments.{environment.name}.database."
            )
        return TableMissing(f"{message}.", remedy=remedy, environment=environment.name)


class PostgresChange:
    """ChangeTransaction over an open psycopg transaction."""

    def __init__(self, store: PostgresStore, transaction: psycopg.Transaction) -> None:
        self._store = store
        self._transaction = transaction

    def lock_clients(self, changes: Sequence[Change]) -> Mapping[str, int]:
        """Return the present lifetimes, locked until the end."""
        client_ids = [change.client_id for change in changes]
        return dict(self._store._fetch("lock_clients", client_ids=client_ids))

    def write(self, changes: Sequence[Change]) -> set[str]:
        """Set the new lifetimes where the old ones still stand."""
        rows = self._store._fetch(
            "update_lifetimes",
            client_ids=[change.client_id for change in changes],
            old=[change.old for change in changes],
            new=[change.new for change in changes],
        )
        return {client_id for (client_id,) in rows}

    def record(self, record: ChangeRecord, changes: Sequence[Change]) -> None:
        """Write the journal's rows."""
        try:
            self._store._fetch(
                "insert_journal",
                **asdict(record),
                client_ids=[change.client_id for change in changes],
                client_names=[change.name for change in changes],
                old=[change.old for change in changes],
                new=[change.new for change in changes],
            )
        except TableMissing:
            raise journal_missing(self._store._environment) from None

    def role(self) -> frozenset[str]:
        """Return what opskit_operator may do in this database, and who has it."""
        return frozenset(line for (line,) in self._store._fetch("setup/read_role"))

    def make_role(self, logins: Sequence[str], *, diagnosis: bool) -> None:
        """Make the role opskit_operator, or add what it lacks."""
        for name in role_steps(diagnosis=diagnosis):
            self._store._set_up(name)
        for login in logins:
            self._store._set_up("give_role", login=login)

    def roll_back(self) -> None:
        """Undo everything when the block ends."""
        self._transaction.force_rollback = True


def _entry(row: TupleRow) -> JournalEntry:
    entry = JournalEntry(*row)
    return replace(
        entry,
        changed_at=entry.changed_at.astimezone(UTC),
        verification=Verification(entry.verification),
    )
