# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What was checked, and what a failed check says."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a check ended; only ``FAIL`` makes a command fail."""

    PASS = "pass"  # noqa: S105 (a status, not a password)
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"
    UNSUPPORTED = "unsupported"


class Certainty(StrEnum):
    """How sure the cause is that a finding names."""

    KNOWN = "known"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a failed check says.

    Attributes:
        id: the stable name of the explanation (``opskit.explain``).
        symptom: what was seen, with the values of this case.
        cause: what it most likely means.
        remedy: what to do now.
        unreachable: True when the other side gave no answer at all (exit code 3 instead of 1).
        transient: True when a restart or a deploy explains it, so that waiting may help.
        evidence: facts that were looked up to name the cause, one sentence each.
        link: its section in the documentation; empty for what that does not explain.
    """

    id: str
    symptom: str
    cause: str
    remedy: str
    unreachable: bool = False
    transient: bool = False
    evidence: Sequence[str] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class KnownFinding:
    """What opskit knows about a finding, whatever the case.

    Attributes:
        id: its stable name.
        symptom: what it looks like.
        cause: what it means.
        remedy: what to do then.
        certainty: ``known`` from the vendor's documentation or captured answers, or ``likely``.
        exit_code: what a check that fails by it makes the command end with.
        transient: whether waiting may help.
        link: its section in the documentation.
    """

    id: str
    symptom: str
    cause: str
    remedy: str
    certainty: Certainty
    exit_code: int
    transient: bool
    link: str


@dataclass(frozen=True, slots=True)
class KnownFindings:
    """What ``explain`` shows: one finding, or all of them."""

    findings: Sequence[KnownFinding]


@dataclass(frozen=True, slots=True)
class Latency:
    """How long the request behind a check took, over several runs; all in seconds.

    Attributes:
        runs: how many of them got an answer.
        least: the shortest.
        p50: half of them took no longer.
        p90: nine of ten took no longer.
        p99: 99 of a hundred took no longer.
        most: the longest.
    """

    runs: int
    least: float
    p50: float
    p90: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True)
class Check:
    """One verified fact.

    Attributes:
        id: its stable name, such as ``token.signature``.
        status: how it ended.
        summary: what was seen, in a few words.
        finding: why it failed and what to do; None when it passed.
        elapsed: seconds that the request behind it took, the median of several runs; None without
            a request of its own.
        latency: the same over several runs; None after a single one.
    """

    id: str
    status: Status
    summary: str
    finding: Finding | None = None
    elapsed: float | None = None
    latency: Latency | None = None


@dataclass(frozen=True, slots=True)
class VerifiedClient:
    """The client whose token ``verify`` obtained, and its lifetime where verify saw it.

    Attributes:
        client_id: its id.
        name: the one in opskit.toml; verify reads none from the database.
        in_database: seconds; None where the database was not read, or does not hold it.
        in_token: seconds that a fresh token lives, by its claims, or by ``expires_in`` where it is
            no JWT; None without a token.
        outside_policy: whether opskit.toml does not allow it.
    """

    client_id: str
    name: str | None
    in_database: int | None
    in_token: int | None
    outside_policy: bool


@dataclass(frozen=True, slots=True)
class EnvironmentReport:
    """The checks of one environment.

    Attributes:
        environment: where.
        checks: those of the last attempt, in the order in which they are read.
        attempts: how many there were.
        waited: seconds from the beginning of the first attempt to that of the last.
        gave_up: why there was no further attempt although one could have been asked for; None
            when all is well, or nobody asked to wait.
        client: whose token was verified; None for other commands, or when it did not come to that.
    """

    environment: str
    checks: Sequence[Check]
    attempts: int = 1
    waited: float = 0.0
    gave_up: str | None = None
    client: VerifiedClient | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What ``verify``, ``smoke`` and ``doctor`` found."""

    environments: Sequence[EnvironmentReport]
