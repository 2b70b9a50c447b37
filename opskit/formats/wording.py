# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How checks and what explains them read, the same in every format."""

from collections.abc import Mapping, Sequence

from opskit.formats.overview import Cause
from opskit.models import Finding, Status

Labelled = tuple[str, str]  # a label of up to four letters, and words

MARKS: Mapping[Status, str] = {
    Status.PASS: "✓",
    Status.WARN: "!",
    Status.FAIL: "✗",
    Status.SKIPPED: "·",
    Status.UNSUPPORTED: "–",
}
WORDS: Mapping[Status, str] = {
    Status.PASS: "passed",
    Status.WARN: "with a warning",
    Status.FAIL: "failed",
    Status.SKIPPED: "skipped",
    Status.UNSUPPORTED: "unsupported",
}


def seen(evidence: Sequence[str]) -> list[Labelled]:
    """Return what was looked up to name a cause."""
    return [("saw", words) for words in evidence]


def explained(found: Finding | Cause) -> list[Labelled]:
    """Return why, what to do, and where more stands; nothing that is empty."""
    more = f"opskit explain {found.id}, or {found.link}" if found.link else ""
    parts = (("why", found.cause), ("do", found.remedy), ("more", more))
    return [(label, words) for label, words in parts if words]


def as_text(labelled: Sequence[Labelled]) -> list[str]:
    """Return one line each, for what shows letters of one width and no colours."""
    return [f"{label:<4} {words}" for label, words in labelled]
