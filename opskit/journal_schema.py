# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The tables that the journal consists of: made, brought up to date, removed.

Alembic and SQLAlchemy are imported by the functions that need them, and by nothing else in opskit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from opskit.address import engine_of
from opskit.db.cancellation import Cancellation
from opskit.db.store import LOCK_TIMEOUT, open_store
from opskit.errors import (
    OpskitError,
    PermissionMissing,
    UsageError,
    ValueChanged,
)
from opskit.fleet import at_once, in_turn
from opskit.interruption import Stop
from opskit.models import (
    DbaScript,
    JournalMigration,
    JournalMigrations,
    JournalRevision,
    JournalRevisions,
    JournalState,
    JournalStates,
    JournalStatus,
)
from opskit.progress import Progress, Step, silent
from opskit.settings import Environment

if TYPE_CHECKING:
    from opskit.db.migration import Migration

R = TypeVar("R")

REVISION = "0001"
"""The newest revision in ``migrations/``: the one that this opskit works with."""

Direction = Literal["upgrade", "downgrade"]
# Called with the number of records that go, before anything is written; raises to refuse it.
Confirm = Callable[[Environment, int], None]


def status_of(revision: str | None) -> JournalStatus:
    """Return how a database's revision compares with ours; they are numbered consecutively."""
    if revision is None:
        return JournalStatus.MISSING
    if revision == REVISION:
        return JournalStatus.CURRENT
    return JournalStatus.OUTDATED if revision < REVISION else JournalStatus.NEWER


def current(environments: Sequence[Environment]) -> tuple[JournalStates, list[OpskitError]]:
    """Read the revisions of several environments at once.

    Returns:
        What could be read, and one error for each environment that could not.
    """
    outcomes = at_once(environments, _state)
    read = [outcome for outcome in outcomes if isinstance(outcome, JournalState)]
    return JournalStates(read), [o for o in outcomes if isinstance(o, OpskitError)]


def upgrade(
    environments: Sequence[Environment],
    *,
    confirm: Confirm = lambda *_: None,
    lock_timeout: float = LOCK_TIMEOUT,
    progress: Progress = silent,
) -> tuple[JournalMigrations, list[OpskitError]]:
    """Make the journal, or bring it up to date, in one environment after the other.

    An environment that fails does not keep the others from theirs; Ctrl-C does.

    Returns:
        What was done, and one error for each environment where it could not be.
    """

    def migrate(environment: Environment, stop: Stop) -> JournalMigration:
        return _upgrade(_Place(environment, lock_timeout, stop), confirm)

    return _each(environments, migrate, progress)


def downgrade(
    environments: Sequence[Environment],
    *,
    confirm: Confirm = lambda *_: None,
    lock_timeout: float = LOCK_TIMEOUT,
    progress: Progress = silent,
) -> tuple[JournalMigrations, list[OpskitError]]:
    """Remove the journal with all its records, in one environment after the other.

    Returns:
        What was done, and one error for each environment where it could not be.
    """

    def migrate(environment: Environment, stop: Stop) -> JournalMigration:
        return _downgrade(_Place(environment, lock_timeout, stop), confirm)

    return _each(environments, migrate, progress)


def history() -> JournalRevisions:
    """Return the revisions that this opskit knows, oldest first."""
    from opskit.db.migration import revisions

    return JournalRevisions([JournalRevision(*step) for step in revisions().items()])


def script(direction: Direction, dialect: str) -> DbaScript:
    """Return what a DBA can run instead; needs neither a database nor a driver."""
    from opskit.db.journal_script import downgrade_script, upgrade_script

    sql = upgrade_script(dialect) if direction == "upgrade" else downgrade_script(dialect)
    return DbaScript(dialect, sql)


def dialect_of(environments: Sequence[Environment]) -> str:
    """Return the SQL dialect that the databases of ``environments`` share.

    Raises:
        ConfigError: one has no database.
        UsageError: they do not share one.
    """
    dialects = {
        engine_of(environment.require("database")) or "postgresql" for environment in environments
    }
    if len(dialects) > 1:
        raise UsageError(
            f"These environments speak different dialects: {', '.join(sorted(dialects))}.",
            remedy="Name environments of one kind, or choose with --dialect.",
        )
    return dialects.pop()


def _state(environment: Environment) -> JournalState:
    try:
        with open_store(environment) as store:
            revision = store.journal_revision()
    except PermissionMissing as error:
        error.remedy = (
            'Grant the login SELECT on "opskit"."alembic_version", as opskit db role does.'
        )
        raise
    return JournalState(environment.name, status_of(revision), revision, REVISION)


def _each(
    environments: Sequence[Environment],
    migrate: Callable[[Environment, Stop], JournalMigration],
    progress: Progress,
) -> tuple[JournalMigrations, list[OpskitError]]:
    remedy = "See what is there now: opskit db current -e {}"
    done, errors = in_turn(environments, migrate, interrupted=remedy, progress=progress)
    return JournalMigrations(done), errors


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a migration takes place, and how it is waited for and stopped."""

    environment: Environment
    lock_timeout: float
    stop: Stop

    def locked(self, work: "Callable[[Migration], R]") -> R:
        """Return what ``work`` does with the journal's schema, behind the environment's lock."""
        cancellation, name = Cancellation(), self.environment.name

        def migrate() -> R:
            from opskit.db.migration import open_migration

            self.stop(Step(name, "waiting for the lock"))
            with open_migration(
                self.environment, lock_timeout=self.lock_timeout, cancellation=cancellation
            ) as migration:
                return work(migration)

        return self.stop.run(name, migrate, cancel=cancellation.cancel)


def _upgrade(place: _Place, confirm: Confirm) -> JournalMigration:
    def make(migration: "Migration") -> str | None:
        if migration.revision != REVISION:
            migration.upgrade()
        return migration.revision

    environment = place.environment
    try:
        # Twice, so that nobody else waits for us while we wait for an answer.
        before = place.locked(lambda migration: migration.revision)
        if before != REVISION:
            confirm(environment, 0)
            before = place.locked(make)
    except PermissionMissing as error:
        raise _not_allowed(error, environment, "upgrade") from None
    return JournalMigration(environment.name, before, REVISION)


def _downgrade(place: _Place, confirm: Confirm) -> JournalMigration:
    environment = place.environment

    def count(migration: "Migration") -> int | None:
        return None if migration.revision is None else migration.entries()

    def remove(migration: "Migration") -> str | None:
        if migration.revision is not None:
            if migration.entries() != entries:
                raise _grown(environment)
            migration.downgrade()
        return migration.revision

    try:
        before, entries = None, place.locked(count)
        if entries is not None:
            confirm(environment, entries)
            before = place.locked(remove)
    except PermissionMissing as error:
        raise _not_allowed(error, environment, "downgrade") from None
    if before is None or entries is None:
        return JournalMigration(environment.name, None, None)
    return JournalMigration(environment.name, before, None, entries)


def _grown(environment: Environment) -> ValueChanged:
    return ValueChanged(
        f"The journal of {environment.name} got new records a moment ago. Nothing was removed.",
        remedy="Find out who is at work there; then repeat the command.",
        environment=environment.name,
    )


def _not_allowed(
    error: PermissionMissing, environment: Environment, direction: Direction
) -> PermissionMissing:
    itself = (
        "grant the login CREATE on the database"
        if direction == "upgrade"
        else "use the login that owns the journal"
    )
    error.remedy = (
        f"Let a DBA run what this prints: opskit db {direction} --sql -e {environment.name}. "
        f"Or {itself}, and repeat the command."
    )
    return error
