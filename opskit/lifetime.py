# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Token lifetimes: read, compare, write, read back, prove.

One transaction per environment: take the lock, read the rows for update, compare with what was
planned, write, (the journal's rows,) commit. Then, outside of it, read back, and let a freshly
issued token prove that the new lifetime is in effect.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from opskit.checks import failed, from_error, passed
from opskit.db.store import LOCK_TIMEOUT, ClientStore, open_store
from opskit.durations import format_duration
from opskit.errors import Interrupted, OpskitError, UnreachableError, ValueChanged
from opskit.explain import finding
from opskit.models import (
    Change,
    ChangeSet,
    ChangeSets,
    Check,
    Client,
    EnvironmentClients,
    Lifetimes,
    Outcome,
    Status,
)
from opskit.selection import not_found, pick_clients, select_clients
from opskit.settings import Environment

READ_BACK = "lifetime.read_back"

# Called with the changes before anything is written; raises an OpskitError to refuse them.
Confirm = Callable[[Environment, Sequence[Change]], None]
# Told what is waited for.
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ChangeOptions:
    """How a change is made.

    Attributes:
        expect: seconds that the clients must have now; None takes what is there.
        all_matches: change every client that the selector matches.
        override_policy: accept a lifetime outside the environment's policy.
        dry_run: take the same path and roll back.
        verify: prove the change by fresh tokens.
        wait: seconds to keep asking while a cache still gives the old lifetime.
        lock_timeout: seconds to wait for another change to end.
    """

    expect: int | None = None
    all_matches: bool = False
    override_policy: bool = False
    dry_run: bool = False
    verify: bool = True
    wait: float = 0
    lock_timeout: float = LOCK_TIMEOUT


def list_lifetimes(
    environments: Sequence[Environment], selector: str | None = None
) -> tuple[Lifetimes, list[OpskitError]]:
    """Read the clients of several environments at once.

    Args:
        environments: where to look.
        selector: a ClientId, or a ClientName or glob; None lists every client.

    Returns:
        What could be read, and one error for each environment that could not.

    Raises:
        ClientNotFound: all environments could be read, and none has such a client.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=16) as pool:
        outcomes = list(pool.map(_read_clients, environments))
    read = [outcome for outcome in outcomes if isinstance(outcome, EnvironmentClients)]
    errors = [outcome for outcome in outcomes if isinstance(outcome, OpskitError)]
    if selector is not None:
        everything = [client for one in read for client in one.clients]
        read = [_only(one, select_clients(one.clients, selector)) for one in read]
        if not errors and not any(one.clients for one in read):
            raise not_found(everything, selector)
    return Lifetimes(read, _drift(read)), errors


def set_lifetimes(
    environments: Sequence[Environment],
    selector: str,
    lifetime: int,
    options: ChangeOptions = ChangeOptions(),
    *,
    confirm: Confirm = lambda *_: None,
    progress: Progress = lambda _: None,
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
        _check_possible(environment, lifetime, options)
    if len(environments) > 1:
        for environment in environments:
            with open_store(environment) as store:
                _wanted(store, environment, selector, lifetime, options)
    done: list[ChangeSet] = []
    for environment in environments:
        try:
            done.append(
                set_lifetime(
                    environment, selector, lifetime, options, confirm=confirm, progress=progress
                )
            )
        except KeyboardInterrupt:
            nothing = f"Interrupted; nothing was written in {environment.name}."
            return ChangeSets(done), [Interrupted(nothing, environment=environment.name)]
        except OpskitError as error:
            error.environment = environment.name
            if isinstance(error, Interrupted) and isinstance(error.done, ChangeSet):
                done.append(error.done)
            return ChangeSets(done), [error]
        if any(check.status is Status.FAIL for check in done[-1].checks):
            break
    return ChangeSets(done), []


def set_lifetime(
    environment: Environment,
    selector: str,
    lifetime: int,
    options: ChangeOptions = ChangeOptions(),
    *,
    confirm: Confirm = lambda *_: None,
    progress: Progress = lambda _: None,
) -> ChangeSet:
    """Change one client's lifetime in one environment, and prove it.

    Args:
        environment: where.
        selector: a ClientId, or a ClientName or glob.
        lifetime: the new lifetime in seconds.
        options: how.
        confirm: called with the changes before anything is written; raises to refuse them.
        progress: told what is waited for.

    Raises:
        PolicyError: the environment does not accept the lifetime.
        ClientNotFound: no client matches, or several do and ``all_matches`` is not set.
        ValueChanged: a client no longer has the lifetime that was expected.
        LockHeld: another change is under way.
        Interrupted: stopped by the user; the message says whether anything was written.
    """
    warnings = environment.policy.check(
        lifetime, environment=environment.name, override=options.override_policy
    )
    done: ChangeSet | None = None
    try:
        with open_store(environment) as store:
            wanted = _wanted(store, environment, selector, lifetime, options)
            pending = [change for change in wanted if change.old != change.new]
            if pending and not options.dry_run:
                confirm(environment, pending)
            if pending:
                _write(store, environment, pending, options)
            outcome = Outcome.CHANGED if pending else Outcome.UNCHANGED
            done = ChangeSet(environment.name, outcome, wanted, warnings=warnings)
        if options.dry_run:
            return replace(done, outcome=Outcome.DRY_RUN)
        checks = [_read_back(environment, wanted)]
        if options.verify:
            checks += _prove(environment, wanted, options, progress)
    except KeyboardInterrupt:
        if done is None or options.dry_run:
            raise
        raise _interrupted_after(done) from None
    return replace(done, checks=checks)


def _wanted(
    store: ClientStore,
    environment: Environment,
    selector: str,
    lifetime: int,
    options: ChangeOptions,
) -> list[Change]:
    clients = pick_clients(
        store.clients(), selector, environment.name, all_matches=options.all_matches
    )
    wanted = [Change(c.client_id, c.name, c.lifetime, lifetime) for c in clients]
    _compare_expected(environment, wanted, options.expect)
    return wanted


def _check_possible(environment: Environment, lifetime: int, options: ChangeOptions) -> None:
    """Find out before the first write what needs no database to be known.

    Raises:
        PolicyError: the environment does not accept the lifetime.
        ConfigError: it has no database.
    """
    environment.policy.check(
        lifetime, environment=environment.name, override=options.override_policy
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


def _read_clients(environment: Environment) -> EnvironmentClients | OpskitError:
    try:
        with open_store(environment) as store:
            clients = store.clients()
    except OpskitError as error:
        return error
    outside = [c.client_id for c in clients if not environment.policy.allows(c.lifetime)]
    return EnvironmentClients(environment.name, clients, outside)


def _only(one: EnvironmentClients, clients: Sequence[Client]) -> EnvironmentClients:
    ids = {client.client_id for client in clients}
    outside = [client_id for client_id in one.outside_policy if client_id in ids]
    return EnvironmentClients(one.environment, clients, outside)


def _drift(read: Sequence[EnvironmentClients]) -> list[str]:
    """Return the names whose lifetimes differ, within an environment or between several."""
    lifetimes: dict[str, set[int]] = {}
    for one in read:
        for client in one.clients:
            lifetimes.setdefault(client.label, set()).add(client.lifetime)
    return sorted(name for name, values in lifetimes.items() if len(values) > 1)


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


def _write(
    store: ClientStore,
    environment: Environment,
    changes: Sequence[Change],
    options: ChangeOptions,
) -> None:
    ids = [change.client_id for change in changes]
    with (
        _said_what_happened(environment, changes),
        store.change(lock_timeout=options.lock_timeout) as transaction,
    ):
        present = transaction.lock_clients(ids)
        moved = [change for change in changes if present.get(change.client_id) != change.old]
        if not moved:
            written = transaction.write(changes)
            moved = [change for change in changes if change.client_id not in written]
        if moved:
            # Leaving the block with an error rolls everything back.
            raise _moved(environment, moved[0], present.get(moved[0].client_id))
        # The journal's rows belong here: between the write and the commit.
        if options.dry_run:
            transaction.roll_back()


def _moved(environment: Environment, change: Change, now: int | None) -> ValueChanged:
    found = "is gone" if now is None else f"has {now} s now"
    return ValueChanged(
        f"{change.name or change.client_id} had {change.old} s a moment ago and {found}. "
        "Nothing was written.",
        remedy="Somebody else is changing it; look again, then repeat the command.",
        environment=environment.name,
    )


@contextmanager
def _said_what_happened(environment: Environment, changes: Sequence[Change]) -> Iterator[None]:
    """After Ctrl-C or a lost connection, read the state anew before saying what happened."""
    try:
        yield
    except KeyboardInterrupt:
        state = _state_now(environment, changes)
        raise Interrupted(f"Interrupted; {state}.", environment=environment.name) from None
    except UnreachableError as error:
        if error.code == "database-gone":
            error.message += f" State: {_state_now(environment, changes)}."
        raise


def _state_now(environment: Environment, changes: Sequence[Change]) -> str:
    try:
        with open_store(environment) as store:
            present = store.lifetimes([change.client_id for change in changes])
    except OpskitError:
        return (
            f"what was written is not known: look with opskit lifetime list -e {environment.name}"
        )
    if all(present.get(change.client_id) == change.old for change in changes):
        return "nothing was written"
    if all(present.get(change.client_id) == change.new for change in changes):
        return "the change was committed"
    return "somebody else has changed the lifetimes meanwhile"


def _read_back(environment: Environment, changes: Sequence[Change]) -> Check:
    """Look at what other sessions see now; the change stands, whatever becomes of this."""
    try:
        with open_store(environment) as store:
            present = store.lifetimes([change.client_id for change in changes])
    except OpskitError as error:
        return from_error(READ_BACK, error)
    wrong = [change for change in changes if present.get(change.client_id) != change.new]
    if wrong:
        words = f"{wrong[0].client_id} has {present.get(wrong[0].client_id)} s after the commit."
        return failed(READ_BACK, finding("read-back-differs", words))
    return passed(READ_BACK, f"the database holds {changes[0].new} s")


def _prove(
    environment: Environment,
    changes: Sequence[Change],
    options: ChangeOptions,
    progress: Progress,
) -> list[Check]:
    from opskit.verify.lifetime import FRESH_TOKEN, prove

    try:
        return asyncio.run(prove(environment, changes, wait=options.wait, progress=progress))
    except OpskitError as error:
        # The change stands; say so together with why it is not proved.
        return [from_error(FRESH_TOKEN, error)]
