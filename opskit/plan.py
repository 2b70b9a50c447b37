# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Desired state against live state: what would have to be written; nothing is."""

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from opskit.db.store import open_store
from opskit.desired import DesiredState
from opskit.durations import format_duration
from opskit.errors import OpskitError, PolicyError, ValueChanged
from opskit.fleet import at_once
from opskit.interruption import Stop
from opskit.matching import match_clients
from opskit.models import Change, Client, EnvironmentPlan, Plan, Violation
from opskit.policy import LARGEST
from opskit.settings import Environment

_LISTED = 10  # clients in a message


def make_plan(
    environments: Sequence[Environment], desired: DesiredState, *, override_policy: bool = False
) -> tuple[Plan, list[OpskitError]]:
    """Compare the desired state with what several environments hold now.

    Args:
        environments: where to look, in the order of opskit.toml.
        desired: what they shall hold.
        override_policy: accept planned lifetimes outside the policy.

    Returns:
        The plan of what could be read, and one error for each environment that could not, or whose
        policy refuses what is planned. With errors the plan must not be carried out.
    """
    ordered = sorted(environments, key=lambda environment: environment.wave)
    outcomes = at_once(ordered, lambda one: plan_environment(one, desired, _clients(one)))
    plans = [outcome for outcome in outcomes if isinstance(outcome, EnvironmentPlan)]
    errors = [outcome for outcome in outcomes if isinstance(outcome, OpskitError)]
    if not override_policy:
        errors += _refusals(plans)
    return Plan(plans, plan_hash(plans), policy_overridden=override_policy), errors


def plan_environment(
    environment: Environment, desired: DesiredState, clients: Sequence[Client]
) -> EnvironmentPlan:
    """Compare the desired state with the clients of one environment."""
    matched = match_clients(desired, environment.name, clients)
    observed, unmanaged, violations = [], [], []
    violation = _judge(environment, desired)
    for client in clients:
        new = matched.lifetimes.get(client.client_id)
        if new is None:
            unmanaged.append(client)
        else:
            observed.append(Change(client.client_id, client.name, client.lifetime, new))
        changed = new is not None and new != client.lifetime
        lifetime = new if new is not None else client.lifetime
        if broken := violation(lifetime):
            words = Violation(client.client_id, client.name, lifetime, changed, broken)
            violations.append(words)
    return EnvironmentPlan(
        environment.name, environment.wave, observed, unmanaged, matched.missing, violations
    )


def plan_hash(plans: Sequence[EnvironmentPlan]) -> str:
    """Return the SHA-256 of what was observed and is wanted, whatever order it was read in.

    What the policy says against it is a part of it, since that is what refuses a plan.
    """
    content = []
    for plan in sorted(plans, key=lambda plan: (plan.wave, plan.environment)):
        rows = sorted(
            [c.client_id, c.name or "", c.name is None, c.old, c.new] for c in plan.observed
        )
        against = sorted([v.client_id, v.lifetime, v.reason] for v in plan.violations if v.planned)
        content.append([plan.environment, plan.wave, rows, against])
    return hashlib.sha256(msgspec.json.encode(content)).hexdigest()


def check_observed(
    plan: Plan, environments: Sequence[Environment], *, stop: Stop | None = None
) -> list[OpskitError]:
    """Read the live state anew and compare it with what the plan was made for.

    Args:
        plan: what was observed, in each of its environments.
        environments: those of opskit.toml; the plan's are among them.
        stop: learns of Ctrl-C, for what comes afterwards.

    Returns:
        One error for each environment that could not be read or has moved; none when the whole
        plan can begin.

    Raises:
        Interrupted: Ctrl-C was pressed meanwhile.
    """
    planned = {one.environment: one for one in plan.environments}
    concerned = [environment for environment in environments if environment.name in planned]

    def compare(environment: Environment) -> OpskitError | None:
        return _moved(environment, planned[environment.name].observed)

    outcomes = at_once(concerned, compare, stop=stop)
    return [outcome for outcome in outcomes if isinstance(outcome, OpskitError)]


def _clients(environment: Environment) -> list[Client]:
    with open_store(environment) as store:
        return store.clients()


def _judge(environment: Environment, desired: DesiredState) -> Callable[[int], str]:
    """Return what says which bound a lifetime breaks; an empty text when it breaks none."""
    policy = environment.policy
    bounds: list[tuple[int, int, str]] = [
        (own.min_lifetime or 1, own.max_lifetime or LARGEST, desired.path.name)
        for own in desired.bounds_in(environment.name)
    ]
    bounds.append((policy.min_lifetime, policy.max_lifetime, "opskit.toml"))

    def broken(lifetime: int) -> str:
        for least, most, file in bounds:
            if lifetime < least:
                return f"under the minimum of {_words(least)} in {file}"
            if lifetime > most:
                return f"over the maximum of {_words(most)} in {file}"
        return ""

    return broken


def _refusals(plans: Sequence[EnvironmentPlan]) -> list[OpskitError]:
    errors: list[OpskitError] = []
    for plan in plans:
        planned = [violation for violation in plan.violations if violation.planned]
        if planned:
            lines = [
                f"{v.name or v.client_id}: {_words(v.lifetime)} is {v.reason}" for v in planned
            ]
            errors.append(
                PolicyError(
                    f"The policy of {plan.environment} refuses what is planned: {_listed(lines)}.",
                    remedy="Mend lifetimes.toml, or accept it with --override-policy.",
                    environment=plan.environment,
                )
            )
    return errors


def _moved(environment: Environment, observed: Sequence[Change]) -> ValueChanged | None:
    with open_store(environment) as store:
        present = store.lifetimes([change.client_id for change in observed])
    lines = []
    for change in observed:
        now = present.get(change.client_id)
        if now != change.old:
            found = "is gone" if now is None else f"has {now} s now"
            name = change.name or change.client_id
            lines.append(f"{environment.name}: {name}, planned from {change.old} s, {found}")
    if not lines:
        return None
    if all(present.get(change.client_id) == change.new for change in observed):
        return ValueChanged(
            f"In {environment.name} everything is as this plan wants it, and was not when it was "
            "made: probably it was carried out already. Nothing was written.",
            remedy="See `opskit history`; plan anew for what is left to do elsewhere.",
            environment=environment.name,
        )
    return ValueChanged(
        f"Since the plan was made, others have changed what it was made for. {_listed(lines)}. "
        "Nothing was written.",
        remedy="Find out who changed it; then plan anew.",
        environment=environment.name,
    )


def _listed(lines: Sequence[str]) -> str:
    more = [f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    return "; ".join([*lines[:_LISTED], *more])


def _words(seconds: int) -> str:
    return f"{seconds} s ({format_duration(seconds)})"
