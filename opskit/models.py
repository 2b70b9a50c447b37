# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What crosses layers: clients, changes and checks.

All of it is data that the JSON output shows under the same names (docs/json.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
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


class Certainty(StrEnum):
    """How sure the cause is that a finding names."""

    KNOWN = "known"
    LIKELY = "likely"


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
class ChangeRecord:
    """Who changes lifetimes and why: what a change set's journal rows have in common.

    Attributes:
        change_set: its id, unique everywhere.
        environment: the name by which opskit.toml knows the database.
        actor: the person or the pipeline.
        reason: why, in their words; None when they gave none.
        tool_version: opskit's.
        plan_hash: the hash of the plan that was applied; None without a plan.
        reverts: the id of the change set that this one undoes; None when it undoes none.
    """

    change_set: str
    environment: str
    actor: str
    reason: str | None
    tool_version: str
    plan_hash: str | None = None
    reverts: str | None = None


class Verification(StrEnum):
    """What fresh tokens said of a change.

    ``PENDING`` stays where opskit was ended between the commit and the token.
    """

    PENDING = "pending"
    PROVED = "proved"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One row of the journal: one client's lifetime, changed.

    Attributes:
        change_set: the id of all changes of one command in one environment.
        changed_at: when, in UTC, by the database server's clock.
        environment: its name at the time.
        client_id: whose lifetime.
        client_name: its ClientName at the time.
        old: seconds before.
        new: seconds after.
        actor: the person or the pipeline.
        login: the database login that wrote, as the server knows it.
        reason: why, in the actor's words.
        tool_version: opskit's at the time.
        plan_hash: the hash of the plan that was applied.
        reverts: the id of the change set that this one undid.
        verification: what a fresh token said.
    """

    change_set: str
    changed_at: datetime
    environment: str
    client_id: str
    client_name: str | None
    old: int
    new: int
    actor: str
    login: str
    reason: str | None
    tool_version: str
    plan_hash: str | None
    reverts: str | None
    verification: Verification


@dataclass(frozen=True, slots=True)
class History:
    """What the journals of several environments hold, newest first."""

    entries: Sequence[JournalEntry]


class JournalStatus(StrEnum):
    """How a journal's schema compares with what this opskit works with."""

    MISSING = "missing"
    OUTDATED = "outdated"
    CURRENT = "current"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class JournalState:
    """The journal's schema in one environment.

    Attributes:
        environment: where.
        status: how it compares with what this opskit works with.
        revision: the one that is there; None where there is no journal.
        expected: the one that this opskit works with.
    """

    environment: str
    status: JournalStatus
    revision: str | None
    expected: str


@dataclass(frozen=True, slots=True)
class JournalStates:
    """The journals' schemas in several environments."""

    environments: Sequence[JournalState]


@dataclass(frozen=True, slots=True)
class JournalMigration:
    """What ``db upgrade`` or ``db downgrade`` did in one environment.

    Attributes:
        environment: where.
        before: the revision that was there; None where there was no journal.
        after: the revision that is there now; None where there is no journal any more.
        removed: how many records went with it.
    """

    environment: str
    before: str | None
    after: str | None
    removed: int = 0


@dataclass(frozen=True, slots=True)
class JournalMigrations:
    """What ``db upgrade`` or ``db downgrade`` did, one environment after the other."""

    environments: Sequence[JournalMigration]


@dataclass(frozen=True, slots=True)
class JournalRevision:
    """A step in the history of the journal's schema, and what it brings."""

    revision: str
    brings: str


@dataclass(frozen=True, slots=True)
class JournalRevisions:
    """All steps that this opskit knows, oldest first."""

    revisions: Sequence[JournalRevision]


@dataclass(frozen=True, slots=True)
class OperatorRole:
    """What ``db role`` did in one environment.

    Attributes:
        environment: where.
        outcome: whether anything was missing, and was added.
        gained: what the role and the logins that have it can do now and could not before, a line
            each, as the server's catalogue has it.
    """

    environment: str
    outcome: Outcome
    gained: Sequence[str]


@dataclass(frozen=True, slots=True)
class OperatorRoles:
    """What ``db role`` did, one environment after the other."""

    environments: Sequence[OperatorRole]


@dataclass(frozen=True, slots=True)
class DbaScript:
    """What a DBA runs in opskit's place.

    Attributes:
        dialect: ``postgresql`` or ``mssql``.
        sql: the script, which is one transaction.
    """

    dialect: str
    sql: str


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
    smoke: Sequence["EnvironmentReport"] = field(default=())
    reverted: Sequence[ChangeSet] = field(default=())
    not_started: Sequence[str] = field(default=())


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


@dataclass(frozen=True, slots=True)
class ExportedScript:
    """A plan for one environment, as a script for a DBA.

    Attributes:
        environment: where it is to be run.
        changes: how many lifetimes it changes.
        path: the file; None when there is nothing to change.
        change_set: under which the journal will hold it; None without a file.
    """

    environment: str
    changes: int
    path: str | None = None
    change_set: str | None = None


@dataclass(frozen=True, slots=True)
class ExportedScripts:
    """The scripts of one plan, in the order in which they are to be run."""

    scripts: Sequence[ExportedScript]


@dataclass(frozen=True, slots=True)
class PostmanFiles:
    """What Postman needs to check one environment.

    Attributes:
        environment: its name.
        collection: the file with the requests, which several environments may share.
        variables: the file with this environment's addresses, to be imported as well.
    """

    environment: str
    collection: str
    variables: str


@dataclass(frozen=True, slots=True)
class PostmanExport:
    """The files that were written for Postman, one entry for each environment."""

    files: Sequence[PostmanFiles]


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
