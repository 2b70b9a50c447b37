# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The exit code of a command: the worst of all that happened in it."""

import itertools

import pytest

from opskit.errors import (
    ClientNotFound,
    ConfigError,
    ConflictError,
    DriverMissing,
    Interrupted,
    LockHeld,
    LoginRefused,
    NoAnswer,
    OpskitError,
    PermissionMissing,
    PolicyError,
    ProtectedError,
    SandboxError,
    SecretError,
    TableMissing,
    UnreachableError,
    UsageError,
    ValueChanged,
    worst_exit,
)
from opskit.models import (
    Change,
    ChangeSet,
    ChangeSets,
    Check,
    EnvironmentPlan,
    EnvironmentReport,
    Finding,
    Lifetimes,
    Outcome,
    Plan,
    Report,
    Status,
)
from opskit.results import Result

UNREACHABLE = Finding("x", "symptom", "cause", "remedy", unreachable=True)
WRONG = Finding("x", "symptom", "cause", "remedy")

USAGE = [
    UsageError,
    ConfigError,
    SecretError,
    ClientNotFound,
    PolicyError,
    ProtectedError,
    TableMissing,
]
GONE = [
    UnreachableError,
    LoginRefused,
    PermissionMissing,
    NoAnswer,
    DriverMissing,
    SandboxError,
]
CONFLICT = [ConflictError, ValueChanged, LockHeld]


def _every_error() -> set[type[OpskitError]]:
    found, waiting = set(), [OpskitError]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting += kind.__subclasses__()
    return {kind for kind in found if kind.__module__.startswith("opskit")}


def _report(*checks: Check) -> Report:
    return Report([EnvironmentReport("dev", checks)])


def _changes(*checks: Check) -> ChangeSets:
    return ChangeSets([ChangeSet("dev", Outcome.CHANGED, [], checks)])


def _fail(finding: Finding | None = WRONG) -> Check:
    return Check("x", Status.FAIL, "summary", finding)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        *((kind, 2) for kind in USAGE),
        *((kind, 3) for kind in GONE),
        *((kind, 4) for kind in CONFLICT),
        (Interrupted, 130),
    ],
)
def test_each_error_has_its_exit_code(kind: type[OpskitError], code: int) -> None:
    assert Result("x", errors=[kind("message")]).exit_code == code


def test_every_error_ends_with_a_documented_exit_code() -> None:
    assert {kind.exit_code for kind in _every_error()} == {2, 3, 4, 130}


def test_the_codes_for_programs_are_distinct() -> None:
    own = [kind.code for kind in _every_error() if "code" in vars(kind)]
    assert len(own) == len(set(own))


@pytest.mark.parametrize("codes", list(itertools.permutations(range(6))))
def test_usage_is_worst_whatever_the_order(codes: tuple[int, ...]) -> None:
    assert worst_exit(codes) == 2


@pytest.mark.parametrize(
    ("codes", "worst"),
    [
        ([], 0),
        ([0, 0], 0),
        ([0, 1], 1),
        ([5, 0], 5),
        ([5, 1], 1),
        ([5, 3], 3),
        ([1, 3], 3),
        ([3, 4], 4),
        ([1, 3, 4], 4),
        ([4, 2], 2),
    ],
)
def test_two_over_four_over_three_over_one_over_five(codes: list[int], worst: int) -> None:
    assert worst_exit(codes) == worst


def test_nothing_wrong_is_zero() -> None:
    assert Result("x").exit_code == 0
    assert Result("x", Lifetimes([], [])).ok


PENDING = Plan([EnvironmentPlan("dev", 1, [Change("A", "a", 60, 30)])], "hash")


@pytest.mark.parametrize(
    ("plan", "asked", "errors", "code"),
    [
        (PENDING, True, [], 5),
        (PENDING, False, [], 0),
        (Plan([], "hash"), True, [], 0),
        (Plan([EnvironmentPlan("dev", 1, [Change("A", "a", 60, 60)])], "hash"), True, [], 0),
        (PENDING, True, [UnreachableError("a")], 3),
        (PENDING, True, [PolicyError("a")], 2),
    ],
)
def test_pending_changes_count_least_and_only_when_asked(
    plan: Plan, asked: bool, errors: list[OpskitError], code: int
) -> None:
    result = Result("plan", plan, errors, pending_matters=asked)
    assert (result.exit_code, result.ok) == (code, code == 0)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.FAIL])
def test_only_a_failed_check_fails_a_command(status: Status) -> None:
    result = Result("verify", _report(Check("x", status, "summary", UNREACHABLE)))
    assert (result.exit_code, result.ok) == (0, True)


@pytest.mark.parametrize("make", [_report, _changes])
@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ([_fail()], 1),
        ([_fail(None)], 1),
        ([_fail(UNREACHABLE)], 3),
        ([_fail(), _fail(UNREACHABLE)], 3),
        ([_fail(UNREACHABLE), _fail()], 3),
    ],
)
def test_a_side_that_gave_no_answer_is_unreachable(
    make: object, checks: list[Check], code: int
) -> None:
    assert callable(make)
    result = Result("x", make(*checks))
    assert (result.exit_code, result.ok) == (code, False)


def test_the_checks_of_all_environments_count() -> None:
    fine = EnvironmentReport("dev", [Check("x", Status.PASS, "summary")])
    report = Report([fine, EnvironmentReport("prod", [_fail()]), fine])
    assert Result("verify", report).exit_code == 1


@pytest.mark.parametrize(
    ("errors", "code"),
    [
        ([UnreachableError("a"), ValueChanged("b")], 4),
        ([ValueChanged("a"), ConfigError("b"), UnreachableError("c")], 2),
        ([UnreachableError("a")], 3),
    ],
)
def test_the_worst_of_several_errors_decides(errors: list[OpskitError], code: int) -> None:
    assert Result("x", _report(_fail()), errors).exit_code == code


def test_an_interruption_goes_before_everything() -> None:
    errors = [ConfigError("a"), Interrupted("b"), ValueChanged("c")]
    assert Result("x", _report(_fail()), errors).exit_code == 130


def test_an_error_carries_message_remedy_place_and_code() -> None:
    error = LoginRefused("message", remedy="remedy", environment="prod", code="special")
    assert (str(error), error.message, error.remedy) == ("message", "message", "remedy")
    assert (error.environment, error.code) == ("prod", "special")
    assert LoginRefused("message").code == "login-refused"
