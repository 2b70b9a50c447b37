# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Several runs of the same checks as one: what failed how often, and how long it all took."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from opskit.models import Check, Latency, Status

# Where runs end differently, the first of these stands for all of them.
_WORST_FIRST = (Status.FAIL, Status.WARN, Status.UNSUPPORTED, Status.PASS, Status.SKIPPED)
_WORDS = {Status.FAIL: "failed", Status.WARN: "had a warning"}


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the least of the values that ``percent`` of them do not exceed (nearest rank).

    Args:
        ordered: at least one value, in ascending order.
        percent: 1 to 100.
    """
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def latency(seconds: Iterable[float]) -> Latency | None:
    """Return how these times are distributed; None without any."""
    ordered = sorted(seconds)
    if not ordered:
        return None
    p50, p90, p99 = (percentile(ordered, percent) for percent in (50, 90, 99))
    return Latency(len(ordered), ordered[0], p50, p90, p99, ordered[-1])


class Runs:
    """Takes the checks of one run after the other, and keeps no more of them than it must."""

    def __init__(self) -> None:
        self._count = 0
        self._tallies: dict[str, _Tally] = {}

    def add(self, checks: Sequence[Check]) -> None:
        """Take the checks of one more run."""
        self._count += 1
        for check in checks:
            self._tallies.setdefault(check.id, _Tally(check)).add(check)

    def checks(self) -> list[Check]:
        """Return one check for each id, in the order of the first run."""
        return [tally.check(self._count) for tally in self._tallies.values()]


class _Tally:
    """All runs of one check; a failure in any of them is a failure of the check."""

    def __init__(self, first: Check) -> None:
        self._worst = first
        self._alike = 0
        self._elapsed: list[float] = []

    def add(self, check: Check) -> None:
        if _WORST_FIRST.index(check.status) < _WORST_FIRST.index(self._worst.status):
            self._worst, self._alike = check, 0
        self._alike += check.status is self._worst.status
        if check.elapsed is not None:
            self._elapsed.append(check.elapsed)

    def check(self, runs: int) -> Check:
        worst, times = self._worst, latency(self._elapsed)
        summary = worst.summary
        if worst.status is Status.FAIL or (worst.status is Status.WARN and self._alike < runs):
            summary = f"{self._alike} of {runs} runs {_WORDS[worst.status]}: {summary}"
        elapsed = times.p50 if times else None
        return replace(worst, summary=summary, elapsed=elapsed, latency=times)
