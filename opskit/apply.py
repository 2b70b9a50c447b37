# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Carry out a plan, wave by wave: each is changed, proved and smoke-checked before the next."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from itertools import groupby

from opskit.check_options import CheckOptions
from opskit.db.store import open_store
from opskit.errors import Interrupted, OpskitError, PolicyError, internal_error
from opskit.fleet import at_once
from opskit.interruption import Stop
from opskit.journal import require_journal
from opskit.lifetime import ChangeOptions, Confirm, change_lifetimes, proved
from opskit.models import (
    Applied,
    Change,
    ChangeSet,
    EnvironmentPlan,
    EnvironmentReport,
    Outcome,
    Plan,
    Status,
)
from opskit.plan import check_observed
from opskit.progress import Progress, silent
from opskit.revert import undo
from opskit.settings import Environment
from opskit.threads import DATABASES


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """How a plan is carried out.

    Attributes:
        change: how each environment is changed.
        smoke: check the four data paths of a wave before the next one begins.
        smoke_wait: seconds that this goes on for while an environment is warming up.
        revert_on_failure: undo the change sets of a wave that failed.
    """

    change: ChangeOptions = field(default_factory=ChangeOptions)
    smoke: bool = False
    smoke_wait: float = 0
    revert_on_failure: bool = False


def apply_plan(
    plan: Plan,
    environments: Mapping[str, Environment],
    options: ApplyOptions,
    *,
    confirm: Confirm = lambda *_: None,
    progress: Progress = silent,
) -> tuple[Applied, list[OpskitError]]:
    """Carry out ``plan``; it ends at the first wave in which something fails.

    Args:
        plan: what to change, from which values.
        environments: those of the plan, by name.
        options: how.
        confirm: called with the changes of each environment before anything is written, and only
            if all of it can begin; raises to refuse them.
        progress: told each step, from several threads.

    Whatever can be known beforehand is checked in all environments first: when a value has moved
    since, the policy refuses one, or a journal is missing, nothing is written anywhere.

    Returns:
        What was done, and one error for each environment in which something went wrong.
    """
    named = [environments[one.environment] for one in plan.environments]
    parts = {one.environment: one for one in plan.environments}
    stop = Stop.of(progress)
    try:
        refusals = at_once(
            named, lambda one: _check_possible(parts[one.name], one, options), stop=stop
        )
        errors = [refusal for refusal in refusals if refusal is not None]
        errors = errors or check_observed(plan, named, stop=stop)
    except KeyboardInterrupt:  # between the two
        raise Interrupted("Interrupted; nothing was written.") from None
    if errors:
        return Applied(plan.hash, [], not_started=list(parts)), errors
    if not options.change.dry_run:
        for one in plan.environments:
            if one.changes:
                confirm(environments[one.environment], one.changes)
    run = _Run(plan, environments, options, stop)
    waves = [list(wave) for _, wave in groupby(plan.environments, key=lambda one: one.wave)]
    try:
        for wave in waves:
            if not run.wave(wave):
                break
    except KeyboardInterrupt:  # between two waves
        run.stop()
    return run.applied(), run.errors()


class _Run:
    """One run over the waves, and what came of it so far."""

    def __init__(
        self,
        plan: Plan,
        environments: Mapping[str, Environment],
        options: ApplyOptions,
        stop: Stop,
    ) -> None:
        self._plan = plan
        self._environments = environments
        self._options = options
        self._stop = stop
        self._begun: set[str] = set()
        self._done: list[ChangeSet] = []
        self._smoke: list[EnvironmentReport] = []
        self._reverted: list[ChangeSet] = []
        self._errors: list[OpskitError] = []

    def stop(self) -> None:
        """End at the next safe point of each environment; no wave begins any more."""
        self._stop.ask()

    def applied(self) -> Applied:
        """Return what was done."""
        planned = [one.environment for one in self._plan.environments]
        left = [name for name in planned if name not in self._begun]
        return Applied(self._plan.hash, self._done, self._smoke, self._reverted, left)

    def errors(self) -> list[OpskitError]:
        """Return what went wrong, and that it was interrupted even where nothing noticed."""
        noticed = any(isinstance(error, Interrupted) for error in self._errors)
        if self._stop.asked and not noticed:
            words = "Interrupted; each environment is as shown, and no further wave was begun."
            return [*self._errors, Interrupted(words)]
        return self._errors

    def wave(self, wave: Sequence[EnvironmentPlan]) -> bool:
        """Change the environments of a wave at once; return whether the next may begin."""
        with self._stop.by_ctrl_c():
            self._begun |= {one.environment for one in wave}
            before = len(self._done), len(self._errors)
            self._each(self._done, [(one.environment, self._change(one)) for one in wave])
        done, errors = self._done[before[0] :], self._errors[before[1] :]
        well = not errors and all(map(proved, done))
        smoke = self._options.smoke and not self._options.change.dry_run
        if well and smoke and not self._stop.asked:
            well = self._smoke_checked([self._environments[one.environment] for one in wave])
        if not well and self._options.revert_on_failure and not self._stop.asked:
            changed = [one for one in done if one.outcome is Outcome.CHANGED]
            with self._stop.by_ctrl_c():
                self._each(self._reverted, [(c.environment, self._undo(c)) for c in changed])
        return well and not self._stop.asked

    def _change(self, planned: EnvironmentPlan) -> Callable[[], ChangeSet]:
        environment = self._environments[planned.environment]
        options = self._options.change
        record = options.author.record(environment.name, plan_hash=self._plan.hash)
        return lambda: change_lifetimes(
            environment, planned.observed, record, options, progress=self._stop
        )

    def _undo(self, done: ChangeSet) -> Callable[[], ChangeSet]:
        environment = self._environments[done.environment]
        back = [Change(c.client_id, c.name, c.new, c.old) for c in done.changes if c.old != c.new]
        # What failed to take effect can hardly be proved to be gone: no waiting for a cache.
        options = replace(self._options.change, wait=0)
        return lambda: undo(environment, back, done.id, options, progress=self._stop)

    def _each(
        self, done: list[ChangeSet], tasks: Sequence[tuple[str, Callable[[], ChangeSet]]]
    ) -> None:
        """Run one task for each environment at once, and add what they did to ``done``."""
        with ThreadPoolExecutor(max_workers=DATABASES) as pool:
            futures = [(name, pool.submit(task)) for name, task in tasks]
            while wait([future for _, future in futures], timeout=0.5).not_done:
                pass  # in pieces, because Windows lets no signal through before a wait ends
        for name, future in futures:
            change_set, error = _outcome(name, future)
            if change_set is not None:
                done.append(change_set)
            if error is not None:
                self._errors.append(error)

    def _smoke_checked(self, environments: Sequence[Environment]) -> bool:
        from opskit.patience import check_environments
        from opskit.smoke import smoke

        report, errors = check_environments(
            environments,
            lambda one, http: smoke(one, http=http),
            CheckOptions(wait=self._options.smoke_wait),
            self._stop.progress,  # asyncio learns of Ctrl-C by itself
        )
        self._smoke += report.environments
        self._errors += errors
        if any(isinstance(error, Interrupted) for error in errors):
            self.stop()
        checks = [check for one in report.environments for check in one.checks]
        return not errors and all(check.status is not Status.FAIL for check in checks)


def _outcome(name: str, future: Future[ChangeSet]) -> tuple[ChangeSet | None, OpskitError | None]:
    """Return what became of one environment: it may be both changed and interrupted."""
    try:
        return future.result(), None
    except Interrupted as error:
        error.environment = name
        return (error.done if isinstance(error.done, ChangeSet) else None), error
    except OpskitError as error:
        error.environment = name
        return None, error
    except Exception as error:  # noqa: BLE001 (one environment must not hide the others)
        return None, internal_error(error, name)


def _check_possible(
    planned: EnvironmentPlan, environment: Environment, options: ApplyOptions
) -> None:
    """Find out before the first write what would stop a later one.

    Raises:
        OpskitError: the environment cannot take its part of the plan.
    """
    override = options.change.override_policy
    for violation in planned.violations:
        if violation.planned and not override:
            raise PolicyError(
                f"The plan breaks the policy of {environment.name}: "
                f"{violation.name or violation.client_id} with {violation.lifetime} s, "
                f"{violation.reason}. Nothing was written.",
                remedy="Mend lifetimes.toml and plan anew, or add --override-policy.",
                environment=environment.name,
            )
    for lifetime in {change.new for change in planned.changes}:
        environment.policy.check(lifetime, environment=environment.name, override=override)
    if options.smoke:
        environment.require("identity")
        environment.require("creatio")
        environment.require_client()
    if options.change.journal and planned.changes:
        with open_store(environment) as store:
            require_journal(store, environment)
