# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Symptom → likely cause → remedy, as data: one module for each area.

Where the vendor's documentation or a captured answer proves a cause, it is stated; where it is
inferred, it is ``Certainty.LIKELY`` and its text says "probably", so that nobody takes a hypothesis
for a fact.
"""

import difflib
from collections.abc import Mapping, Sequence

from opskit.errors import EXIT_CHECK_FAILED, EXIT_UNREACHABLE, UsageError
from opskit.explain import access, clients, creatio, database, identity, no_answer, servers, setup
from opskit.explain.kinds import Explanation
from opskit.models import Finding, KnownFinding, KnownFindings
from opskit.secrets import foreign

__all__ = ["EXPLANATIONS", "Explanation", "explain", "finding", "link"]

# From the root of the project's sources, which have no public address that could go before it.
PAGE = "docs/findings.md"

EXPLANATIONS: Mapping[str, Explanation] = {
    **no_answer.FINDINGS,
    **servers.FINDINGS,
    **identity.FINDINGS,
    **clients.FINDINGS,
    **access.FINDINGS,
    **creatio.FINDINGS,
    **database.FINDINGS,
    **setup.FINDINGS,
}


def finding(finding_id: str, symptom: str = "", *, evidence: Sequence[str] = ()) -> Finding:
    """Return the explanation with this id, for a case of its own.

    Args:
        finding_id: one of ``EXPLANATIONS``.
        symptom: what was seen in this case.
        evidence: what was looked up to name the cause.
    """
    known = EXPLANATIONS[finding_id]
    return Finding(
        finding_id,
        foreign(symptom) or known.symptom,
        known.cause,
        known.remedy,
        known.unreachable,
        known.transient,
        tuple(map(foreign, evidence)),
        link(finding_id),
    )


def link(finding_id: str) -> str:
    """Return where the documentation explains an id; empty for one that it does not explain."""
    return f"{PAGE}#{finding_id}" if finding_id in EXPLANATIONS else ""


def explain(finding_id: str | None = None) -> KnownFindings:
    """Return what is known under an id; everything without one.

    Raises:
        UsageError: there is no finding of that name.
    """
    if finding_id is None:
        return KnownFindings([_known(one) for one in EXPLANATIONS])
    if finding_id in EXPLANATIONS:
        return KnownFindings([_known(finding_id)])
    near = difflib.get_close_matches(finding_id.lower(), EXPLANATIONS, n=3, cutoff=0.5)
    raise UsageError(
        f"There is no finding {finding_id!r}.",
        remedy=(f"Did you mean {', '.join(near)}? " if near else "")
        + "All of them: opskit explain",
        code="finding-unknown",
    )


def _known(finding_id: str) -> KnownFinding:
    known = EXPLANATIONS[finding_id]
    return KnownFinding(
        id=finding_id,
        symptom=known.symptom,
        cause=known.cause,
        remedy=known.remedy,
        certainty=known.certainty,
        exit_code=EXIT_UNREACHABLE if known.unreachable else EXIT_CHECK_FAILED,
        transient=known.transient,
        link=link(finding_id),
    )
