# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Undo a change set: put the old lifetimes back where its own still stand."""

from collections.abc import Sequence
from dataclasses import replace

from opskit.db.store import open_store
from opskit.errors import ValueChanged
from opskit.journal import find_change_set, require_journal
from opskit.lifetime import ChangeOptions, Confirm, change_lifetimes
from opskit.models import Change, ChangeSet
from opskit.progress import Progress, silent
from opskit.settings import Environment
from opskit.transaction import moved


def revert(
    environments: Sequence[Environment],
    change_set: str,
    options: ChangeOptions,
    *,
    force: bool = False,
    confirm: Confirm = lambda *_: None,
    progress: Progress = silent,
) -> ChangeSet:
    """Undo the change set of this id, or whose id begins so, wherever it was made.

    What undoes it is a journalled change set itself, and can be reverted like any other.

    Args:
        environments: whose journals may hold it.
        change_set: its id.
        options: how; the policy is told about and not enforced, since a revert leads back to
            what was accepted once.
        force: put the old values back over whatever stands there now.
        confirm: called with the changes before anything is written; raises to refuse them.
        progress: told each step.

    Raises:
        UsageError: no journal holds it, or several begin so.
        ValueChanged: a client no longer has what the change set wrote, and ``force`` is not set.
        PolicyError: the old lifetime would lock the client out.
    """
    environment, entries = find_change_set(environments, change_set)
    back = [Change(e.client_id, e.client_name, e.new, e.old) for e in entries]
    return undo(
        environment,
        back,
        entries[0].change_set,
        options,
        force=force,
        confirm=confirm,
        progress=progress,
    )


def undo(
    environment: Environment,
    back: Sequence[Change],
    change_set: str | None,
    options: ChangeOptions,
    *,
    force: bool = False,
    confirm: Confirm = lambda *_: None,
    progress: Progress = silent,
) -> ChangeSet:
    """Change lifetimes back: ``back`` leads from what a change set wrote to what was before.

    The arguments and errors are those of :func:`revert`.
    """
    warnings: dict[str, None] = {}  # each once, in order
    for lifetime in sorted({change.new for change in back}):
        advice = environment.policy.check(lifetime, environment=environment.name, override=True)
        warnings |= dict.fromkeys(f"{lifetime} s: {words}" for words in advice)
    with open_store(environment) as store:
        present = store.lifetimes([change.client_id for change in back])
        if options.journal:
            require_journal(store, environment)
    differing = [change for change in back if present.get(change.client_id) != change.old]
    if differing and not force:
        raise _conflict(moved(environment, differing, present))
    for change in differing:
        label, now = change.name or change.client_id, present.get(change.client_id)
        if now is None:
            warnings[f"{label} is gone and was left out (--force)"] = None
        elif now != change.new:
            words = f"{label} had {now} s, not the {change.old} s of that change set: overwritten"
            warnings[f"{words} (--force)"] = None
    there = [
        replace(change, old=present[change.client_id])
        for change in back
        if change.client_id in present
    ]
    pending = [change for change in there if change.old != change.new]
    if pending and not options.dry_run:
        confirm(environment, pending)
    record = options.author.record(environment.name, reverts=change_set)
    done = change_lifetimes(environment, there, record, options, progress=progress)
    return replace(done, warnings=[*warnings, *done.warnings])


def _conflict(error: ValueChanged) -> ValueChanged:
    return ValueChanged(
        error.message,
        remedy="It was changed again, or reverted already: see `opskit history`. To put the old "
        "lifetimes back over that: --force.",
        environment=error.environment,
    )
