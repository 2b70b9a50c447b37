# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Making and removing the journal's schema in a database, by the steps in ``migrations/``."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from opskit.address import Engine, engine_of
from opskit.db.cancellation import Cancellation
from opskit.db.statements import statement
from opskit.db.store import LOCK_TIMEOUT, driver_missing, journal_newer
from opskit.errors import LockHeld
from opskit.settings import Environment

_PACKAGE = Path(__file__).resolve().parents[1]
# In a wheel they lie inside the package, in a checkout beside it.
_FOLDERS = (_PACKAGE / "migrations", _PACKAGE.parent / "migrations")

# With their drivers, as SQLAlchemy names them; the connection is the adapter's own.
_DIALECTS = {"postgresql": "postgresql+psycopg://", "mssql": "mssql+pyodbc://"}

_LONGEST_WAIT = 2**31 - 1  # milliseconds

# Called with a driver's cursor, a statement and, if it has any, its parameters.
Execute = Callable[..., None]

# Alembic keeps the migration that is under way in a global variable.
_ONE_AT_A_TIME = threading.Lock()


class Migration:
    """The journal's schema in one database, while nobody else can change it or the journal."""

    def __init__(self, connection: Connection, environment: Environment) -> None:
        self._connection = connection
        self._environment = environment
        self.revision = self._revision()

    def _revision(self) -> str | None:
        """Return the revision that is there; None where there is no journal.

        Raises:
            JournalMissing: it is one that only a newer opskit knows.
        """
        options = {"version_table_schema": "opskit"}
        context = MigrationContext.configure(self._connection, opts=options)
        revision = context.get_current_revision()
        if revision is not None and revision not in revisions():
            raise journal_newer(self._environment, revision)
        return revision

    def upgrade(self) -> None:
        """Make the schema and the tables, or bring them up to date."""
        self._execute("create_schema")
        with _ONE_AT_A_TIME:
            command.upgrade(_config(connection=self._connection), "head")

    def downgrade(self) -> None:
        """Remove the tables and, if nothing else is in it, the schema."""
        with _ONE_AT_A_TIME:
            command.downgrade(_config(connection=self._connection), "base")
        # Alembic empties its table and leaves it.
        self._connection.exec_driver_sql("DROP TABLE opskit.alembic_version")
        self._execute("drop_schema")

    def entries(self) -> int:
        """Return how many records the journal holds."""
        text = statement(self._connection.dialect.name, "setup/count_journal")
        return int(self._connection.exec_driver_sql(text).scalar_one())

    def _execute(self, name: str) -> None:
        text = statement(self._connection.dialect.name, f"setup/{name}")
        self._connection.exec_driver_sql(text)


@contextmanager
def open_migration(
    environment: Environment,
    *,
    lock_timeout: float = LOCK_TIMEOUT,
    cancellation: Cancellation | None = None,
) -> Iterator[Migration]:
    """Take the environment's lock in a transaction that commits with the end of the block.

    Args:
        environment: where.
        lock_timeout: seconds to wait for the lock.
        cancellation: by which another thread prevents the commit, and ends what runs.

    Raises:
        Interrupted: another thread did so; nothing was written.
        LockHeld: a change or another migration is under way and did not end in that time.
        JournalMissing: the journal is one that only a newer opskit knows.
        UnreachableError: the database cannot be reached, or refuses what is asked of it.
    """
    address = environment.require("database")
    engine = engine_of(address)
    cancellation = cancellation or Cancellation()
    open_connection, end_statement, translated = _adapter(engine, environment)
    opened = open_connection(environment, address)

    def execute(cursor: Any, text: str, *parameters: Any) -> None:
        with cancellation.statement(lambda: end_statement(cursor)):
            cursor.execute(text, *parameters)

    with (
        translated(environment),
        _first_error(cancellation),
        _transaction(engine or "postgresql", opened, execute) as connection,
    ):
        _lock(connection, environment, lock_timeout, execute)
        yield Migration(connection, environment)
        cancellation.begin_commit()


def _adapter(engine: Engine | None, environment: Environment) -> tuple[Any, Any, Any]:
    """Return what opens a connection, ends a cursor's statement, and translates driver's errors.

    Raises:
        DriverMissing: the engine's driver is not installed, or not as it should be.
    """
    try:
        if engine == "mssql":
            from opskit.db import mssql, mssql_errors

            return mssql.open_connection, mssql.end_statement, mssql_errors.translated
        from opskit.db import postgres, postgres_errors
    except ImportError as error:
        raise driver_missing(engine, error, environment) from None
    return postgres.open_connection, postgres.end_statement, postgres_errors.translated


@contextmanager
def _transaction(dialect: str, opened: Any, execute: Execute) -> Iterator[Connection]:
    """Let SQLAlchemy use an open connection for one transaction, then close it.

    Args:
        dialect: which one the server speaks.
        opened: the driver's own connection.
        execute: what runs each statement, by a cursor of the driver's.
    """

    def run(*call: Any) -> bool:
        *cursor_text_and_parameters, _context = call
        execute(*cursor_text_and_parameters)
        return True  # there is nothing left to do

    opened.autocommit = False
    engine = create_engine(_DIALECTS[dialect], creator=lambda: opened, poolclass=NullPool)
    for call in ("do_execute", "do_execute_no_params"):
        event.listen(engine, call, run)
    with engine.begin() as connection:
        yield connection


@contextmanager
def _first_error(cancellation: Cancellation) -> Iterator[None]:
    """Raise the error that all began with, as the driver raised it.

    Where the server has ended the transaction itself, rolling it back is an error too.
    """
    try:
        yield
    except DBAPIError as error:
        cancellation.check()
        raise _first(error) or error from None


def _first(error: BaseException) -> BaseException | None:
    found: BaseException | None = None
    link: BaseException | None = error
    while link is not None:
        found = link.orig if isinstance(link, DBAPIError) else found
        link = link.__context__
    return found


def _lock(
    connection: Connection, environment: Environment, seconds: float, execute: Execute
) -> None:
    milliseconds = min(max(1, round(seconds * 1000)), _LONGEST_WAIT)
    if connection.dialect.name == "postgresql":
        text = statement("postgresql", "set_lock_timeout")
        connection.exec_driver_sql(text, {"milliseconds": str(milliseconds)})
        connection.exec_driver_sql(statement("postgresql", "lock_environment"))
        return
    cursor = connection.connection.cursor()
    execute(cursor, statement("mssql", "set_lock_timeout").format(milliseconds=milliseconds))
    execute(cursor, statement("mssql", "lock_environment"), [milliseconds])
    # Counts and messages may come before the answer.
    while not cursor.description and cursor.nextset():
        pass
    ((answer,),) = cursor.fetchall()
    cursor.close()
    if answer < 0:
        raise LockHeld(
            "Another change is under way in this database.",
            remedy="Try again; nothing was written.",
            environment=environment.name,
        )


def revisions() -> dict[str, str]:
    """Return what each revision brings, oldest first."""
    steps = ScriptDirectory.from_config(_config()).walk_revisions()
    return {step.revision: step.doc for step in reversed(list(steps))}


def rendered(dialect: str, source: str, target: str) -> str:
    """Return the statements that lead from one revision, or ``base``, to the next or back."""
    names = ["base", *revisions()]
    run = command.upgrade if names.index(source) < names.index(target) else command.downgrade
    text = StringIO()
    with _ONE_AT_A_TIME:
        run(_config(text, dialect=dialect), f"{source}:{target}", sql=True)
    return text.getvalue()


def _config(output: StringIO | None = None, **attributes: object) -> Config:
    config = Config(output_buffer=output) if output else Config()
    folder = next(folder for folder in _FOLDERS if folder.is_dir())
    # A % begins a reference in Alembic's configuration.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes.update(attributes)
    return config
