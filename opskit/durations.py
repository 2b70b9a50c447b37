# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Durations as people write them (``30m``, ``1h30m``) and as the database keeps them (seconds)."""

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PATTERN = re.compile(r"(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")

FORMS = "1800, 90s, 30m, 2h, 1d or 1h30m"


def parse_duration(text: str) -> int:
    """Return the seconds in ``text``; a bare number counts seconds, a sign is kept.

    Raises:
        ValueError: the text is not a duration; the message names the accepted forms.
    """
    stripped = text.strip().lower()
    if re.fullmatch(r"[+-]?[0-9]+", stripped):
        return int(stripped)
    match = _PATTERN.fullmatch(stripped)
    if not stripped or match is None:
        raise ValueError(f"{text!r} is not a duration: write {FORMS}")
    return sum(
        int(count) * seconds
        for count, seconds in zip(match.groups(), _UNITS.values(), strict=True)
        if count
    )


def format_duration(seconds: int) -> str:
    """Return ``seconds`` as its largest units, such as ``1h 30m``; ``0s`` for none."""
    sign, rest, parts = ("-" if seconds < 0 else ""), abs(seconds), []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + (" ".join(parts) or "0s")
