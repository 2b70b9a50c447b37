# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Wall times and their ratios, in the words of a table that the docs can keep."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        what: what was done.
        seconds: how long it took, the median of several runs.
        ratio: that over the time of what it is compared with; None for what is compared with.
        aim: the highest ratio that is aimed at; None where there is no aim.
    """

    what: str
    seconds: float
    ratio: float | None = None
    aim: float | None = None

    def cells(self) -> tuple[str, str, str, str]:
        """Return the line as words."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        if self.ratio is None or self.aim is None:
            return self.what, f"{self.seconds * 1000:.0f} ms", ratio, ""
        verdict = "met" if self.ratio <= self.aim else "missed"
        return self.what, f"{self.seconds * 1000:.0f} ms", ratio, f"≤ {self.aim:g}: {verdict}"


def alternated(works: Mapping[str, Callable[[], object]], times: int) -> dict[str, float]:
    """Return the medians of several works that take turns, so that the machine is fair to all."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for run in range(times + 1):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            if run:  # the first one warms up
                taken[name].append(time.perf_counter() - started)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def table(title: str, rows: Sequence[Row]) -> str:
    """Return a table in Markdown."""
    lines = [f"### {title}", "", "| what | time | ratio | aim |", "|---|---:|---:|---|"]
    lines += [f"| {' | '.join(row.cells())} |" for row in rows]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Return what the numbers were measured on."""
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()}, "
        f"Python {platform.python_version()}"
    )
