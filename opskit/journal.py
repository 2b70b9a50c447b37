# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What the journal needs of a change: who makes it and why, under which id; and a journal."""

import getpass
import os
import secrets
import socket
from dataclasses import dataclass
from datetime import UTC, datetime

from opskit import __version__
from opskit.db.store import ClientStore, journal_missing, journal_newer
from opskit.errors import JournalMissing, UsageError
from opskit.journal_schema import status_of
from opskit.models import ChangeRecord, JournalStatus
from opskit.settings import Environment

LONGEST_REASON = 1000  # characters
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Author:
    """Who asks for a change, and why.

    Attributes:
        actor: the person or the pipeline; without one, OPSKIT_ACTOR or user@host.
        reason: why, in their words.
    """

    actor: str | None = None
    reason: str | None = None

    def record(
        self, environment: str, *, plan_hash: str | None = None, reverts: str | None = None
    ) -> ChangeRecord:
        """Return what the journal's rows of a new change set have in common.

        Raises:
            UsageError: the reason does not fit the journal.
        """
        if self.reason and len(self.reason) > LONGEST_REASON:
            raise UsageError(
                f"The reason has {len(self.reason)} characters; the journal takes "
                f"{LONGEST_REASON}.",
                remedy="Say it shorter, or name a ticket.",
            )
        return ChangeRecord(
            new_change_set_id(),
            environment,
            (self.actor or default_actor())[:_LONGEST_NAME],
            self.reason or None,
            __version__,
            plan_hash,
            reverts,
        )


def default_actor() -> str:
    """Return who runs opskit: OPSKIT_ACTOR, else the login name and the machine's."""
    if named := os.environ.get("OPSKIT_ACTOR"):
        return named
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"


def new_change_set_id() -> str:
    """Return an id that sorts by time, can be typed, and is unique everywhere."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def require_journal(store: ClientStore, environment: Environment) -> None:
    """Make sure that a change can be recorded, before it is made.

    Raises:
        JournalMissing: the database has no journal, or another version of opskit made it.
    """
    revision = store.journal_revision()
    match status_of(revision):
        case JournalStatus.MISSING:
            raise journal_missing(environment)
        case JournalStatus.NEWER:
            raise journal_newer(environment, revision)
        case JournalStatus.OUTDATED:
            raise JournalMissing(
                f"The journal of {environment.name} is at revision {revision}, older than this "
                "opskit needs. Nothing was written.",
                remedy=f"Bring it up to date: opskit db upgrade -e {environment.name}",
                environment=environment.name,
                code="journal-outdated",
            )
