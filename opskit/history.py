# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What the journals of several environments tell: changes, a change set, what is left of a plan."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from opskit.db.store import open_store
from opskit.errors import JournalMissing, OpskitError, UsageError
from opskit.fleet import at_once
from opskit.models import Client, History, JournalEntry
from opskit.selection import select_clients
from opskit.settings import Environment

_MOST = 2**31 - 1  # entries that a statement can be told to return
_LISTED = 5  # change sets in the message on an ambiguous id
_ID_LENGTH = len("20260131-235959-0123abcd")


def read_history(
    environments: Sequence[Environment],
    *,
    selector: str | None = None,
    since: datetime | None = None,
    actor: str | None = None,
    change_set: str | None = None,
    limit: int | None = None,
) -> tuple[History, list[OpskitError]]:
    """Read the journals of several environments at once, newest entry first.

    Args:
        environments: where to look.
        selector: a ClientId, or a ClientName or glob, as they were at the time.
        since: nothing older than this moment.
        actor: only what this person or pipeline did; part of the name is enough.
        change_set: only this one; the beginning of its id is enough.
        limit: no more entries than this.

    Returns:
        What could be read, and one error for each environment whose journal could not.
    """
    # The newest of all are among the newest of each; but clients and actors are looked for here.
    most = limit if selector is None and actor is None else None
    outcomes = _read_all(environments, since=since, change_set=change_set, limit=most)
    # Two environments may share a database, and so its journal.
    found = {
        (entry.change_set, entry.client_id): entry
        for _, outcome in outcomes
        if isinstance(outcome, list)
        for entry in outcome
    }
    entries = [
        entry
        for entry in found.values()
        if actor is None or actor.casefold() in entry.actor.casefold()
    ]
    if selector is not None:
        entries = _of_clients(entries, selector)
    entries.sort(key=lambda entry: entry.changed_at, reverse=True)
    return History(entries[:limit]), [o for _, o in outcomes if isinstance(o, OpskitError)]


def _read_all(
    environments: Sequence[Environment],
    *,
    since: datetime | None,
    change_set: str | None,
    limit: int | None = None,
) -> list[tuple[Environment, list[JournalEntry] | OpskitError]]:
    """Read each journal; ``limit`` counts only where the change set is named in full, or not."""
    whole_id = change_set if change_set and len(change_set) == _ID_LENGTH else None
    most = None if limit is None or (change_set and not whole_id) else min(limit, _MOST)

    def read(environment: Environment) -> list[JournalEntry]:
        try:
            with open_store(environment) as store:
                entries = store.journal(since=since, change_set=whole_id, limit=most)
        except JournalMissing as error:
            raise _no_journal(error, environment) from None
        return [entry for entry in entries if entry.change_set.startswith(change_set or "")]

    return list(zip(environments, at_once(environments, read), strict=True))


def _of_clients(entries: Sequence[JournalEntry], selector: str) -> list[JournalEntry]:
    """Return the entries of the clients that ``selector`` means, by the rules for live ones."""
    clients = {
        (e.client_id, e.client_name): Client(e.client_id, e.client_name, e.new, None)
        for e in entries
    }
    chosen = {(c.client_id, c.name) for c in select_clients(list(clients.values()), selector)}
    return [entry for entry in entries if (entry.client_id, entry.client_name) in chosen]


def _no_journal(error: JournalMissing, environment: Environment) -> JournalMissing:
    return JournalMissing(
        f"The database of {environment.name} has no journal, so nothing is recorded there.",
        remedy=f"Make one for the changes to come: opskit db upgrade -e {environment.name}",
        environment=environment.name,
        code=error.code,
    )


def find_change_set(
    environments: Sequence[Environment], change_set: str
) -> tuple[Environment, list[JournalEntry]]:
    """Return the change set of this id, or whose id begins so, and where it was made.

    A database that was restored from another environment's backup holds its records too. They are
    taken for that environment's, unless it is none of ``environments``.

    Raises:
        UsageError: there is none, several begin so, or it was made elsewhere.
        OpskitError: one of the journals, where it may be, cannot be read.
    """
    if not change_set.strip():
        raise _unnamed("The change set has no id.")
    found: dict[str, dict[str, list[JournalEntry]]] = {}
    unread: dict[str, OpskitError] = {}
    for environment, outcome in _read_all(environments, since=None, change_set=change_set):
        if isinstance(outcome, OpskitError):
            unread[environment.name] = outcome
            continue
        for entry in outcome:
            found.setdefault(entry.change_set, {}).setdefault(environment.name, []).append(entry)
    if len(found) > 1:
        newest = sorted(found, reverse=True)
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        raise UsageError(
            f"{len(found)} change sets begin with {change_set!r}: "
            f"{', '.join(newest[:_LISTED])}{more}.",
            remedy="Name one in full.",
            code="change-set-ambiguous",
        )
    if not found and unread:
        raise next(iter(unread.values()))
    if not found:
        raise UsageError(
            f"No journal of these environments has a change set {change_set!r}.",
            remedy="See them with: opskit history",
            code="change-set-unknown",
        )
    ((whole_id, holders),) = found.items()
    named = {environment.name: environment for environment in environments}
    owner = _owner(whole_id, holders, named, unread)
    return named[owner], holders[owner]


def _unnamed(message: str) -> UsageError:
    """Return the error for an empty name, which every one begins with."""
    remedy = "Is a variable of a script empty? See them with: opskit history"
    return UsageError(message, remedy=remedy, code="change-set-ambiguous")


def _owner(
    change_set: str,
    holders: Mapping[str, Sequence[JournalEntry]],
    named: Collection[str],
    unread: Mapping[str, OpskitError],
) -> str:
    """Return where a change set was made, of the environments whose journals have it."""
    made_in = next(iter(holders.values()))[0].environment
    if made_in in holders:
        return made_in
    if made_in in unread:
        raise unread[made_in]
    if made_in not in named and len(holders) == 1:
        return next(iter(holders))
    where = ", ".join(holders)
    raise UsageError(
        f"{change_set} was made in {made_in}, and only the journal of {where} has it: a copy, "
        "probably, that came with a backup.",
        remedy=f"To undo it there, name the environment: -e {next(iter(holders))}",
        code="change-set-elsewhere",
    )


def find_plan(
    environments: Sequence[Environment], plan_hash: str
) -> list[tuple[Environment, list[JournalEntry]]]:
    """Return what of a plan is to be undone: its last change set in each environment, newest first.

    What was undone already, by itself or with a failed wave, is left out; none may be left then.

    Args:
        environments: whose journals may hold one; those without a journal hold none.
        plan_hash: the plan's hash, or how it begins.

    Raises:
        UsageError: there is none, or several plans begin so.
        OpskitError: one of the journals cannot be read.
    """
    if not plan_hash.strip():
        raise _unnamed("The plan has no hash.")
    found: dict[str, tuple[Environment, list[JournalEntry]]] = {}
    hashes: set[str] = set()
    for environment, outcome in _read_all(environments, since=None, change_set=None):
        if isinstance(outcome, JournalMissing):
            continue
        if isinstance(outcome, OpskitError):
            raise outcome
        # Not those of others that share the database, or that came with a backup of theirs.
        own = [entry for entry in outcome if entry.environment == environment.name]
        entries = [e for e in own if e.plan_hash and e.plan_hash.startswith(plan_hash)]
        hashes |= {entry.plan_hash or "" for entry in entries}
        if entries and (last := entries[0].change_set) not in _undone(own):
            found[last] = environment, [e for e in entries if e.change_set == last]
    if len(hashes) > 1:
        raise UsageError(
            f"{len(hashes)} plans begin with {plan_hash!r}.",
            remedy="Write more of the hash; see `opskit history -o json`.",
            code="change-set-ambiguous",
        )
    if not hashes:
        raise UsageError(
            f"No journal of these environments has changes of a plan {plan_hash!r}.",
            remedy="See what was applied, and by which plan, with: opskit history",
            code="change-set-unknown",
        )
    return sorted(found.values(), key=lambda one: one[1][0].changed_at, reverse=True)


def _undone(entries: Sequence[JournalEntry]) -> set[str]:
    """Return the change sets that others undid, unless those were undone themselves.

    Args:
        entries: newest first; what undoes a change set is newer than that.
    """
    undone: set[str] = set()
    for entry in entries:
        if entry.reverts and entry.change_set not in undone:
            undone.add(entry.reverts)
    return undone
