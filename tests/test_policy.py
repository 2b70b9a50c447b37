# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which lifetimes an environment accepts, and what it says about them."""

import pytest

from opskit.errors import EXIT_USAGE, PolicyError
from opskit.policy import LARGEST, LONG, SHORT, Duration, Policy

_DEFAULT = Policy()


def _check(lifetime: int, policy: Policy = _DEFAULT, *, override: bool = False) -> list[str]:
    return policy.check(lifetime, environment="prod", override=override)


def test_the_defaults_are_a_minute_and_a_day() -> None:
    policy = Policy()
    assert (policy.min_lifetime, policy.max_lifetime) == (60, 86_400)


@pytest.mark.parametrize("lifetime", [60, 3600, 86_400])
def test_both_bounds_are_included(lifetime: int) -> None:
    assert Policy().allows(lifetime)
    _check(lifetime)


@pytest.mark.parametrize("lifetime", [59, 86_401])
def test_outside_is_refused_and_says_what_is_allowed(lifetime: int) -> None:
    assert not Policy().allows(lifetime)
    with pytest.raises(PolicyError, match=f"{lifetime} s") as caught:
        _check(lifetime)
    error = caught.value
    assert "policy of prod: 60 s (1m) to 86400 s (1d)" in error.message
    assert "--override-policy" in error.remedy
    assert (error.code, error.environment, error.exit_code) == ("policy", "prod", EXIT_USAGE)


def test_an_environments_own_bounds_count() -> None:
    policy = Policy(Duration(900), Duration(1800))
    with pytest.raises(PolicyError, match=r"900 s \(15m\) to 1800 s \(30m\)"):
        _check(3600, policy)
    assert _check(900, policy) == []


@pytest.mark.parametrize("lifetime", [1, 59, 86_401, LARGEST])
def test_an_override_accepts_what_is_outside_and_says_so(lifetime: int) -> None:
    assert "outside the policy" in _check(lifetime, override=True)[0]
    assert "overridden" in _check(lifetime, override=True)[0]


def test_an_override_within_the_policy_is_not_mentioned() -> None:
    assert _check(3600, override=True) == []


@pytest.mark.parametrize("override", [False, True])
@pytest.mark.parametrize("lifetime", [0, -1, -(2**31)])
def test_zero_or_less_is_refused_always(lifetime: int, override: bool) -> None:
    with pytest.raises(PolicyError, match="invalid_client") as caught:
        _check(lifetime, override=override)
    assert caught.value.code == "lifetime-not-positive"
    assert f"{lifetime} s" in caught.value.message
    assert "--override-policy" not in caught.value.remedy


@pytest.mark.parametrize("override", [False, True])
def test_more_than_the_column_holds_is_refused_always(override: bool) -> None:
    with pytest.raises(PolicyError, match="32 bits") as caught:
        _check(LARGEST + 1, override=override)
    assert caught.value.code == "lifetime-too-large"
    assert str(LARGEST) in caught.value.remedy


@pytest.mark.parametrize(
    ("lifetime", "words"),
    [
        (LONG + 1, "over 4h"),
        (86_400, "over 4h"),
        (SHORT - 1, "under 5m"),
        (60, "under 5m"),
    ],
)
def test_long_and_short_lifetimes_are_advised_against(lifetime: int, words: str) -> None:
    (warning,) = _check(lifetime)
    assert warning.startswith(words)


@pytest.mark.parametrize("lifetime", [SHORT, 3600, LONG])
def test_what_lies_between_needs_no_words(lifetime: int) -> None:
    assert _check(lifetime) == []


def test_an_override_and_an_advice_are_both_told() -> None:
    warnings = _check(30, override=True)
    assert [warning.split()[0] for warning in warnings] == ["outside", "under"]


@pytest.mark.parametrize(("lowest", "highest"), [(0, 60), (-1, 60), (61, 60), (60, LARGEST + 1)])
def test_impossible_bounds_are_no_policy(lowest: int, highest: int) -> None:
    with pytest.raises(ValueError, match="min_lifetime <= max_lifetime"):
        Policy(Duration(lowest), Duration(highest))
