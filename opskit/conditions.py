# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Conditions on a JSON document: a place in it, and one test of what is there.

A place is written as TOML writes dotted keys: ``Result.Orders.*.Number``, with quotes around a key
that holds dots itself: ``'@odata.context'``. ``*`` stands for any item of a list and any value of
an object, a number for the item at that position, counted from 0.
"""

import functools
import re
from enum import Enum

import msgspec


class Wildcard(Enum):
    """The step of a place that any item fits."""

    ANY = "*"


Step = str | Wildcard
"""One step into a document: a key or position, or any."""

_STEP = re.compile(r"""'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>[^.'"\s]+)""")

# What Python understands and JavaScript does not, or in another way; flags at the beginning go.
_PYTHON_ONLY = re.compile(
    r"\(\?(?:P|#|\(|>|[aiLmsux]+(?:-[imsx]+)?[:)]|-[imsx]+:)|(?<!\\)(?:\\\\)*\\[AZ]"
)
_FLAGS = re.compile(r"\(\?([ims]+)\)")

Scalar = str | int | float | bool


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place and exactly one test; where the place holds ``*``, one item that passes is enough.

    Attributes:
        at: the place; empty for the whole document.
        equals: ``is``: this text, number or truth value.
        exists: something is there, be it null; or nothing is.
        empty: what is there is null or an empty text, list or object; or it is not.
        contains: a text with this text in it.
        matches: a text in which this regular expression is found, as Python and JavaScript
            understand it alike; it may begin with flags such as ``(?i)``.
        min_items: a list of at least so many items.
        max_items: a list of at most so many items.
        rows: a list of objects, in which each of these values stands in some object.
    """

    at: str = ""
    equals: Scalar | None = msgspec.field(default=None, name="is")
    exists: bool | None = None
    empty: bool | None = None
    contains: str | None = None
    matches: str | None = None
    min_items: int | None = None
    max_items: int | None = None
    rows: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        steps_of(self.at)
        given = [name for name in TESTS if self._value(name) is not None]
        if len(given) != 1:
            both = f", not {' and '.join(given)}" if given else ""
            raise ValueError(f"write exactly one test of {', '.join(TESTS)}{both}")
        if self.matches is not None:
            _check_pattern(self.matches)
        if min(self.min_items or 0, self.max_items or 0) < 0:
            raise ValueError(f"{given[0]} must be at least 0")

    @property
    def steps(self) -> tuple[Step, ...]:
        """The way to the place."""
        return steps_of(self.at)

    @property
    def test(self) -> str:
        """The name of the test, as in opskit.toml."""
        return next(name for name in TESTS if self._value(name) is not None)

    @property
    def wanted(self) -> object:
        """What the test compares with."""
        return self._value(self.test)

    def _value(self, name: str) -> object:
        return getattr(self, "equals" if name == "is" else name)


TESTS = tuple(name for name in Condition.__struct_encode_fields__ if name != "at")


@functools.cache
def steps_of(at: str) -> tuple[Step, ...]:
    """Return the steps of a place.

    Raises:
        ValueError: it is none.
    """
    steps: list[Step] = []
    end = -1
    while end < len(at) and at:
        found = _STEP.match(at, end + 1)
        if found is None or at[found.end() : found.end() + 1] not in {"", "."}:
            raise ValueError(
                f"at = {at!r} is no path: write keys with dots between them, and quotes around a "
                "key that holds dots or spaces"
            )
        bare = found["bare"]
        if bare == "@odata":
            raise ValueError(f"at = {at!r}: put the key in quotes, as in \"'@odata.context'\"")
        key = next(part for part in found.groups() if part is not None)
        steps.append(Wildcard.ANY if bare == "*" else key)
        end = found.end()
    return tuple(steps)


def quoted(key: str) -> str:
    """Return a key as a step of a place, whatever it holds but both kinds of quotes."""
    if re.fullmatch(r"[\w-]+", key):
        return key
    return f'"{key}"' if "'" in key else f"'{key}'"


def split_flags(pattern: str) -> tuple[str, str]:
    """Return a regular expression without the flags that it begins with, and these flags."""
    found = _FLAGS.match(pattern)
    return (pattern[found.end() :], found[1]) if found else (pattern, "")


def _check_pattern(pattern: str) -> None:
    inner, _ = split_flags(pattern)
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"matches is no regular expression: {error}") from None
    if alien := _PYTHON_ONLY.search(inner):
        raise ValueError(f"matches holds {alien[0]!r}, which JavaScript does not understand alike")
