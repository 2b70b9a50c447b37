# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Does a condition hold of an answer, and if not: what was wanted, and what was found?"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opskit.conditions import Condition, Step, Wildcard
from opskit.secrets import foreign
from opskit.words import counted

_EXCERPT = 60  # characters of one value
_SHOWN = 3  # values, keys

Test = Callable[[Any, Any], bool]


def holds(condition: Condition, content: Any) -> bool:
    """Return whether ``condition`` holds of a parsed JSON document."""
    there = values_at(content, condition.steps)
    if condition.test == "exists":
        return bool(there) is condition.wanted
    return any(_TESTS[condition.test](value, condition.wanted) for value in there)


def wanted(condition: Condition) -> str:
    """Return the condition in words, such as ``Result.State: wanted "ok"``."""
    return f"{condition.at or 'the answer'}: wanted {_WANTED[condition.test](condition.wanted)}"


def found(condition: Condition, content: Any) -> str:
    """Return what stands at the condition's place, in few words and without secrets."""
    there = values_at(content, condition.steps)
    if not there:
        return f"nothing ({_way_ended(content, condition.steps)})"
    shown = ", ".join(map(_shown, there[:_SHOWN]))
    more = len(there) - _SHOWN
    return shown + (f" and {more} more" if more > 0 else "")


def values_at(content: Any, steps: Sequence[Step]) -> list[Any]:
    """Return everything that a place leads to: one value at the most, but for a wildcard."""
    there = [content]
    for step in steps:
        there = [below for value in there for below in _below(value, step)]
    return there


def rows_at(condition: Condition, content: Any) -> list[dict[str, Any]] | None:
    """Return the rows that a condition on rows is about; None when none are there."""
    lists = [value for value in values_at(content, condition.steps) if are_rows(value)]
    fitting = (rows for rows in lists if not missing_values(rows, condition.rows or ()))
    return next(fitting, lists[0] if lists else None)


def missing_values(rows: Sequence[Mapping[str, Any]], expected: Sequence[str]) -> list[str]:
    """Return those of ``expected`` that are the value of no column in any row."""
    there = {value for row in rows for value in map(str, row.values())}
    return [value for value in expected if value not in there]


def are_rows(value: Any) -> bool:
    """Return whether a value is a list of objects."""
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _below(value: Any, step: Step) -> Sequence[Any]:
    if isinstance(value, dict):
        if isinstance(step, Wildcard):
            return list(value.values())
        return [value[step]] if step in value else []
    if isinstance(value, list):
        if isinstance(step, Wildcard):
            return value
        return value[int(step) : int(step) + 1] if re.fullmatch(r"[0-9]{1,9}", step) else []
    return []


def _way_ended(content: Any, steps: Sequence[Step]) -> str:
    """Say how far a place leads, and what is there instead."""
    length = next(n for n in range(len(steps), -1, -1) if values_at(content, steps[:n]))
    last = values_at(content, steps[:length])[0]
    names = [step.value if isinstance(step, Wildcard) else step for step in steps[:length]]
    return f"{'.'.join(names) or 'the answer'} is {_shown(last)}"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{foreign(value, _EXCERPT)}"'
    if isinstance(value, list):
        return f"a list of {counted(len(value), 'item')}"
    if isinstance(value, dict):
        keys = [foreign(key, _EXCERPT) for key in list(value)[:_SHOWN]]
        return f"an object with {', '.join(keys)}{' …' if len(value) > _SHOWN else ''}".rstrip()
    return foreign(json.dumps(value), _EXCERPT)


def _equal(value: Any, expected: Any) -> bool:
    if isinstance(value, bool) or isinstance(expected, bool):
        return value is expected  # for Python, true is 1
    return bool(value == expected)


_TESTS: Mapping[str, Test] = {
    "is": _equal,
    "empty": lambda value, expected: (value in (None, "", [], {})) is expected,
    "contains": lambda value, expected: isinstance(value, str) and expected in value,
    "matches": lambda value, expected: (
        isinstance(value, str) and re.search(expected, value) is not None
    ),
    "min_items": lambda value, expected: isinstance(value, list) and len(value) >= expected,
    "max_items": lambda value, expected: isinstance(value, list) and len(value) <= expected,
    "rows": lambda value, expected: are_rows(value) and not missing_values(value, expected),
}

_WANTED: Mapping[str, Callable[[Any], str]] = {
    "is": _shown,
    "exists": lambda yes: "anything" if yes else "nothing",
    "empty": lambda yes: "null or something empty" if yes else "something that is not empty",
    "contains": lambda text: f"a text with {_shown(text)} in it",
    "matches": lambda pattern: f"a text that matches {_shown(pattern)}",
    "min_items": lambda number: f"a list of at least {counted(number, 'item')}",
    "max_items": lambda number: f"a list of at most {counted(number, 'item')}",
    "rows": lambda values: (
        f"rows with {', '.join(map(_shown, values))}" if values else "a list of objects"
    ),
}
