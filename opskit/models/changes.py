# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Plans, and the change sets that came of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from opskit.models.checks import Check, EnvironmentReport
from opskit.models.clients import Change, Client


class Outcome(StrEnum):
    """What became of a change set."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    DRY_RUN = "dry-run"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """All changes of one command in one environment, and what proves them.

    Attributes:
        environment: where.
        outcome: whether anything was written.
        changes: old and new lifetimes in seconds.
        checks: read back and fresh tokens, in that order.
        warnings: what the policy allows but advises against.
        id: under which the journal holds it; None when nothing was written or recorded.
        reverts: the id of the change set that it undoes, when it undoes one.
    """

    environment: str
    outcome: Outcome
    changes: Sequence[Change]
    checks: Sequence[Check] = field(default=())
    warnings: Sequence[str] = field(default=())
    id: str | None = None
    reverts: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeSets:
    """The change sets of one command, in the order in which they were made."""

    change_sets: Sequence[ChangeSet]


@dataclass(frozen=True, slots=True)
class Violation:
    """A lifetime that an environment's policy does not accept.

    Attributes:
        client_id: whose.
        name: its ClientName.
        lifetime: seconds.
        planned: whether the desired state asks for it; False when a client has it now.
        reason: which bound it breaks.
    """

    client_id: str
    name: str | None
    lifetime: int
    planned: bool
    reason: str


@dataclass(frozen=True, slots=True)
class EnvironmentPlan:
    """Desired state against live state in one environment.

    Attributes:
        environment: where.
        wave: when it is applied; lower numbers go first.
        observed: every managed client with the lifetime that was seen and the one that is wanted,
            which may be the same.
        unmanaged: clients that the desired state says nothing about.
        missing: selectors of the desired state that no client matches here.
        violations: lifetimes outside the policy.
    """

    environment: str
    wave: int
    observed: Sequence[Change]
    unmanaged: Sequence[Client] = field(default=())
    missing: Sequence[str] = field(default=())
    violations: Sequence[Violation] = field(default=())

    @property
    def changes(self) -> list[Change]:
        """What would be written."""
        return [change for change in self.observed if change.old != change.new]


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes to reach the desired state; nothing is written by it.

    Attributes:
        environments: by wave, then in the order of opskit.toml.
        hash: SHA-256 over everything that would be written and what was observed for it.
        policy_overridden: whether planned lifetimes outside the policy were accepted.
        path: the file that it was saved to or read from; None when there is none.
    """

    environments: Sequence[EnvironmentPlan]
    hash: str
    policy_overridden: bool = False
    path: str | None = None

    @property
    def pending(self) -> bool:
        """Whether there is anything to write."""
        return any(one.changes for one in self.environments)


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a plan, wave by wave.

    Attributes:
        plan_hash: the plan.
        change_sets: what was done, in the order of the waves.
        smoke: the smoke checks that gated the waves; empty without ``--smoke``.
        reverted: the change sets that undid a failed wave.
        not_started: environments of waves that did not begin.
    """

    plan_hash: str
    change_sets: Sequence[ChangeSet]
    smoke: Sequence[EnvironmentReport] = field(default=())
    reverted: Sequence[ChangeSet] = field(default=())
    not_started: Sequence[str] = field(default=())
