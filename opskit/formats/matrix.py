# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Checks by environment: how each ended, and how long its request took."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opskit.formats.overview import Cause, Suite, how_long, suites
from opskit.formats.wording import MARKS, WORDS
from opskit.models import Check, Status
from opskit.results import Result

_WORST_FIRST = (Status.FAIL, Status.WARN, Status.PASS, Status.UNSUPPORTED, Status.SKIPPED)
_UPRIGHT = 7  # columns whose names can stand side by side


@dataclass(frozen=True, slots=True)
class Cell:
    """How a check ended in an environment.

    Attributes:
        status: the worst, if it was made for several clients.
        mark: one character for it.
        word: the same for those who do not see it.
        count: how often the check was made.
        summary: what was seen.
        cause: the number of what explains it on the page; 0 for nothing.
    """

    status: Status
    mark: str
    word: str
    count: int
    summary: str
    cause: int


@dataclass(frozen=True, slots=True)
class Row:
    """One environment.

    Attributes:
        environment: its name.
        state: ``ok``, ``warn`` or ``fail``.
        note: how many checks passed, or that there are none; and how long it was waited for.
        cause: the number of the error that kept it from being checked; 0 for none.
        cells: one for each column; None where the check was not on the list.
        find: the words by which it is found.
    """

    environment: str
    state: str
    note: str
    cause: int
    cells: Sequence[Cell | None]
    find: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """Environments × checks; ``upright`` when the names of the columns fit side by side."""

    columns: Sequence[str]
    rows: Sequence[Row]
    upright: bool


def check_matrix(result: Result, causes: Sequence[Cause]) -> Matrix | None:
    """Return the matrix; None for a result without checks."""
    found = suites(result)
    if not found:
        return None
    numbers = _numbers(causes)
    table = _table(found, result.command)
    columns = list(dict.fromkeys(column for row in table.values() for column in row))
    if not columns:
        return None
    failed = [error.environment for error in result.errors if error.environment]
    names = dict.fromkeys([*table, *failed])
    waiting = {suite.environment: suite.waiting for suite in found if suite.waiting}
    rows = [
        _row(name, table.get(name, {}), columns, numbers, waiting.get(name, "")) for name in names
    ]
    return Matrix(columns, rows, len(columns) <= _UPRIGHT)


def _numbers(causes: Sequence[Cause]) -> dict[tuple[str, str], int]:
    """Return for each environment and check, or "" for an error, where it is explained."""
    return {
        (place.environment, place.check): number
        for number, cause in reversed(list(enumerate(causes, 1)))
        for place in cause.places
    }


def _table(found: Sequence[Suite], command: str) -> dict[str, dict[str, list[Check]]]:
    table: dict[str, dict[str, list[Check]]] = {}
    for suite in found:
        row = table.setdefault(suite.environment, {})
        for check in suite.checks:
            column = check.id if suite.kind == command else f"{suite.kind}: {check.id}"
            row.setdefault(column, []).append(check)
    return table


def _row(
    name: str,
    checks: Mapping[str, Sequence[Check]],
    columns: Sequence[str],
    numbers: Mapping[tuple[str, str], int],
    waiting: str,
) -> Row:
    cells = [
        _cell(name, checks[column], numbers) if column in checks else None for column in columns
    ]
    error = numbers.get((name, ""), 0)
    tally = Counter(check.status for column in checks.values() for check in column)
    state = "fail" if error or tally[Status.FAIL] else "warn" if tally[Status.WARN] else "ok"
    good, bad = tally[Status.PASS] + tally[Status.WARN], tally[Status.FAIL]
    counted = f"{good} of {good + bad}" if good + bad else "not checked"
    note = ", ".join(filter(None, [counted, waiting]))
    words = [name, *(check.id for all_ in checks.values() for check in all_ if check.finding)]
    words += [check.finding.id for all_ in checks.values() for check in all_ if check.finding]
    return Row(name, state, note, error, cells, " ".join([*words, state]))


def _cell(name: str, checks: Sequence[Check], numbers: Mapping[tuple[str, str], int]) -> Cell:
    worst = min(checks, key=lambda check: _WORST_FIRST.index(check.status))
    mark, word = MARKS[worst.status], WORDS[worst.status]
    cause = 0
    if worst.status in {Status.FAIL, Status.WARN}:
        cause = numbers.get((name, worst.id), 0)
    return Cell(worst.status, mark, word, len(checks), worst.summary, cause)


@dataclass(frozen=True, slots=True)
class Bar:
    """How long a request took, as a bar; ``p50``, ``p90`` and ``p99`` in percent of its width.

    Attributes:
        p50: after a single run, that run.
        p90: None after a single run.
        p99: None after a single run.
        words: the same in words, as short as can be.
        more: the others of several runs; empty after a single one.
    """

    p50: float
    p90: float | None
    p99: float | None
    words: str
    more: str


@dataclass(frozen=True, slots=True)
class TimeRow:
    """One environment's times, one for each column; None where nothing was measured."""

    environment: str
    bars: Sequence[Bar | None]
    find: str


@dataclass(frozen=True, slots=True)
class TimeTable:
    """Environments × checks with a request of their own.

    Attributes:
        columns: the checks, each with the time that its full width stands for.
        rows: the environments.
        repeated: whether any was measured over several runs.
    """

    columns: Sequence[tuple[str, str]]
    rows: Sequence[TimeRow]
    repeated: bool


def time_table(result: Result) -> TimeTable | None:
    """Return the times; None when nothing was measured."""
    table = {
        environment: {
            column: check
            for column, checks in row.items()
            for check in checks
            if check.elapsed is not None or check.latency is not None
        }
        for environment, row in _table(suites(result), result.command).items()
    }
    longest: dict[str, float] = {}
    for row in table.values():
        for column, check in row.items():
            longest[column] = max(longest.get(column, 0), _longest(check))
    if not longest:
        return None
    rows = [
        TimeRow(name, [_bar(row.get(column), longest[column]) for column in longest], name)
        for name, row in table.items()
        if row
    ]
    repeated = any(check.latency for row in table.values() for check in row.values())
    return TimeTable([(name, how_long(most)) for name, most in longest.items()], rows, repeated)


def _longest(check: Check) -> float:
    return check.latency.p99 if check.latency else check.elapsed or 0


def _bar(check: Check | None, full: float) -> Bar | None:
    if check is None:
        return None

    def part(seconds: float) -> float:
        return round(100 * seconds / full, 1) if full else 0.0

    if (latency := check.latency) is None:
        elapsed = check.elapsed or 0
        return Bar(part(elapsed), None, None, how_long(elapsed), "")
    more = (
        f"p90 {how_long(latency.p90)}, p99 {how_long(latency.p99)}; {latency.runs} runs, "
        f"{how_long(latency.least)} to {how_long(latency.most)}"
    )
    words = f"p50 {how_long(latency.p50)}"
    return Bar(part(latency.p50), part(latency.p90), part(latency.p99), words, more)
