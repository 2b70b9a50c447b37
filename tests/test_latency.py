# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Percentiles, and several runs of a check as one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.checks import failed, passed, skipped, warned
from opskit.explain import finding
from opskit.latency import Runs, latency, percentile
from opskit.models import Check, Latency, Status

SECONDS = st.lists(st.floats(min_value=0, max_value=3600), min_size=1, max_size=200)


@pytest.mark.parametrize(
    ("percent", "expected"), [(1, 15), (30, 20), (40, 20), (50, 35), (90, 50), (100, 50)]
)
def test_the_nearest_rank(percent: int, expected: int) -> None:
    assert percentile([15, 20, 35, 40, 50], percent) == expected


@given(SECONDS, st.integers(min_value=1, max_value=100))
def test_a_percentile_is_the_least_value_that_enough_do_not_exceed(
    seconds: list[float], percent: int
) -> None:
    ordered = sorted(seconds)
    found = percentile(ordered, percent)

    def share(bound: float) -> int:
        return 100 * sum(value <= bound for value in ordered)

    assert share(found) >= percent * len(ordered)
    assert all(share(less) < percent * len(ordered) for less in ordered if less < found)


@given(SECONDS)
def test_the_parts_of_a_latency_ascend(seconds: list[float]) -> None:
    found = latency(seconds)
    assert found is not None
    parts = [found.least, found.p50, found.p90, found.p99, found.most]
    assert parts == sorted(parts)
    assert (found.runs, found.least, found.most) == (len(seconds), min(seconds), max(seconds))


def test_no_answer_no_latency() -> None:
    assert latency([]) is None


def merged(*runs: Check) -> Check:
    all_runs = Runs()
    for check in runs:
        all_runs.add([check])
    (check,) = all_runs.checks()
    return check


GOOD = passed("odata4", "2 rows", 0.2)
BAD = failed("odata4", finding("restarting", "The server answers 503."), 0.4)
ODD = warned("odata4", finding("rows-empty", "No rows."), 0.1)
NOT = skipped("odata4", "there is no token")


@pytest.mark.parametrize(
    ("runs", "status", "summary"),
    [
        ([GOOD, GOOD], Status.PASS, "2 rows"),
        ([GOOD, BAD, GOOD], Status.FAIL, "1 of 3 runs failed: The server answers 503."),
        ([BAD, GOOD, ODD, BAD], Status.FAIL, "2 of 4 runs failed: The server answers 503."),
        ([GOOD, ODD], Status.WARN, "1 of 2 runs had a warning: No rows."),
        ([ODD, ODD], Status.WARN, "No rows."),
        ([NOT, GOOD], Status.PASS, "2 rows"),
        ([NOT, NOT], Status.SKIPPED, "there is no token"),
    ],
)
def test_the_worst_run_stands_for_all(runs: list[Check], status: Status, summary: str) -> None:
    check = merged(*runs)
    assert (check.status, check.summary) == (status, summary)
    assert (check.finding is not None) is (status in {Status.FAIL, Status.WARN})


def test_times_are_those_of_all_runs_with_an_answer() -> None:
    check = merged(GOOD, BAD, ODD, NOT)
    assert check.latency == Latency(3, 0.1, 0.2, 0.4, 0.4, 0.4)
    assert check.elapsed == 0.2
    assert (merged(NOT).latency, merged(NOT).elapsed) == (None, None)
