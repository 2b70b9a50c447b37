# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Durations: what people may write, and how seconds are shown."""

import pytest

from opskit.durations import FORMS, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1800", 1800),
        ("0", 0),
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("1d", 86_400),
        ("1h30m", 5400),
        ("1d2h3m4s", 93_784),
        ("90m", 5400),
        ("0h30m", 1800),
        ("007", 7),
        (" 30m\n", 1800),
        ("1H30M", 5400),
    ],
)
def test_accepted_forms(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(("text", "seconds"), [("-5", -5), ("+5", 5), ("-0", 0)])
def test_a_sign_is_kept_for_the_policy_to_judge(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "h",
        "30 m",
        "30min",
        "1.5h",
        "1,5h",
        "30m1h",
        "1h1h",
        "1h30",
        "-30m",
        "5 minutes",
        "--5",
        "0x10",
        "1_000",
        "1e3",
        "٣٠",
        "３０m",
        "²",
        "P1D",
        "inf",
        "1h\n30m",
    ],
)
def test_anything_else_is_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration") as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)
    assert FORMS in str(caught.value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (1, "1s"),
        (60, "1m"),
        (90, "1m 30s"),
        (5400, "1h 30m"),
        (86_400, "1d"),
        (604_800, "7d"),
        (86_401, "1d 1s"),
        (93_784, "1d 2h 3m 4s"),
        (-90, "-1m 30s"),
    ],
)
def test_seconds_are_shown_in_their_largest_units(seconds: int, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize("seconds", [1, 59, 61, 3599, 3661, 90_061, 2**31 - 1])
def test_what_is_shown_can_be_typed_again(seconds: int) -> None:
    assert parse_duration(format_duration(seconds).replace(" ", "")) == seconds
