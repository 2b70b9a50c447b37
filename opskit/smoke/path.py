# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What a data path is: one request, and the eye that judges its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

from opskit.checks import failed, passed, warned
from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Check


@dataclass(frozen=True, slots=True)
class Request:
    """A call to Creatio's API.

    Attributes:
        method: GET or POST.
        path: below the API's base, with its query, without a leading slash.
        headers: in addition to the token's.
        body: sent as JSON; None sends nothing.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


class DataPath(Protocol):
    """One of the ways to read data out of Creatio."""

    name: str

    def request(self) -> Request:
        """Return the call to make."""
        ...

    def judge(self, answer: Answer) -> Check:
        """Look at status, content type and shape of the answer; ``name`` is the check's id."""
        ...


def judge_rows(name: str, answer: Answer, rows: Sequence[Any], expect: Sequence[str]) -> Check:
    """Check that there are rows, and among them those that must be there.

    Args:
        name: the check's id.
        answer: where the rows come from.
        rows: JSON objects.
        expect: values, each of which must stand in some row.
    """
    if not all(isinstance(row, dict) for row in rows):
        shape = finding("unexpected-shape", f"Rows that are no objects: {answer.excerpt()}")
        return failed(name, shape, answer.elapsed)
    there = {value for row in rows for value in map(str, row.values())}
    if missing := [value for value in expect if value not in there]:
        words = f"Not among {len(rows)} rows: {', '.join(missing)}"
        return failed(name, finding("row-missing", words), answer.elapsed)
    if not rows:
        return warned(name, finding("rows-empty", "200, but no rows."), answer.elapsed)
    found = f"{len(rows)} row{'s' if len(rows) > 1 else ''}"
    named = f", {', '.join(expect)} among them" if expect else ""
    return passed(name, found + named, answer.elapsed)


def query_string(**options: str) -> str:
    """Return OData's ``$name=value`` options, percent-encoded, without the empty ones."""
    return "&".join(f"${name}={quote(value, safe=',')}" for name, value in options.items() if value)
