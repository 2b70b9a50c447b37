# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Checks as lines, with what a failed one has to say below it."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from opskit.formats.wording import MARKS, WORDS, Labelled, explained, seen
from opskit.models import Check, EnvironmentReport, Latency, Status

_STYLES = {
    Status.PASS: "green",
    Status.WARN: "yellow",
    Status.FAIL: "bold red",
    Status.SKIPPED: "dim",
    Status.UNSUPPORTED: "dim",
}


def print_environment(
    console: Console, report: EnvironmentReport, *, briefly: bool = False
) -> None:
    """Print the name of the environment, a count, and its checks.

    Args:
        console: where.
        report: what was found.
        briefly: leave out the checks of an environment that is sound, unless they were repeated
            for their latencies.
    """
    counts = Counter(check.status for check in report.checks)
    line = Text(report.environment, "bold")
    for status, words in WORDS.items():
        if counts[status]:
            line.append("  ").append(f"{counts[status]} {words}", _STYLES[status])
    if report.attempts > 1:
        line.append(f"  {report.attempts} attempts in {report.waited:.0f} s", "dim")
    console.print(line)
    if report.gave_up:
        console.print(Text(f"  gave up: {report.gave_up}", "yellow"))
    if briefly and not any(_matters(check) or check.latency for check in report.checks):
        return
    print_checks(console, report.checks)


def print_checks(console: Console, checks: Sequence[Check]) -> None:
    """Print one line per check; cause and remedy below what failed or warns."""
    if not checks:
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(width=1)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    shown = _without_repetition(checks)
    # Checks that fail alike are explained once, below the last of them.
    last = {_causes(check): check for check in shown}
    for check, following in zip(shown, [*shown[1:], None], strict=True):
        dim = "dim" if check.status in {Status.SKIPPED, Status.UNSUPPORTED} else ""
        mark = Text(MARKS[check.status], _STYLES[check.status])
        grid.add_row(mark, Text(check.id, dim), _summary(check, dim))
        causes, explained_by = _causes(check), last[_causes(check)]
        lines = [*_evidence(check), *causes]
        if causes and explained_by is not check:
            lines = [line for line in _evidence(check) if line not in _evidence(explained_by)]
            if following is None or _causes(following) != causes:
                lines += [("why", f"as for {explained_by.id} below")]
        for label, words in lines:
            grid.add_row("", "", Text.assemble((f"{label:<5}", "dim"), words))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _without_repetition(checks: Sequence[Check]) -> list[Check]:
    """Put neighbouring checks that were skipped for one reason into one line."""
    shown: list[Check] = []
    for _, neighbours in groupby(checks, key=lambda c: (c.status, c.summary)):
        alike = list(neighbours)
        if len(alike) > 2 and alike[0].status is Status.SKIPPED:
            alike = [Check(f"{len(alike)} checks", Status.SKIPPED, alike[0].summary)]
        shown += alike
    return shown


def _summary(check: Check, style: str) -> Text:
    text = Text(check.summary, style)
    if check.latency is not None:
        text.append(f"  {_latency(check.latency)}", "dim")
    elif check.elapsed is not None:
        text.append(f"  {check.elapsed * 1000:.0f} ms", "dim")
    return text


def _latency(latency: Latency) -> str:
    names = ("least", "p50", "p90", "p99", "most")
    times = ", ".join(f"{name} {getattr(latency, name) * 1000:.0f}" for name in names)
    return f"{latency.runs} runs, ms: {times}"


def _evidence(check: Check) -> tuple[Labelled, ...]:
    return tuple(seen(check.finding.evidence)) if check.finding and _matters(check) else ()


def _causes(check: Check) -> tuple[Labelled, ...]:
    return tuple(explained(check.finding)) if check.finding and _matters(check) else ()


def _matters(check: Check) -> bool:
    return check.status in {Status.FAIL, Status.WARN}
