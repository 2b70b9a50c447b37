# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TOML, on one line and as a file."""

from __future__ import annotations

import pytest
from ansible_collections.opskit.creatio.plugins.module_utils._toml import (
    to_document,
    to_toml,
)

tomllib = pytest.importorskip("tomllib", reason="Python before 3.11 has no TOML")

TRICKY = [
    "",
    "plain",
    'a "quoted" \\ path',
    "line\nbreak\tand\x00\x1f\x7fcontrol",
    "Ümläut 漢字 😀 \u2028",
    "'''",
    "{{ not.templated }}",
]


@pytest.mark.parametrize("text", TRICKY)
def test_any_text_survives(text):
    table = {"value": text, text: 1}
    assert tomllib.loads("all = " + to_toml(table))["all"] == table


def test_other_values():
    value = {"yes": True, "no": False, "n": -5, "list": [1, {"a": "b"}, []], "none": None}
    read = tomllib.loads("all = " + to_toml(value))["all"]
    assert read == {"yes": True, "no": False, "n": -5, "list": [1, {"a": "b"}, []]}


@pytest.mark.parametrize("value", [None, [None], object(), float("nan"), {"a": [{"b": {1}}]}])
def test_what_toml_has_no_form_for(value):
    with pytest.raises(ValueError, match="no form"):
        to_toml(value)


FILE = {
    "title": "x",
    "defaults": {"timeout": "10s", "policy": {"max_lifetime": "4h"}},
    "environments": {
        "dev": {
            "database": "postgresql://opskit@db/identity",
            "database_password": {"file": "secrets/dev"},
            "protected": False,
            "clients": [
                {"id": "A", "secret": {"file": "secrets/a"}},
                {"id": "B", "secret": {"env": "B"}, "name": None},
            ],
            "smoke": {"odata4": {"expect": ["x"]}, "checks": [{"name": "a", "expect": []}]},
        },
        "a.b c": {},
        **{text: {text: text} for text in TRICKY if text},
    },
}


def without_none(value):
    if isinstance(value, dict):
        return {key: without_none(item) for key, item in value.items() if item is not None}
    return [without_none(item) for item in value] if isinstance(value, list) else value


def test_a_file_says_the_same():
    assert tomllib.loads(to_document(FILE)) == without_none(FILE)


def test_a_file_is_written_for_people():
    dev = {name: FILE["environments"]["dev"][name] for name in ("database", "clients")}
    assert to_document({"environments": {"dev": dev}}).splitlines() == [
        "[environments.dev]",
        'database = "postgresql://opskit@db/identity"',
        "",
        "[[environments.dev.clients]]",
        'id = "A"',
        'secret = {file = "secrets/a"}',
        "",
        "[[environments.dev.clients]]",
        'id = "B"',
        'secret = {env = "B"}',
    ]


def test_only_a_mapping_is_a_file():
    with pytest.raises(ValueError, match="mapping"):
        to_document([])
