# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What opskit asks of a database that holds the ``Clients`` table."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from opskit.address import Engine, engine_of
from opskit.db.client_details import ClientDetails
from opskit.errors import DriverMissing, JournalMissing, PermissionMissing, UsageError
from opskit.models import Change, ChangeRecord, Client, JournalEntry, Verification
from opskit.settings import Environment

LOCK_TIMEOUT = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Rights:
    """What the login may do with ``Clients``.

    Attributes:
        may_read: ClientId and AccessTokenLifetime.
        may_read_names: ClientName and Enabled too.
        may_write: AccessTokenLifetime.
        may_do_more: insert or delete rows, which opskit never does and the login should not.
        may_journal: read the journal, add to it, and note what became of a change; None where
            there is no journal.
    """

    may_read: bool
    may_read_names: bool
    may_write: bool
    may_do_more: bool
    may_journal: bool | None


class ChangeTransaction(Protocol):
    """A transaction that holds the environment's lock; it commits unless rolled back."""

    def lock_clients(self, changes: Sequence[Change]) -> Mapping[str, int]:
        """Return the present lifetimes in seconds by client id, locked until the end.

        Whoever means to write and to record the changes gives them here as a whole, those too
        that are only compared: so they are on the server before anybody has to wait for a row.

        Raises:
            LockHeld: another session holds one of the rows.
        """
        ...

    def write(self, changes: Sequence[Change]) -> set[str]:
        """Set the new lifetimes where the old ones still stand; return the ids written.

        A change whose old and new value are the same is none: neither written nor returned.
        """
        ...

    def record(self, record: ChangeRecord, changes: Sequence[Change]) -> None:
        """Write the journal's rows; the server stamps time and login.

        A change whose old and new value are the same leaves no record.

        Raises:
            JournalMissing: the database has no journal.
        """
        ...

    def role(self) -> frozenset[str]:
        """Return what opskit_operator may do in this database, and who has it: a line for each.

        Empty where there is no such role.
        """
        ...

    def make_role(self, logins: Sequence[str], *, diagnosis: bool) -> None:
        """Make the role opskit_operator, or add what it lacks.

        Args:
            logins: who gets it.
            diagnosis: whether it may read what tells why a client gets no token.

        Raises:
            UsageError: the server has no such login.
        """
        ...

    def roll_back(self) -> None:
        """Make the transaction end without any effect, when its block does."""
        ...


class ClientStore(Protocol):
    """One environment's ``Clients`` table.

    Every method may raise UnreachableError, PermissionMissing or TableMissing; and LockHeld, since
    even reading waits for a lock on the whole table, and on some servers for whoever writes.
    """

    def server(self) -> str:
        """Return product and version of the server, such as ``PostgreSQL 16.4``."""
        ...

    def driver(self) -> str:
        """Return what the connection goes through, with its version."""
        ...

    def clients(self) -> list[Client]:
        """Return all clients, by name."""
        ...

    def lifetimes(self, client_ids: Sequence[str]) -> Mapping[str, int]:
        """Return the lifetimes in seconds of the clients that exist, by client id."""
        ...

    def client_details(self, client_id: str, hashes: Sequence[str]) -> ClientDetails:
        """Return what else decides whether a client gets a token, as far as it may be read.

        Args:
            client_id: whose.
            hashes: two, base64 of SHA-256 and SHA-512 of the secret to look for.
        """
        ...

    def rights(self) -> Rights:
        """Return what the login may do."""
        ...

    def journal_revision(self) -> str | None:
        """Return the revision of the journal's schema; None where there is no journal."""
        ...

    def journal(
        self,
        *,
        since: datetime | None = None,
        change_set: str | None = None,
        limit: int | None = None,
    ) -> list[JournalEntry]:
        """Return what the journal holds, the last that was written first.

        Args:
            since: nothing older than this moment, which must know its time zone.
            change_set: only the one of this id.
            limit: of all that, no more than the newest so many.

        Raises:
            JournalMissing: the database has no journal.
        """
        ...

    def record_verification(self, change_set: str, results: Mapping[str, Verification]) -> None:
        """Note in the journal what fresh tokens said, by client id."""
        ...

    def change(
        self, *, lock_timeout: float = LOCK_TIMEOUT
    ) -> AbstractContextManager[ChangeTransaction]:
        """Open the transaction for a change; it commits when its block ends without an error.

        Args:
            lock_timeout: seconds to wait for the environment's lock and for each row.

        Raises:
            LockHeld: another change is under way and did not end in that time.
            Interrupted: another thread has cancelled it.
        """
        ...

    def cancel(self) -> bool:
        """Let no change of this store commit any more, and end the statement that it runs.

        For another thread than the one that uses the store: that one gets Interrupted, as soon as
        the server heeds it, and so does everything that it asks of the store from then on. Nobody
        waits for that here.

        Returns:
            Whether nothing was written: False when a commit was sent already, whose outcome only
            the database knows. Then nothing is ended.
        """
        ...


def journal_missing(environment: Environment) -> JournalMissing:
    """Return the error for a database without a journal, with both ways on."""
    name = environment.name
    return JournalMissing(
        f"The database of {name} has no journal, so the change would leave no record. "
        "Nothing was written.",
        remedy=f"Make one with `opskit db upgrade -e {name}`, or go without: --no-journal.",
        environment=name,
    )


def journal_newer(environment: Environment, revision: str | None) -> JournalMissing:
    """Return the error for a journal that this opskit is too old for."""
    return JournalMissing(
        f"The journal of {environment.name} is at revision {revision}, which only a newer opskit "
        "knows. Nothing was written.",
        remedy="Update opskit here to the version that made it, or to a later one.",
        environment=environment.name,
        code="journal-newer",
    )


def right_missing(words: str, environment: Environment) -> PermissionMissing:
    """Return the error for a statement that the login has no right to."""
    name = environment.name
    return PermissionMissing(
        f"The login may not do that: {words}.",
        remedy="Let a DBA give it the role that suffices for every command: opskit db role "
        f"--login NAME -e {name}, or what its --sql prints. opskit doctor -e {name} tells which "
        "right is missing.",
        environment=name,
    )


def login_unknown(words: str, environment: Environment) -> UsageError:
    """Return the error for a role that is given to somebody whom the server does not know."""
    return UsageError(
        f"The role cannot be given to that login: {words}.",
        remedy="Correct its name, or let a DBA make the login first: CREATE ROLE … LOGIN PASSWORD "
        "…, on SQL Server CREATE LOGIN … WITH PASSWORD = … .",
        environment=environment.name,
        code="login-unknown",
    )


def read_patience(environment: Environment) -> float:
    """Return the seconds that reading waits for somebody else's lock."""
    return min(LOCK_TIMEOUT, environment.timeout)


def open_store(environment: Environment) -> AbstractContextManager[ClientStore]:
    """Connect to the environment's database; the connection closes with the block.

    Raises:
        ConfigError: the environment has no database.
        DriverMissing: the engine's driver is not installed, or not as it should be.
        UnreachableError: it cannot be reached, or refuses the login.
    """
    address = environment.require("database")
    engine = engine_of(address)
    try:
        if engine == "mssql":
            from opskit.db import mssql

            return mssql.connect(environment, address)
        from opskit.db import postgres

        return postgres.connect(environment, address)
    except ImportError as error:
        raise driver_missing(engine, error, environment) from None


def find_driver(environment: Environment) -> str:
    """Return what a connection to the environment's database would go through; make none.

    Raises:
        ConfigError: the environment has no database, or its address is malformed.
        DriverMissing: the engine's driver is not installed, or not as it should be.
    """
    address = environment.require("database")
    engine = engine_of(address)
    try:
        if engine == "mssql":
            from opskit.db import mssql

            return mssql.driver(environment, address)
        from opskit.db import postgres

        return postgres.driver(environment, address)
    except ImportError as error:
        raise driver_missing(engine, error, environment) from None


def driver_missing(
    engine: Engine | None, error: ImportError, environment: Environment
) -> DriverMissing:
    """Return the error for an adapter whose driver cannot be imported."""
    if engine == "mssql" and isinstance(error, ModuleNotFoundError):
        message = "SQL Server needs the package pyodbc, which is not installed."
        remedy = 'Install it with a driver: pip install "creatio-opskit[mssql]"'
    elif engine == "mssql":
        message = f"SQL Server's driver pyodbc cannot be loaded: {error}."
        remedy = (
            "Install it anew as a wheel, which brings unixODBC: "
            "pip install --force-reinstall --only-binary :all: pyodbc"
        )
    else:
        message = f"PostgreSQL's driver psycopg cannot be loaded: {error}."
        remedy = 'Install it anew: pip install --force-reinstall "psycopg[binary]"'
    return DriverMissing(message, remedy=remedy, environment=environment.name)
