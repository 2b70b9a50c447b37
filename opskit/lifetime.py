# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Token lifetimes: read, compare, write, record, read back, prove.

What is compared, written and recorded is one transaction per environment
(``opskit.transaction``). Then, outside of it, read back, and let a freshly issued token prove
that the new lifetime is in effect.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from opskit.db.store import LOCK_TIMEOUT, ClientStore, open_store
from opskit.durations import format_duration
from opskit.errors import Interrupted, OpskitError, ValueChanged
from opskit.interruption import Stop
from opskit.journal import Author, require_journal
from opskit.models import (
    Change,
    ChangeRecord,
    ChangeSet,
    ChangeSets,
    Client,
    Outcome,
    Status,
)
from opskit.progress import Progress, Step, silent
from opskit.proof import prove_change_set
from opskit.selection import pick_clients
from opskit.settings import Environment
from opskit.transaction import interrupted, write_changes

# Called with the changes before anything is written; raises an OpskitError to refuse them.
Confirm = Callable[[Environment, Sequence[Change]], None]


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """How a change is made, and by whom.

    Attributes:
        author: who asks for it, and why.
        override_policy: accept a lifetime outside the environment's policy.
        dry_run: take the same path and roll back.
        journal: record the change; without a journal in the database it is then refused.
        verify: prove the change by fresh tokens.
        wait: seconds to keep asking while a cache still gives the old lifetime.
        lock_timeout: seconds to wait for another change to end.
    """

    author: Author = field(default_factory=Author)
    override_policy: bool = False
    dry_run: bool = False
    journal: bool = True
    verify: bool = True
    wait: float = 0
    lock_timeout: float = LOCK_TIMEOUT


@dataclass(frozen=True, slots=True)
class Wish:
    """What one command asks of the clients of an environment.

    Attributes:
        selector: a ClientId, or a ClientName or glob.
        lifetime: the new lifetime in seconds.
        expect: seconds that the clients must have now; None takes what is there.
        all_matches: change every client that the selector matches.
    """

    selector: str
    lifetime: int
    expect: int | None = None
    all_matches: bool = False


def set_lifetimes(
    environments: Sequence[Environment],
    wish: Wish,
    options: ChangeOptions = ChangeOptions(),
    *,
    confirm: Confirm = lambda *_: None,
    progress: Progress = silent,
) -> tuple[ChangeSets, list[OpskitError]]:
    """Make the same change in one environment after the other.

    Whatever can be known beforehand is checked in all of them before the first is written. It
    ends at the first environment that fails, or whose fresh token disagrees, so that a mistake
    does not travel further. The arguments are those of :func:`set_lifetime`.

    Returns:
        What was done, and the error that ended it, if one did.

    Raises:
        OpskitError: one of the environments cannot take the change; nothing was written.
    """
    for environment in environments:
        _check_possible(environment, wish, options)
    if len(environments) > 1:
        for environment in environments:
            _wanted(environment, wish, progress, journal=options.journal)
    done: list[ChangeSet] = []
    for environment in environments:
        try:
            change_set = set_lifetime(
                environment, wish, options, confirm=confirm, progress=progress
            )
            done.append(change_set)
        except KeyboardInterrupt:
            nothing = f"Interrupted; nothing was written in {environment.name}."
            return ChangeSets(done), [Interrupted(nothing, environment=environment.name)]
        except OpskitError as error:
            error.environment = environment.name
            if isinstance(error, Interrupted) and isinstance(error.done, ChangeSet):
                done.append(error.done)
            return ChangeSets(done), [error]
        if not proved(change_set):
            break
    return ChangeSets(done), []


def set_lifetime(
    environment: Environment,
    wish: Wish,
    options: ChangeOptions = ChangeOptions(),
    *,
    confirm: Confirm = lambda *_: None,
    progress: Progress = silent,
) -> ChangeSet:
    """Change one client's lifetime in one environment, and prove it.

    Args:
        environment: where.
        wish: which client, and what it should have.
        options: how.
        confirm: called with the changes before anything is written; raises to refuse them.
        progress: told each step.

    Raises:
        PolicyError: the environment does not accept the lifetime.
        ClientNotFound: no client matches, or several do and ``all_matches`` is not set.
        ValueChanged: a client no longer has the lifetime that was expected.
        JournalMissing: the change could not be recorded.
        LockHeld: another change is under way.
        Interrupted: stopped by the user; the message says whether anything was written.
    """
    warnings = environment.policy.check(
        wish.lifetime, environment=environment.name, override=options.override_policy
    )
    wanted = _wanted(environment, wish, progress)
    pending = [change for change in wanted if change.old != change.new]
    if pending and not options.dry_run:
        confirm(environment, pending)
    record = options.author.record(environment.name)
    change_set = change_lifetimes(environment, wanted, record, options, progress=progress)
    return replace(change_set, warnings=[*warnings, *change_set.warnings])


def change_lifetimes(
    environment: Environment,
    wanted: Sequence[Change],
    record: ChangeRecord,
    options: ChangeOptions,
    *,
    progress: Progress = silent,
) -> ChangeSet:
    """Make one change set in one environment, and prove it.

    Args:
        environment: where.
        wanted: from which lifetime to which; where both are the same, the present one is only
            compared.
        record: what the journal will say of it.
        options: how.
        progress: told each step.

    Raises:
        ValueChanged, LockHeld, JournalMissing: nothing was written.
        Interrupted: stopped by the user; ``done`` holds the change set if it was committed.
    """
    pending = [change for change in wanted if change.old != change.new]
    outcome = Outcome.CHANGED if pending else Outcome.UNCHANGED
    recorded = record if pending and options.journal else None
    reverts = recorded.reverts if recorded else None
    done = ChangeSet(environment.name, outcome, wanted, reverts=reverts)
    if pending and recorded and not options.dry_run:
        done = replace(done, id=recorded.change_set)
    stop, written = Stop.of(progress), False
    try:
        with stop.by_ctrl_c():
            if pending:
                _write(environment, wanted, recorded, options, stop)
            written = not options.dry_run
        if options.dry_run:
            stop.check(environment.name)
            return replace(done, outcome=Outcome.DRY_RUN)
        return prove_change_set(
            environment, done, tokens=options.verify, wait=options.wait, progress=stop
        )
    except (KeyboardInterrupt, Interrupted) as error:
        if written:
            raise _interrupted_after(done) from None
        if isinstance(error, Interrupted):
            error.done = done if error.done is True else None
        raise


def proved(change_set: ChangeSet) -> bool:
    """Return whether none of a change set's checks failed."""
    return all(check.status is not Status.FAIL for check in change_set.checks)


def _write(
    environment: Environment,
    wanted: Sequence[Change],
    record: ChangeRecord | None,
    options: ChangeOptions,
    stop: Stop,
) -> None:
    opened: ClientStore | None = None

    def write() -> None:
        nonlocal opened
        stop(Step(environment.name, "connecting"))
        with open_store(environment) as opened:
            if record is not None:
                require_journal(opened, environment)
            write_changes(
                opened,
                environment,
                wanted,
                record,
                lock_timeout=options.lock_timeout,
                dry_run=options.dry_run,
                progress=stop,
            )

    stop.run(
        environment.name,
        write,
        cancel=lambda: opened is None or opened.cancel(),
        left=lambda: interrupted(opened, environment, wanted, record),
    )


def _wanted(
    environment: Environment, wish: Wish, progress: Progress, *, journal: bool = False
) -> list[Change]:
    """Read what the wish changes; with ``journal``, only if that can be recorded."""

    def read() -> list[Client]:
        with open_store(environment) as store:
            clients = store.clients()
            if journal:
                require_journal(store, environment)
        return clients

    present = Stop.of(progress).run(environment.name, read)
    clients = pick_clients(present, wish.selector, environment.name, all_matches=wish.all_matches)
    wanted = [Change(c.client_id, c.name, c.lifetime, wish.lifetime) for c in clients]
    _compare_expected(environment, wanted, wish.expect)
    return wanted


def _check_possible(environment: Environment, wish: Wish, options: ChangeOptions) -> None:
    """Find out before the first write what needs no database to be known.

    Raises:
        PolicyError: the environment does not accept the lifetime.
        ConfigError: it has no database.
    """
    environment.policy.check(
        wish.lifetime, environment=environment.name, override=options.override_policy
    )
    if environment.database is None:
        environment.require("database")


def _interrupted_after(done: ChangeSet) -> Interrupted:
    state = "the change is committed" if done.outcome is Outcome.CHANGED else "it was so already"
    error = Interrupted(
        f"Interrupted: {state}, but no fresh token has proved it.",
        remedy=f"Prove it: opskit verify -e {done.environment}",
        environment=done.environment,
    )
    error.done = done
    return error


def _compare_expected(
    environment: Environment, changes: Sequence[Change], expect: int | None
) -> None:
    if expect is None:
        return
    for change in changes:
        if change.old != expect:
            raise ValueChanged(
                f"{change.name or change.client_id} has {change.old} s "
                f"({format_duration(change.old)}), not the {expect} s that --expect names. "
                "Nothing was written.",
                remedy="Find out who changed it; then expect the present value.",
                environment=environment.name,
            )
