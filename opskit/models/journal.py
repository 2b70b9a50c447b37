# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The journal: its entries, its tables, and the role that adds to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from opskit.models.changes import Outcome


class Verification(StrEnum):
    """What fresh tokens said of a change.

    ``PENDING`` stays where opskit was ended between the commit and the token.
    """

    PENDING = "pending"
    PROVED = "proved"
    FAILED = "failed"
    SKIPPED = "skipped"


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
