# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Identity Services' databases that the contract tests fill, and watch by other sessions."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import psycopg
import pyodbc
from psycopg import sql
from psycopg.rows import dict_row

from opskit.db.journal_script import upgrade_script
from opskit.settings import Environment
from tests.databases import Database
from tests.db import remove_clients
from tests.db.mssql_server import MssqlDatabase

_OPSKITS_SESSIONS = (
    "FROM sys.dm_exec_sessions WHERE program_name = N'opskit' AND database_id = DB_ID()"
)


class Installation(Protocol):
    """An Identity Service's database that the tests may fill, and watch by other sessions.

    Attributes:
        login: the login of its environment, as the server knows it.
        holds_rows: whether the server keeps rows locked that were only read for a change.
    """

    login: str
    holds_rows: bool

    def environment(self, **settings: object) -> Environment:
        """Return the environment whose login may do everything."""
        ...

    def add_client(self, client_id: str, name: str | None, lifetime: int = 3600) -> bool:
        """Insert an enabled client; False where the collation takes its id for another's."""
        ...

    def add_clients(self, client_ids: Sequence[str]) -> None:
        """Insert enabled clients without a name (3600 s)."""
        ...

    def clear(self) -> None:
        """Remove all clients, and the journal if there is one."""
        ...

    def empty(self) -> None:
        """Remove all clients, and what the journal tells of them."""
        ...

    def rows(self) -> dict[str, Mapping[str, Any]]:
        """Return all rows of Clients, all columns, by client id, as another session sees them."""
        ...

    def set_lifetime(self, client_id: str, lifetime: int) -> None:
        """Change a lifetime as somebody else would, committed at once."""
        ...

    def hold_row(self, client_id: str) -> AbstractContextManager[Callable[[str], bool]]:
        """Keep a client's row locked by another transaction.

        It yields what takes another client's row too, however long that takes, and tells whether
        it was had: the server may choose this transaction as the victim of a deadlock.
        """
        ...

    def somebody_waits(self) -> bool:
        """Return whether a session of opskit's in this database waits for a lock."""
        ...

    def hold_table(self, table: str = "Clients") -> AbstractContextManager[None]:
        """Keep a whole table locked, as one does that alters it."""
        ...

    def note_changes(self) -> AbstractContextManager[Callable[[], list[str]]]:
        """Give Clients a trigger that notes which clients are written; yield what reads that."""
        ...

    def note_records(self) -> AbstractContextManager[Callable[[], list[str]]]:
        """Do the same with the journal, and whose rows are added or changed there."""
        ...

    def forget_uniqueness(self) -> AbstractContextManager[None]:
        """Let several clients have ids that the collation takes for the same one."""
        ...

    def end_sessions(self) -> None:
        """End all sessions of opskit's in this database, as an administrator may."""
        ...

    def make_journal(self) -> None:
        """Make an empty journal."""
        ...

    def rolled_back(self, *statements: str) -> None:
        """Run statements in one transaction, and undo them."""
        ...


class PostgresInstallation:
    """Installation on the tests' own PostgreSQL server."""

    login = "postgres"
    holds_rows = True

    def __init__(self, database: Database) -> None:
        self._database = database

    def environment(self, **settings: object) -> Environment:
        return self._database.environment(**settings)

    def add_client(self, client_id: str, name: str | None, lifetime: int = 3600) -> bool:
        try:
            self._database.add_client(client_id, "unnamed" if name is None else name, lifetime)
        except psycopg.errors.UniqueViolation:  # of the user in Creatio that comes with it
            return False
        if name is None:
            with self._database.connect() as connection:
                update = 'UPDATE "Clients" SET "ClientName" = NULL WHERE "ClientId" = %s'
                assert connection.execute(update, (client_id,)).rowcount == 1
        return True

    def add_clients(self, client_ids: Sequence[str]) -> None:
        first = f"first-{secrets.token_hex(6)}"
        self.add_client(first, None)
        with self._database.connect() as connection:
            ((columns,),) = connection.execute(
                "SELECT string_agg(quote_ident(column_name), ', ') "
                "FROM information_schema.columns WHERE table_schema = 'public' "
                "AND table_name = 'Clients' AND column_name NOT IN ('Id', 'ClientId')"
            ).fetchall()
            copy = (
                f'INSERT INTO "Clients" ("ClientId", {columns}) SELECT id, {columns} '
                'FROM "Clients", unnest(%s::text[]) AS id WHERE "ClientId" = %s'
            )
            connection.execute(copy.encode(), (list(client_ids), first))
            connection.execute('DELETE FROM "Clients" WHERE "ClientId" = %s', (first,))

    def clear(self) -> None:
        remove_clients(self._database)
        with self._database.connect() as connection:
            connection.execute("DROP SCHEMA IF EXISTS opskit CASCADE")

    def empty(self) -> None:
        remove_clients(self._database)
        with self._database.connect() as connection:
            connection.execute("DELETE FROM opskit.lifetime_change")

    def rows(self) -> dict[str, Mapping[str, Any]]:
        with self._database.connect() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            rows = cursor.execute('SELECT * FROM "Clients"').fetchall()
        return {row["ClientId"]: row for row in rows}

    def set_lifetime(self, client_id: str, lifetime: int) -> None:
        with self._database.connect() as connection:
            update = 'UPDATE "Clients" SET "AccessTokenLifetime" = %s WHERE "ClientId" = %s'
            assert connection.execute(update, (lifetime, client_id)).rowcount == 1

    @contextmanager
    def hold_row(self, client_id: str) -> Iterator[Callable[[str], bool]]:
        with psycopg.connect(self._database.conninfo) as connection:

            def take(client_id: str) -> bool:
                lock = 'SELECT 1 FROM "Clients" WHERE "ClientId" = %s FOR UPDATE'
                try:
                    connection.execute(lock, (client_id,))
                except psycopg.errors.DeadlockDetected:
                    return False
                return True

            take(client_id)
            yield take

    def somebody_waits(self) -> bool:
        with self._database.connect() as connection:
            waiting = connection.execute(
                "SELECT 1 FROM pg_stat_activity "
                "WHERE application_name = 'opskit' AND datname = current_database() "
                "AND wait_event_type = 'Lock'"
            )
            return waiting.fetchone() is not None

    @contextmanager
    def hold_table(self, table: str = "Clients") -> Iterator[None]:
        with psycopg.connect(self._database.conninfo) as connection:
            named = sql.Identifier(*table.split("."))
            connection.execute(sql.SQL("LOCK TABLE {}").format(named))
            yield

    def note_changes(self) -> AbstractContextManager[Callable[[], list[str]]]:
        return self._noted('UPDATE ON "Clients"', '"ClientId"')

    def note_records(self) -> AbstractContextManager[Callable[[], list[str]]]:
        return self._noted("INSERT OR UPDATE ON opskit.lifetime_change", "client_id")

    @contextmanager
    def _noted(self, event: str, column: str) -> Iterator[Callable[[], list[str]]]:
        with self._database.connect() as connection:
            connection.execute(
                f"""
                CREATE TABLE "Written" ("ClientId" text NOT NULL);
                CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    INSERT INTO "Written" VALUES (NEW.{column});
                    RETURN NEW;
                END $$;
                CREATE TRIGGER note AFTER {event}
                FOR EACH ROW EXECUTE FUNCTION note();
                """.encode()
            )
            try:
                yield lambda: [i for (i,) in connection.execute('SELECT * FROM "Written"')]
            finally:
                connection.execute('DROP FUNCTION note() CASCADE; DROP TABLE "Written"')

    @contextmanager
    def forget_uniqueness(self) -> Iterator[None]:
        yield  # it takes no two ids for the same

    def end_sessions(self) -> None:
        with self._database.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE application_name = 'opskit' AND datname = current_database()"
            )

    def make_journal(self) -> None:
        with self._database.connect() as connection:
            connection.execute(upgrade_script("postgresql").encode())

    def rolled_back(self, *statements: str) -> None:
        with self._database.connect() as connection, connection.transaction() as transaction:
            for statement in statements:
                connection.execute(statement.encode())
            transaction.force_rollback = True


class MssqlInstallation:
    """Installation on a T-SQL server."""

    def __init__(self, database: MssqlDatabase) -> None:
        self._database = database
        ((login, version),) = database.execute("SELECT ORIGINAL_LOGIN(), @@VERSION")
        self.login = str(login)
        self.holds_rows = "Babelfish" not in version

    def environment(self, **settings: object) -> Environment:
        return self._database.environment(**settings)

    def add_client(self, client_id: str, name: str | None, lifetime: int = 3600) -> bool:
        insert = "INSERT INTO [Clients] ([ClientId], [ClientName], [AccessTokenLifetime])"
        try:
            self._database.execute(f"{insert} VALUES (?, ?, ?)", client_id, name, lifetime)
        except pyodbc.IntegrityError:
            return False
        return True

    def add_clients(self, client_ids: Sequence[str]) -> None:
        with self._database.connection() as connection:
            for start in range(0, len(client_ids), 1000):
                batch = client_ids[start : start + 1000]
                marks = ", ".join(["(?)"] * len(batch))
                connection.execute(f"INSERT INTO [Clients] ([ClientId]) VALUES {marks}", *batch)

    def clear(self) -> None:
        self._database.execute("DELETE FROM [Clients]")
        for table in ("lifetime_change", "alembic_version"):
            self._database.execute(f"DROP TABLE IF EXISTS [opskit].[{table}]")

    def empty(self) -> None:
        for table in ("[Clients]", "[opskit].[lifetime_change]"):
            self._database.execute(f"DELETE FROM {table}")

    def rows(self) -> dict[str, Mapping[str, Any]]:
        with self._database.connection() as connection:
            cursor = connection.execute("SELECT * FROM [Clients]")
            names = [column[0] for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {row["ClientId"]: row for row in rows}

    def set_lifetime(self, client_id: str, lifetime: int) -> None:
        update = "UPDATE [Clients] SET [AccessTokenLifetime] = ? WHERE [ClientId] = ?"
        self._database.execute(update, lifetime, client_id)

    @contextmanager
    def hold_row(self, client_id: str) -> Iterator[Callable[[str], bool]]:
        update = "UPDATE [Clients] SET [Enabled] = [Enabled] WHERE [ClientId] = ?"
        with self._held(update, client_id) as connection:
            connection.execute("SET DEADLOCK_PRIORITY HIGH")  # to which Babelfish pays no attention

            def take(client_id: str) -> bool:
                try:
                    connection.execute(update, client_id).close()
                except pyodbc.Error as error:
                    if error.args[0] != "40001":
                        raise
                    return False
                return True

            yield take

    def somebody_waits(self) -> bool:
        ours = f"SELECT session_id {_OPSKITS_SESSIONS}"
        try:
            return bool(
                self._database.execute(
                    "SELECT session_id FROM sys.dm_exec_requests "
                    f"WHERE blocking_session_id <> 0 AND session_id IN ({ours})"
                )
            )
        except pyodbc.ProgrammingError:  # Babelfish, which has no such view
            locks = f"SELECT pid FROM pg_locks WHERE CAST(granted AS int) = 0 AND pid IN ({ours})"
            return bool(self._database.execute(locks))

    @contextmanager
    def hold_table(self, table: str = "Clients") -> Iterator[None]:
        with self._held(f"ALTER TABLE {table} ADD [Held] int NULL"):
            yield

    @contextmanager
    def _held(self, statement: str, *parameters: Any) -> Iterator[pyodbc.Connection]:
        with self._database.connection() as connection:
            connection.autocommit = False
            connection.execute(statement, *parameters)
            try:
                yield connection
            finally:
                connection.rollback()

    def note_changes(self) -> AbstractContextManager[Callable[[], list[str]]]:
        return self._noted("dbo", "[dbo].[Clients] AFTER UPDATE", "[ClientId]")

    def note_records(self) -> AbstractContextManager[Callable[[], list[str]]]:
        event = "[opskit].[lifetime_change] AFTER INSERT, UPDATE"
        return self._noted("opskit", event, "[client_id]")

    @contextmanager
    def _noted(self, schema: str, event: str, column: str) -> Iterator[Callable[[], list[str]]]:
        execute = self._database.execute
        execute("CREATE TABLE [dbo].[Written] ([ClientId] nvarchar(200) NOT NULL)")
        execute(
            f"CREATE TRIGGER [{schema}].[note] ON {event} AS "
            f"INSERT INTO [dbo].[Written] SELECT {column} FROM inserted"
        )
        try:
            yield lambda: [client_id for (client_id,) in execute("SELECT * FROM [dbo].[Written]")]
        finally:
            execute(f"DROP TRIGGER [{schema}].[note]")
            execute("DROP TABLE [dbo].[Written]")

    @contextmanager
    def forget_uniqueness(self) -> Iterator[None]:
        self._database.execute("DROP INDEX [IX_Clients_ClientId] ON [Clients]")
        try:
            yield
        finally:
            self.clear()
            index = "CREATE UNIQUE INDEX [IX_Clients_ClientId] ON [Clients] ([ClientId])"
            self._database.execute(index)

    def end_sessions(self) -> None:
        for (session,) in self._database.execute(f"SELECT session_id {_OPSKITS_SESSIONS}"):
            self._database.execute(f"KILL {session}")

    def make_journal(self) -> None:
        self._database.execute(upgrade_script("mssql").removesuffix("GO\n"))

    def rolled_back(self, *statements: str) -> None:
        with self._database.connection() as connection:
            connection.autocommit = False
            for statement in statements:
                connection.execute(statement)
            connection.rollback()
