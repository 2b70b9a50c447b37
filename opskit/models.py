# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What crosses layers: clients, changes and checks.

All of it is data that the JSON output shows under the same names (docs/json.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Client:
    """One row of ``Clients``, as far as opskit needs it.

    Attributes:
        client_id: the OAuth client id; unique within its environment, different in each.
        name: the ClientName that people know; None where there is none or no right to read it.
        lifetime: AccessTokenLifetime in seconds.
        enabled: False for a client that gets no tokens; None without the right to read it.
    """

    client_id: str
    name: str | None
    lifetime: int
    enabled: bool | None

    @property
    def label(self) -> str:
        """The name by which the same integration is known in every environment."""
        return self.name or self.client_id


@dataclass(frozen=True, slots=True)
class Change:
    """One lifetime to change: from ``old`` to ``new`` seconds."""

    client_id: str
    name: str | None
    old: int
    new: int


class Status(StrEnum):
    """How a check ended; only ``FAIL`` makes a command fail."""

    PASS = "pass"  # noqa: S105 (a status, not a password)
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a failed check says.

    Attributes:
        id: the stable name of the explanation (``opskit.explain``).
        symptom: what was seen, with the values of this case.
        cause: what it most likely means.
        remedy: what to do now.
        unreachable: True when the other side gave no answer at all (exit code 3 instead of 1).
    """

    id: str
    symptom: str
    cause: str
    remedy: str
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One verified fact.

    Attributes:
        id: its stable name, such as ``token.signature``.
        status: how it ended.
        summary: what was seen, in a few words.
        finding: why it failed and what to do; None when it passed.
        elapsed: seconds that the request behind it took; None without a request of its own.
    """

    id: str
    status: Status
    summary: str
    finding: Finding | None = None
    elapsed: float | None = None


@dataclass(frozen=True, slots=True)
class EnvironmentClients:
    """The clients of one environment.

    Attributes:
        environment: its name.
        clients: by name.
        outside_policy: ids of clients whose lifetime the environment's policy does not allow.
    """

    environment: str
    clients: Sequence[Client]
    outside_policy: Sequence[str]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The clients of several environments.

    Attributes:
        environments: one entry for each environment that could be read.
        drift: names of clients whose lifetime is not the same everywhere.
    """

    environments: Sequence[EnvironmentClients]
    drift: Sequence[str]


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
    """

    environment: str
    outcome: Outcome
    changes: Sequence[Change]
    checks: Sequence[Check] = field(default=())
    warnings: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class ChangeSets:
    """The change sets of one command, in the order in which they were made."""

    change_sets: Sequence[ChangeSet]


@dataclass(frozen=True, slots=True)
class EnvironmentReport:
    """The checks of one environment, in the order in which they are read."""

    environment: str
    checks: Sequence[Check]


@dataclass(frozen=True, slots=True)
class Report:
    """What ``verify``, ``smoke`` and ``doctor`` found."""

    environments: Sequence[EnvironmentReport]


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a command wrote."""

    path: str


@dataclass(frozen=True, slots=True)
class SandboxEnvironment:
    """One rehearsal environment of a running sandbox.

    Attributes:
        name: dev, test or prod.
        identity: the base URL of its Identity Service.
        creatio: the base URL of its Creatio.
        runtime: what its Creatio really runs on: ``framework`` (API under /0) or ``net``.
        database: the URL of its database, without the password.
        faults: the faults that are on.
    """

    name: str
    identity: str
    creatio: str
    runtime: str
    database: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """A sandbox, seen from outside.

    Attributes:
        folder: where it lives.
        config: the path of its opskit.toml, which exists while it runs.
        running: whether it answers.
        environments: its environments; none while it does not run.
    """

    folder: str
    config: str
    running: bool
    environments: tuple[SandboxEnvironment, ...]
