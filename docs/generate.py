# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Write docs/findings.md from the explanations in the code; a test holds the two together."""

from pathlib import Path

from opskit.explain import EXPLANATIONS, Explanation

PAGE = Path(__file__).with_name("findings.md")
_INTRODUCTION = """\
# Findings

What a failed check says, by its stable id. A cause with a "probably" in it is inferred; the
others are documented by the vendor or were seen in captured answers. `opskit explain ID` shows the
same at the terminal. This page is made from `opskit/explain/` by `make docs`.
"""


def page() -> str:
    """Return the page as it should be."""
    parts = [_INTRODUCTION]
    for finding_id, known in EXPLANATIONS.items():
        lines = [
            f"## {finding_id}\n",
            " ".join([known.symptom, *_marks(known)]) + "\n",
            f"- **Why:** {known.cause}",
            f"- **What to do:** {known.remedy}\n",
        ]
        parts.append("\n".join(lines))
    return "\n".join(parts)


def _marks(known: Explanation) -> list[str]:
    words = (("exit code 3", known.unreachable), ("may pass: --wait", known.transient))
    said = [what for what, holds in words if holds]
    return [f"*({'; '.join(said)})*"] if said else []


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
