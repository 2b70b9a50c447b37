# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The transaction that changes lifetimes: lock, compare, write, journal, commit.

It takes effect as a whole or not at all, and whoever is interrupted in it is told which.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum

from opskit.db.store import ClientStore, open_store
from opskit.errors import Interrupted, LockHeld, OpskitError, UnreachableError, ValueChanged
from opskit.models import Change, ChangeRecord
from opskit.progress import Progress, Step, silent
from opskit.settings import Environment
from opskit.words import counted

_TRIES = 3  # when the database chooses this change as the victim of a deadlock
_LISTED = 10  # clients in a message


def write_changes(
    store: ClientStore,
    environment: Environment,
    changes: Sequence[Change],
    record: ChangeRecord | None,
    *,
    lock_timeout: float,
    dry_run: bool = False,
    progress: Progress = silent,
) -> None:
    """Write ``changes`` and their journal rows in one transaction.

    Args:
        store: the database.
        environment: where it belongs to.
        changes: what is wanted; those whose old and new value are the same are only compared.
        record: what the journal says of all of them; None keeps no record.
        lock_timeout: seconds to wait for another change to end.
        dry_run: take the same path and roll back.
        progress: told each step.

    Raises:
        ValueChanged: one of the clients no longer has its old lifetime; nothing was written.
        LockHeld: another change is under way.
        Interrupted: stopped by the user; the message says whether anything was written.
    """

    def tell(words: str) -> None:
        progress(Step(environment.name, words))

    def once() -> None:
        with store.change(lock_timeout=lock_timeout) as transaction:
            tell("comparing with what was planned")
            present = transaction.lock_clients(changes)
            compare(environment, changes, present)
            pending = [change for change in changes if change.old != change.new]
            tell(f"writing {counted(len(pending), 'lifetime')}")
            written = transaction.write(changes)
            if missed := [change for change in pending if change.client_id not in written]:
                raise moved(environment, missed, present)
            if record is not None:
                tell("writing the journal")
                transaction.record(record, changes)
            if dry_run:
                transaction.roll_back()
            tell("rolling back" if dry_run else "committing")

    with _said_what_happened(store, environment, changes, record):
        tell("waiting for the lock")
        for tries_left in reversed(range(_TRIES)):
            try:
                once()
                break
            except LockHeld as error:
                if error.code != "deadlock" or not tries_left:
                    raise
                time.sleep(0.1)


def compare(
    environment: Environment, changes: Sequence[Change], present: Mapping[str, int]
) -> None:
    """Compare what was planned for with what is there.

    Raises:
        ValueChanged: they differ.
    """
    if differing := [change for change in changes if present.get(change.client_id) != change.old]:
        raise moved(environment, differing, present)


def moved(
    environment: Environment, changes: Sequence[Change], present: Mapping[str, int]
) -> ValueChanged:
    """Return the conflict for clients that no longer have their old lifetime."""
    lines = []
    for change in changes[:_LISTED]:
        now = present.get(change.client_id)
        found = "is gone" if now is None else f"has {now} s now"
        lines.append(f"{change.name or change.client_id} had {change.old} s and {found}")
    if len(changes) > _LISTED:
        lines.append(f"and {len(changes) - _LISTED} more")
    return ValueChanged(
        "; ".join(lines) + ". Nothing was written.",
        remedy="Somebody else has changed it: see `opskit history`, look again, then repeat.",
        environment=environment.name,
    )


class _Written(StrEnum):
    """Whether a change took effect, for the message that says so."""

    NO = "nothing was written"
    YES = "the change was committed"
    UNKNOWN = "whether it was written could not be found out"
    OTHERS = "somebody else has changed the lifetimes meanwhile"


def interrupted(
    store: ClientStore | None,
    environment: Environment,
    changes: Sequence[Change],
    record: ChangeRecord | None,
) -> Interrupted:
    """Return the error for a change that was interrupted, which says whether it took effect.

    Where no commit was sent, nothing was written, and from now on none is sent. Else only the
    database knows.

    Args:
        store: what the change was made with; None before there was one.
        environment: where.
        changes: what was wanted.
        record: what the journal would say of it.
    """
    uncommitted = store is None or store.cancel()
    state = _Written.NO if uncommitted else _state_now(environment, changes, record)
    error = Interrupted(f"Interrupted; {state}.", environment=environment.name)
    error.done = state is _Written.YES
    return error


@contextmanager
def _said_what_happened(
    store: ClientStore,
    environment: Environment,
    changes: Sequence[Change],
    record: ChangeRecord | None,
) -> Iterator[None]:
    """After an interruption or a lost connection, find out the state before speaking of it.

    A connection that was lost when the change had been committed has done no harm.
    """
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        raise interrupted(store, environment, changes, record) from None
    except UnreachableError as gone:
        if gone.code != "database-gone":
            raise
        state = _state_now(environment, changes, record)
        if state is _Written.YES:
            return
        gone.message += f" State: {state}."
        raise


def _state_now(
    environment: Environment, changes: Sequence[Change], record: ChangeRecord | None
) -> _Written:
    pending = [change for change in changes if change.old != change.new]
    try:
        with open_store(environment) as store:
            # Behind this lock our own transaction has ended, if the server was still busy with it.
            with store.change() as transaction:
                transaction.roll_back()
            if record is not None:
                recorded = store.journal(change_set=record.change_set)
                return _Written.YES if recorded else _Written.NO
            present = store.lifetimes([change.client_id for change in pending])
    except OpskitError:
        return _Written.UNKNOWN
    if all(present.get(change.client_id) == change.old for change in pending):
        return _Written.NO
    if all(present.get(change.client_id) == change.new for change in pending):
        return _Written.YES
    return _Written.OTHERS
