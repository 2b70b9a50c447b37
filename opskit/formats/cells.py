# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What tables are made of."""

from collections.abc import Iterable

from rich.box import SIMPLE_HEAD
from rich.table import Column, Table
from rich.text import Text

from opskit.durations import format_duration
from opskit.secrets import printable

_LONGEST_WHOLE = 40  # letters of an id; Creatio's have 32


def seconds(value: int) -> str:
    """Return seconds as both the database and a person say them."""
    return f"{value} s ({format_duration(value)})"


def word(text: str) -> Text:
    """Return text from elsewhere, with nothing in it that a terminal would obey."""
    return Text(printable(text))


def plain_table(*headers: str) -> Table:
    """Return a table with these columns, and a line below their names."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in headers:
        # An id is there to be copied: whole, or not at all useful.
        table.add_column(Text(header), no_wrap=header == "ClientId", overflow="fold")
    return table


def fold_long_ids(column: Column, ids: Iterable[str]) -> None:
    """Let the column of ids fold if one is so long that it would leave the others no room."""
    column.no_wrap = all(len(one) <= _LONGEST_WHOLE for one in ids)
