# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Undo a change set: put the old lifetimes back where its own still stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opskit.db.store import open_store
from opskit.errors import Interrupted, OpskitError, ValueChanged
from opskit.history import find_change_set, find_plan
from opskit.interruption import Stop
from opskit.journal import require_journal
from opskit.lifetime import ChangeOptions, Confirm, change_lifetimes, proved
from opskit.models import Change, ChangeSet, ChangeSets
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
    undoing = _prepare(environment, back, change_set, options, progress, force=force)
    undoing.ask(options, confirm)
    return undoing.run(options, progress)


def revert_plan(
    environments: Sequence[Environment],
    plan_hash: str,
    options: ChangeOptions,
    *,
    force: bool = False,
    confirm: Confirm = lambda *_: None,
    progress: Progress = silent,
) -> tuple[ChangeSets, list[OpskitError]]:
    """Undo what the plan of this hash, or whose hash begins so, changed in all environments.

    Where a plan was applied more than once, its last change set is undone; where that was undone
    already, with a failed wave or by an undo that ended early, nothing. All of them are
    compared before the first is written; then the newest goes first, and the first that fails is
    the last. The arguments are those of :func:`revert`.

    Returns:
        What was done, and the error that ended it, if one did.

    Raises:
        OpskitError: one of the environments cannot be put back; nothing was written.
    """
    prepared = []
    for environment, entries in find_plan(environments, plan_hash):
        back = [Change(e.client_id, e.client_name, e.new, e.old) for e in entries]
        change_set = entries[0].change_set
        prepared.append(_prepare(environment, back, change_set, options, progress, force=force))
    for undoing in prepared:
        undoing.ask(options, confirm)
    done: list[ChangeSet] = []
    for undoing in prepared:
        try:
            done.append(undoing.run(options, progress))
        except KeyboardInterrupt:
            name = undoing.environment.name
            nothing = f"Interrupted; nothing was written in {name}."
            return ChangeSets(done), [Interrupted(nothing, environment=name)]
        except OpskitError as error:
            error.environment = undoing.environment.name
            if isinstance(error, Interrupted) and isinstance(error.done, ChangeSet):
                done.append(error.done)
            return ChangeSets(done), [error]
        if not proved(done[-1]):
            break
    return ChangeSets(done), []


@dataclass(frozen=True, slots=True)
class _Undoing:
    """The undo of one change set, compared with what is there.

    Attributes:
        environment: where.
        changes: from what is there now to what was there before the change set.
        change_set: what it undoes.
        warnings: what the policy advises against, and what ``--force`` overwrites.
    """

    environment: Environment
    changes: Sequence[Change]
    change_set: str | None
    warnings: Sequence[str]

    def ask(self, options: ChangeOptions, confirm: Confirm) -> None:
        """Have the changes confirmed, if there are any to be written."""
        pending = [change for change in self.changes if change.old != change.new]
        if pending and not options.dry_run:
            confirm(self.environment, pending)

    def run(self, options: ChangeOptions, progress: Progress) -> ChangeSet:
        """Make the change set that undoes the other."""
        record = options.author.record(self.environment.name, reverts=self.change_set)
        done = change_lifetimes(self.environment, self.changes, record, options, progress=progress)
        return replace(done, warnings=[*self.warnings, *done.warnings])


def _prepare(
    environment: Environment,
    back: Sequence[Change],
    change_set: str | None,
    options: ChangeOptions,
    progress: Progress,
    *,
    force: bool,
) -> _Undoing:
    """Compare what a change set wrote with what is there; the errors are those of `revert`."""
    warnings: dict[str, None] = {}  # each once, in order
    for lifetime in sorted({change.new for change in back}):
        advice = environment.policy.check(lifetime, environment=environment.name, override=True)
        warnings |= dict.fromkeys(f"{lifetime} s: {words}" for words in advice)

    def read() -> Mapping[str, int]:
        with open_store(environment) as store:
            present = store.lifetimes([change.client_id for change in back])
            if options.journal:
                require_journal(store, environment)
        return present

    present = Stop.of(progress).run(environment.name, read)
    differing = [change for change in back if present.get(change.client_id) != change.old]
    if differing and not force:
        raise _conflict(moved(environment, differing, present))
    if not present:
        raise ValueChanged(
            "None of the clients of that change set is there any more. Nothing was written.",
            environment=environment.name,
        )
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
    return _Undoing(environment, there, change_set, list(warnings))


def _conflict(error: ValueChanged) -> ValueChanged:
    return ValueChanged(
        error.message,
        remedy="It was changed again, or reverted already: see `opskit history`. To put the old "
        "lifetimes back over that: --force.",
        environment=error.environment,
    )
