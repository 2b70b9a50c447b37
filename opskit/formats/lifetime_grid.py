# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Lifetimes as clients × environments: what is, what is wanted, and what stands out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opskit.durations import format_duration
from opskit.models import (
    Applied,
    Change,
    Client,
    EnvironmentPlan,
    Outcome,
    Plan,
    Report,
    VerifiedClient,
    Violation,
)
from opskit.results import Result


@dataclass(frozen=True, slots=True)
class Lifetime:
    """One client's lifetime in one environment.

    Attributes:
        client_id: whose.
        before: what it is now.
        after: what is wanted; the same for one that stays.
        managed: whether it is one of those that the command is about.
        outside: which policy it breaks; empty for none.
        refused: whether that keeps the plan from being carried out.
        note: what else there is to say.
        wrong: whether that contradicts the lifetime.
    """

    client_id: str
    before: int
    after: int
    managed: bool = True
    outside: str = ""
    refused: bool = False
    note: str = ""
    wrong: bool = False

    @property
    def changes(self) -> bool:
        """Whether it is to be written, and was not yet."""
        return self.before != self.after

    @property
    def title(self) -> str:
        """The same in seconds, as the database holds it."""
        arrow = f" → {self.after} s" if self.changes else ""
        return f"{self.client_id}: {self.before} s{arrow}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the grid: a client, or an environment.

    Attributes:
        name: the client's or the environment's.
        note: the wave of an environment; empty for a client.
        drift: whether a client's lifetimes are, or will be, not the same everywhere.
        cells: one for each column, each with the clients of that name there.
        state: ``pending``, ``fail`` or ``ok``.
        find: the words by which it is found.
    """

    name: str
    note: str
    drift: bool
    cells: Sequence[Sequence[Lifetime]]
    state: str
    find: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What stands out, said once for all environments.

    Attributes:
        state: ``fail`` when it keeps the plan from being carried out, else ``warn``.
        about: one word.
        words: the remark.
        environments: where it holds.
    """

    state: str
    about: str
    words: str
    environments: Sequence[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """The grid, laid such that the longer side is the one that a page scrolls along.

    Attributes:
        by_client: whether each line is a client; else each is an environment.
        columns: their names, each with its note and whether it drifts.
        lines: the lines.
        remarks: on policies, and on clients that are not there.
        arrow: what it means that a lifetime changes; empty where none does.
    """

    by_client: bool
    columns: Sequence[tuple[str, str, bool]]
    lines: Sequence[Line]
    remarks: Sequence[Remark]
    arrow: str


# Environment → client → those of its lifetimes that go by this name there.
Table = Mapping[str, Mapping[str, Sequence[Lifetime]]]


def lifetime_grid(result: Result) -> Grid | None:
    """Return the lifetimes that a result knows; None when it knows none."""
    data = result.data
    if isinstance(data, Plan):
        return _planned(data, "would be written", by_now=False)
    if isinstance(data, Applied) and result.plan:
        dry = any(one.outcome is Outcome.DRY_RUN for one in data.change_sets)
        arrow = "would be written" if dry else "is wanted, and was not written"
        return _planned(_carried_out(result.plan, data), arrow, by_now=not dry)
    if isinstance(data, Report):
        return _verified(data)
    return None


def _planned(plan: Plan, arrow: str, *, by_now: bool) -> Grid | None:
    table = {one.environment: _lifetimes(one, plan) for one in plan.environments}
    waves = {one.environment: f"wave {one.wave}" for one in plan.environments}
    return _grid(table, waves, _remarks(plan), arrow, by_now=by_now)


def _carried_out(plan: Plan, applied: Applied) -> Plan:
    """Return the plan that is left: what was written, and not undone, is what is now."""
    undone = {one.environment for one in applied.reverted}
    written = {
        one.environment for one in applied.change_sets if one.outcome is not Outcome.DRY_RUN
    } - undone
    left = [_written(one) if one.environment in written else one for one in plan.environments]
    return replace(plan, environments=left)


def _written(one: EnvironmentPlan) -> EnvironmentPlan:
    observed = [Change(c.client_id, c.name, c.new, c.new) for c in one.observed]
    violations = [replace(violation, planned=False) for violation in one.violations]
    return replace(one, observed=observed, violations=violations)


def _verified(report: Report) -> Grid | None:
    seen = {one.environment: one.client for one in report.environments if one.client}
    table = {
        environment: {client.name or client.client_id: [_fresh(client)]}
        for environment, client in seen.items()
        if client.in_database is not None or client.in_token is not None
    }
    return _grid(table, dict.fromkeys(table, ""), [], "", by_now=True)


def _fresh(client: VerifiedClient) -> Lifetime:
    held, token = client.in_database, client.in_token
    outside = "outside the policy of opskit.toml" if client.outside_policy else ""
    if held is None:
        lifetime, note = token or 0, "in the token"
    else:
        lifetime = held
        note = "no token" if token is None else f"token {format_duration(token)}"
    wrong = held is not None and token is not None and held != token
    return Lifetime(client.client_id, lifetime, lifetime, True, outside, False, note, wrong)


def _grid(
    table: Table, notes: Mapping[str, str], remarks: Sequence[Remark], arrow: str, *, by_now: bool
) -> Grid | None:
    """Lay out the grid; ``by_now`` tells drift by what is, and else by what is wanted."""
    if not table:
        return None
    clients = sorted({label for row in table.values() for label in row}, key=str.casefold)
    drifting = {label for label in clients if _drifts(label, table, by_now=by_now)}
    environments = [(name, note, False) for name, note in notes.items()]
    integrations = [(label, "", label in drifting) for label in clients]
    by_client = len(environments) <= len(integrations)
    heads, columns = (integrations, environments) if by_client else (environments, integrations)
    lines = []
    for name, note, drift in heads:
        pairs = [(other, name) if by_client else (name, other) for other, _, _ in columns]
        cells = [table[environment].get(label, []) for environment, label in pairs]
        lines.append(_line(name, note, drift, cells))
    return Grid(by_client, columns, lines, remarks, arrow)


def _remarks(plan: Plan) -> list[Remark]:
    where: dict[tuple[str, str, str], list[str]] = {}
    for one in plan.environments:
        said = [_policy_remark(violation, plan) for violation in one.violations]
        said += [("warn", "missing", f"no such client: {selector}") for selector in one.missing]
        for remark in said:
            where.setdefault(remark, []).append(one.environment)
    return [Remark(*remark, environments) for remark, environments in where.items()]


def _policy_remark(violation: Violation, plan: Plan) -> tuple[str, str, str]:
    label = violation.name or violation.client_id
    words = f"{format_duration(violation.lifetime)}, {violation.reason}"
    if not violation.planned:
        return "warn", "policy", f"{label} has {words}"
    if plan.policy_overridden:
        return "warn", "policy", f"{label} would have {words}, accepted by --override-policy"
    return "fail", "policy", f"{label} would have {words}"


def _line(name: str, note: str, drift: bool, cells: Sequence[Sequence[Lifetime]]) -> Line:
    everything = [one for cell in cells for one in cell]
    state = "pending" if any(one.changes for one in everything) else "ok"
    if any(one.outside or one.wrong for one in everything):
        state = "fail"
    ids = (one.client_id for one in everything)
    return Line(name, note, drift, cells, state, " ".join([name, note, *ids]))


def _lifetimes(one: EnvironmentPlan, plan: Plan) -> dict[str, list[Lifetime]]:
    broken = {violation.client_id: violation for violation in one.violations}
    row: dict[str, list[Lifetime]] = {}
    for change in one.observed:
        found = _lifetime(change.client_id, change.old, change.new, broken, plan)
        row.setdefault(change.name or change.client_id, []).append(found)
    for client in one.unmanaged:
        row.setdefault(client.label, []).append(_unmanaged(client, broken, plan))
    return row


def _lifetime(
    client_id: str, before: int, after: int, broken: Mapping[str, Violation], plan: Plan
) -> Lifetime:
    violation = broken.get(client_id)
    outside, refused = "", False
    if violation is not None:
        outside = f"{format_duration(violation.lifetime)} is {violation.reason}"
        refused = violation.planned and not plan.policy_overridden
    return Lifetime(client_id, before, after, True, outside, refused)


def _unmanaged(client: Client, broken: Mapping[str, Violation], plan: Plan) -> Lifetime:
    found = _lifetime(client.client_id, client.lifetime, client.lifetime, broken, plan)
    return replace(found, managed=False, note="disabled" if client.enabled is False else "")


def _drifts(label: str, table: Table, *, by_now: bool) -> bool:
    everywhere = [one for row in table.values() for one in row.get(label, [])]
    return len({one.before if by_now else one.after for one in everywhere}) > 1
