# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing TOML: on one line for opskit's standard input, or as a file that people read.

This is private to the collection.
"""

from __future__ import annotations

import json
import math
import re

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")


def to_toml(value):
    """Return ``value`` on one line of TOML; what is None in a mapping is left out.

    Raises:
        ValueError: it holds something that TOML has no form for.
    """
    if isinstance(value, dict):
        pairs = [(key, item) for key, item in value.items() if item is not None]
        return "{" + ", ".join(_name(str(k)) + " = " + to_toml(v) for k, v in pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(to_toml(item) for item in value) + "]"
    known = isinstance(value, (str, bool, int, float))
    if not known or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(f"TOML has no form for this {type(value).__name__}")
    # JSON's texts are TOML's, but for one character, and for pairs that stand for one.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def to_document(value):
    """Return a mapping as a TOML file: tables down to the second level, and lists of them.

    Raises:
        ValueError: it is no mapping, or holds something that TOML has no form for.
    """
    if not isinstance(value, dict):
        raise ValueError("a TOML file is a mapping of tables")  # noqa: TRY004
    return "\n\n".join("\n".join(lines) for lines in _tables(value, ())) + "\n"


def _tables(table, path):
    """Yield the lines of each table of a file, headed by its name."""
    plain, below = [], []
    for key, item in table.items():
        where = (*path, str(key))
        if isinstance(item, dict) and len(path) < 2:
            below.extend(_tables(item, where))
        elif path and _is_list_of_tables(item):
            below.extend([f"[[{_dotted(where)}]]", *_pairs(one)] for one in item)
        elif item is not None:
            plain.extend(_pairs({key: item}))
    # A table that only holds others needs no head of its own.
    if plain or (path and not below):
        yield ([f"[{_dotted(path)}]"] if path else []) + plain
    yield from below


def _is_list_of_tables(value):
    return isinstance(value, list) and value and all(isinstance(one, dict) for one in value)


def _pairs(table):
    pairs = [(str(key), item) for key, item in table.items() if item is not None]
    return [f"{_name(key)} = {to_toml(item)}" for key, item in pairs]


def _dotted(path):
    return ".".join(_name(key) for key in path)


def _name(key):
    return key if _BARE.match(key) else to_toml(key)
