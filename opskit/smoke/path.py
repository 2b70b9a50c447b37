# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What a data path is: one request, and what must hold of its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from opskit.conditions import Condition
from opskit.smoke_settings import Kind


@dataclass(frozen=True, slots=True)
class Envelope:
    """What wraps the data; an answer without it is not of this kind at all.

    Attributes:
        words: what is missing then, such as "OData 4 envelope".
        conditions: how it is recognised.
    """

    words: str
    conditions: Sequence[Condition]


@dataclass(frozen=True, slots=True)
class DataPath:
    """One way to read data out of Creatio.

    Attributes:
        name: the check's id.
        kind: how refusals are recognised.
        method: GET or POST.
        path: below the API's base, with its query, without a leading slash.
        headers: in addition to the token's.
        body: sent as JSON; None sends nothing.
        status: the HTTP status that must come.
        envelope: what the answer must be wrapped in.
        conditions: what must hold of the answer.
        passes: what the check says when all of it does; empty for a count.
        optional: its service is not everywhere; absent, it is unsupported.
    """

    name: str
    kind: Kind
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    status: int = 200
    envelope: Envelope = Envelope("", ())
    conditions: Sequence[Condition] = ()
    passes: str = ""
    optional: bool = False
