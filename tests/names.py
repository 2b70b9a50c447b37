# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a client may be called: what means something to SQL, globs, files and terminals."""

from hypothesis import strategies as st

_PIECES = (
    "'",
    '"',
    "--",
    ";",
    "%",
    "_",
    "[a-z]",
    "[!a]",
    "[^a]",
    "*",
    "?",
    "\\",
    "{rows}",
    "{schema}",
    "%s",
    "$(name)",
    "' OR 1=1",
    '\'; DROP TABLE "Clients"; --',
    "\nGO\n",
    "NULL",
    "a",
    "A",
    " ",
    "é",
    "e\u0301",
    "ß",
    "客",
    "🤖",
    "👩\u200d💻",
)

TEXTS = st.lists(
    st.sampled_from(_PIECES)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60),
    min_size=1,
    max_size=5,
).map("".join)
"""Texts that nobody would call a client, and somebody will."""


def fits(text: str) -> bool:
    """Return whether a text is an id: not empty, and no longer than 200 as SQL Server counts."""
    return 0 < len(text.encode("utf-16-le")) <= 400
