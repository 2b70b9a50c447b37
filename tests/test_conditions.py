# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The little language of conditions: places, tests, and what is said when one does not hold."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.conditions import Condition, Wildcard, quoted, split_flags, steps_of
from opskit.smoke.conditions import found, holds, values_at, wanted

ANY = Wildcard.ANY
ANSWER: dict[str, Any] = {
    "@odata.context": "…#Account",
    "Result": {
        "State": "ok",
        "Total": 2,
        "Paid": True,
        "Note": None,
        "Nothing": "",
        "Orders": [{"Number": "SO-10", "Lines": []}, {"Number": "SO-11", "Lines": [1, 2.5]}],
    },
}


def condition(**keys: object) -> Condition:
    """A condition as it stands in opskit.toml."""
    return msgspec.convert(keys, Condition)


@pytest.mark.parametrize(
    ("at", "steps"),
    [
        ("", ()),
        ("Result", ("Result",)),
        ("Result.Orders.*.Number", ("Result", "Orders", ANY, "Number")),
        ("*", (ANY,)),
        ("value.0.Name", ("value", "0", "Name")),
        ("'@odata.context'", ("@odata.context",)),
        ('value.*."@odata.etag"', ("value", ANY, "@odata.etag")),
        ("'*'.\"it's\".''", ("*", "it's", "")),
        ("Größe.$type.a-b", ("Größe", "$type", "a-b")),
    ],
)
def test_a_place_is_written_as_in_toml(at: str, steps: tuple[object, ...]) -> None:
    assert steps_of(at) == steps


@pytest.mark.parametrize("at", [".", "a.", ".a", "a..b", "a b", "'a", "'a'b", "a'b'", " a", 'a."'])
def test_what_is_no_place_is_refused(at: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        steps_of(at)


def test_a_forgotten_quote_is_noticed() -> None:
    with pytest.raises(ValueError, match=r"in quotes, as in"):
        steps_of("value.*.@odata.etag")


@given(st.lists(st.text(st.characters(exclude_characters="\"'")), min_size=1))
def test_any_key_can_be_written(keys: list[str]) -> None:
    at = ".".join(map(quoted, keys))
    assert steps_of(at) == tuple(keys)


@pytest.mark.parametrize(
    ("at", "there"),
    [
        ("", [ANSWER]),
        ("'@odata.context'", ["…#Account"]),
        ("Result.Note", [None]),
        ("Result.Orders.1.Number", ["SO-11"]),
        ("Result.Orders.*.Number", ["SO-10", "SO-11"]),
        ("Result.Orders.*.Lines.*", [1, 2.5]),
        ("Result.*.0.Number", ["SO-10"]),
        ("Result.Orders.2", []),
        ("Result.Orders.Number", []),
        ("Result.State.length", []),
        ("Missing.*.x", []),
        ("Result.Orders.-1", []),
        ("Result.Orders.²", []),
    ],
)
def test_where_a_place_leads(at: str, there: list[object]) -> None:
    assert values_at(ANSWER, steps_of(at)) == there


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"at": "Result.State", "is": "ok"}, True),
        ({"at": "Result.State", "is": "OK"}, False),
        ({"at": "Result.Total", "is": 2}, True),
        ({"at": "Result.Total", "is": 2.0}, True),
        ({"at": "Result.Total", "is": "2"}, False),
        ({"at": "Result.Paid", "is": True}, True),
        ({"at": "Result.Paid", "is": 1}, False),
        ({"at": "Result.Orders.*.Lines.*", "is": True}, False),
        ({"at": "Result.Orders.*.Number", "is": "SO-11"}, True),
        ({"at": "Result.Note", "exists": True}, True),
        ({"at": "Result.Note", "exists": False}, False),
        ({"at": "Result.Nope", "exists": False}, True),
        ({"at": "Result.Nope", "empty": True}, False),
        ({"at": "Result.Note", "empty": True}, True),
        ({"at": "Result.Nothing", "empty": True}, True),
        ({"at": "Result.Orders.0.Lines", "empty": True}, True),
        ({"at": "Result.Total", "empty": False}, True),
        ({"at": "Result.State", "empty": False}, True),
        ({"at": "Result.Orders.*.Number", "contains": "-11"}, True),
        ({"at": "Result.Orders.*.Number", "contains": "so"}, False),
        ({"at": "Result.Total", "contains": "2"}, False),
        ({"at": "Result.Orders.*.Number", "matches": r"^SO-\d+$"}, True),
        ({"at": "Result.State", "matches": "(?i)^OK$"}, True),
        ({"at": "Result.State", "matches": "^k"}, False),
        ({"at": "Result.Total", "matches": "2"}, False),
        ({"at": "Result.Orders", "min_items": 2}, True),
        ({"at": "Result.Orders", "min_items": 3}, False),
        ({"at": "Result.Orders", "max_items": 2}, True),
        ({"at": "Result.Orders", "max_items": 1}, False),
        ({"at": "Result", "min_items": 0}, False),
        ({"at": "Result.Orders", "rows": ["SO-11"]}, True),
        ({"at": "Result.Orders", "rows": ["SO-11", "SO-12"]}, False),
        ({"at": "Result.Orders.*.Lines", "rows": []}, True),
        ({"at": "Result", "rows": []}, False),
        ({"exists": True}, True),
    ],
    ids=str,
)
def test_what_holds(keys: dict[str, object], expected: bool) -> None:
    assert holds(condition(**keys), ANSWER) is expected


@pytest.mark.parametrize("content", [None, 0, "text", [], {}, [[]], True])
@pytest.mark.parametrize("keys", [{"is": "x"}, {"at": "a.*.b", "min_items": 1}, {"rows": ["x"]}])
def test_any_answer_can_be_judged(content: object, keys: dict[str, object]) -> None:
    one = condition(**keys)
    assert holds(one, content) is False
    assert wanted(one)
    assert found(one, content)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"at": "Result.State", "is": "done"}, 'Result.State: wanted "done", found "ok"'),
        ({"at": "Result.Paid", "is": 1}, "Result.Paid: wanted 1, found true"),
        ({"at": "Result.Total", "is": False}, "Result.Total: wanted false, found 2"),
        (
            {"at": "Result.Orders.0.Sum", "exists": True},
            (
                "Result.Orders.0.Sum: wanted anything, "
                "found nothing (Result.Orders.0 is an object with Number, Lines)"
            ),
        ),
        (
            {"at": "Result.Orders.7", "exists": True},
            "Result.Orders.7: wanted anything, found nothing (Result.Orders is a list of 2 items)",
        ),
        ({"at": "Result.Note", "exists": False}, "Result.Note: wanted nothing, found null"),
        (
            {"at": "Result.Nothing", "empty": False},
            'Result.Nothing: wanted something that is not empty, found ""',
        ),
        (
            {"at": "Result.State", "empty": True},
            'Result.State: wanted null or something empty, found "ok"',
        ),
        (
            {"at": "Result.Orders.*.Number", "contains": "X"},
            'Result.Orders.*.Number: wanted a text with "X" in it, found "SO-10", "SO-11"',
        ),
        (
            {"at": "Result.State", "matches": "^a"},
            'Result.State: wanted a text that matches "^a", found "ok"',
        ),
        (
            {"at": "Result.Orders", "min_items": 3},
            "Result.Orders: wanted a list of at least 3 items, found a list of 2 items",
        ),
        (
            {"at": "Result.Orders", "max_items": 1},
            "Result.Orders: wanted a list of at most 1 item, found a list of 2 items",
        ),
        (
            {"at": "Result", "rows": ["a"]},
            'Result: wanted rows with "a", found an object with State, Total, Paid …',
        ),
        (
            {"at": "*.*", "is": "x"},
            '*.*: wanted "x", found "ok", 2, true and 3 more',
        ),
        ({"is": "x"}, 'the answer: wanted "x", found an object with @odata.context, Result'),
    ],
    ids=str,
)
def test_what_is_said_when_it_does_not_hold(keys: dict[str, object], words: str) -> None:
    one = condition(**keys)
    assert holds(one, ANSWER) is False
    assert f"{wanted(one)}, found {found(one, ANSWER)}" == words


def test_a_long_value_is_cut() -> None:
    said = found(condition(at="a", exists=False), {"a": "x" * 1000})
    assert len(said) < 80
    assert said.endswith('…"')


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"at": "a"}, "exactly one test of is, exists, empty, contains, matches, min_items"),
        ({"at": "a", "is": "x", "exists": True}, "not is and exists"),
        ({"at": "a", "matches": "("}, "no regular expression"),
        ({"at": "a", "min_items": -1}, "min_items must be at least 0"),
        ({"at": "a", "max_items": -1}, "max_items must be at least 0"),
        ({"at": "a..b", "exists": True}, "is no path"),
    ],
    ids=str,
)
def test_what_is_no_condition_is_refused(keys: dict[str, object], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        condition(**keys)


@pytest.mark.parametrize(
    "pattern", [r"\Aa", r"a\Z", "(?P<n>a)", "a(?#b)", "(?>a)", "(a)(?(1)b)", "(?i:a)", "(?s-i:a)"]
)
def test_what_javascript_reads_otherwise_is_refused(pattern: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="JavaScript"):
        condition(at="a", matches=pattern)


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        ("a", ("a", "")),
        ("(?i)a", ("a", "i")),
        ("(?ms)^a.b", ("^a.b", "ms")),
        (r"\\A(?:a|b)(?=c)(?<!d)", (r"\\A(?:a|b)(?=c)(?<!d)", "")),
    ],
)
def test_what_both_understand_is_taken(pattern: str, parts: tuple[str, str]) -> None:
    assert condition(at="a", matches=pattern).wanted == pattern
    assert split_flags(pattern) == parts
