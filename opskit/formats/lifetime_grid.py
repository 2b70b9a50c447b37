# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A plan as clients × environments: what is, what is wanted, and what stands out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opskit.durations import format_duration
from opskit.models import Client, EnvironmentPlan, Plan, Violation


@dataclass(frozen=True, slots=True)
class Lifetime:
    """One client's lifetime in one environment.

    Attributes:
        client_id: whose.
        before: what it is now.
        after: what is wanted; the same for one that stays.
        managed: whether the desired state says anything about it.
        disabled: whether the client gets no tokens at all.
        outside: which policy it breaks; empty for none.
        refused: whether that keeps the plan from being carried out.
    """

    client_id: str
    before: int
    after: int
    managed: bool
    disabled: bool
    outside: str
    refused: bool

    @property
    def changes(self) -> bool:
        """Whether it would be written."""
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
        drift: whether a client's lifetimes will not be the same everywhere.
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
    """

    by_client: bool
    columns: Sequence[tuple[str, str, bool]]
    lines: Sequence[Line]
    remarks: Sequence[Remark]


def lifetime_grid(plan: Plan) -> Grid | None:
    """Return the grid of ``plan``; None when no environment could be read."""
    table = {one.environment: _lifetimes(one, plan) for one in plan.environments}
    clients = sorted({label for row in table.values() for label in row}, key=str.casefold)
    if not table:
        return None
    drifting = {label for label in clients if _drifts(label, table)}
    waves = {one.environment: f"wave {one.wave}" for one in plan.environments}
    environments = [(name, wave, False) for name, wave in waves.items()]
    integrations = [(label, "", label in drifting) for label in clients]
    by_client = len(environments) <= len(integrations)
    heads, columns = (integrations, environments) if by_client else (environments, integrations)
    lines = []
    for name, note, drift in heads:
        pairs = [(other, name) if by_client else (name, other) for other, _, _ in columns]
        cells = [table[environment].get(label, []) for environment, label in pairs]
        lines.append(_line(name, note, drift, cells))
    return Grid(by_client, columns, lines, _remarks(plan))


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
    if any(one.outside for one in everything):
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
    return Lifetime(client_id, before, after, True, False, outside, refused)


def _unmanaged(client: Client, broken: Mapping[str, Violation], plan: Plan) -> Lifetime:
    found = _lifetime(client.client_id, client.lifetime, client.lifetime, broken, plan)
    disabled = client.enabled is False
    return Lifetime(
        found.client_id, found.before, found.after, False, disabled, found.outside, found.refused
    )


def _drifts(label: str, table: Mapping[str, Mapping[str, Sequence[Lifetime]]]) -> bool:
    return len({one.after for row in table.values() for one in row.get(label, [])}) > 1
