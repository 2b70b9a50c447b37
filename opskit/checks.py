# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Short ways to say how a check ended."""

from opskit.errors import NoAnswer, OpskitError, UnreachableError
from opskit.explain import EXPLANATIONS, finding, link
from opskit.models import Check, Finding, Status
from opskit.secrets import foreign


def passed(check_id: str, summary: str, elapsed: float | None = None) -> Check:
    """Return a check that found what it looked for."""
    return Check(check_id, Status.PASS, foreign(summary), elapsed=elapsed)


def failed(check_id: str, found: Finding, elapsed: float | None = None) -> Check:
    """Return a check that failed, with what explains it."""
    return Check(check_id, Status.FAIL, found.symptom, found, elapsed)


def warned(check_id: str, found: Finding, elapsed: float | None = None) -> Check:
    """Return a check that passed with a reservation."""
    return Check(check_id, Status.WARN, found.symptom, found, elapsed)


def skipped(check_id: str, reason: str) -> Check:
    """Return a check that was not made, and why."""
    return Check(check_id, Status.SKIPPED, foreign(reason))


def unanswered(error: NoAnswer) -> Finding:
    """Return the finding for a request that got no answer."""
    return finding(error.code, error.message, evidence=error.evidence)


def from_error(check_id: str, error: OpskitError) -> Check:
    """Return the failed check for what another layer could not do."""
    known = EXPLANATIONS.get(error.code)
    found = Finding(
        error.code,
        error.message,
        known.cause if known else "",
        error.remedy,
        unreachable=isinstance(error, UnreachableError),
        transient=known is not None and known.transient,
        link=link(error.code),
    )
    return failed(check_id, found)
