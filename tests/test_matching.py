# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which entry of lifetimes.toml decides a client's lifetime."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opskit.desired import Defaults, DesiredClient, DesiredState
from opskit.matching import match_clients
from opskit.models import Client
from opskit.policy import Duration
from opskit.selection import select_clients

CLIENTS = [
    Client("A1", "Data Mart Sync", 3600, True),
    Client("B2", "Data Export", 1800, True),
    Client("C3", None, 900, True),
    Client("D4", "A1", 60, False),
    Client("E5", "Load [test]*", 60, True),
    Client("F6", "Straße", 60, True),
    Client("G7", "Data Export", 1800, True),
    Client("H8", "two\nlines", 1800, True),
]


def _entry(client: str, lifetime: int | None, **environments: int) -> DesiredClient:
    own = {name: Duration(value) for name, value in environments.items()}
    return DesiredClient(client, None if lifetime is None else Duration(lifetime), own)


def _state(*entries: DesiredClient, default: int | None = None) -> DesiredState:
    general = Defaults(None if default is None else Duration(default))
    return DesiredState(Path("lifetimes.toml"), general, entries)


def _lifetimes(*entries: DesiredClient, default: int | None = None) -> dict[str, int]:
    return dict(match_clients(_state(*entries, default=default), "dev", CLIENTS).lifetimes)


def test_an_id_goes_before_a_name_before_a_glob_wherever_they_stand() -> None:
    glob, name, id_ = _entry("Data*", 10), _entry("Data Export", 20), _entry("B2", 30)
    wanted = {"A1": 10, "B2": 30, "G7": 20}
    assert _lifetimes(glob, name, id_) == wanted
    assert _lifetimes(id_, name, glob) == wanted


@pytest.mark.parametrize("selector", ["B2", "Data Export", "DATA ex*"])
def test_of_one_kind_the_last_one_counts(selector: str) -> None:
    assert _lifetimes(_entry(selector, 10), _entry(selector, 20))["B2"] == 20


def test_the_last_glob_that_fits_counts() -> None:
    lifetimes = _lifetimes(_entry("*", 1), _entry("Data*", 2), _entry("*Mart*", 3), _entry("x*", 4))
    assert [lifetimes[i] for i in ("A1", "B2", "E5")] == [3, 2, 1]


def test_an_id_that_is_another_clients_name_means_the_id() -> None:
    assert _lifetimes(_entry("A1", 10)) == {"A1": 10}


def test_an_entry_without_a_value_here_does_not_count() -> None:
    assert _lifetimes(_entry("Data*", 10), _entry("B2", None, prod=20))["B2"] == 10


def test_the_default_is_for_those_that_no_entry_names() -> None:
    lifetimes = _lifetimes(_entry("A1", 10), default=99)
    assert lifetimes == {client.client_id: 99 for client in CLIENTS} | {"A1": 10}


def test_selectors_without_a_client_are_named_once_and_only_where_they_apply() -> None:
    entries = [
        _entry("Nobody", 10),
        _entry("Data*", 10),
        _entry("No*", 10),
        _entry("Nobody", 10),
        _entry("Elsewhere", None, prod=10),
        _entry("*Mart*", 10),  # overrides Data*, which still matches
    ]
    assert match_clients(_state(*entries), "dev", CLIENTS).missing == ["No*", "Nobody"]
    assert "Elsewhere" in match_clients(_state(*entries), "prod", CLIENTS).missing


TEXT = st.text("aAß*?[]!-\nİ b", max_size=5)


@given(st.lists(st.tuples(TEXT, st.none() | TEXT), max_size=6), TEXT.filter(bool))
def test_a_selector_means_the_same_as_everywhere(
    named: list[tuple[str, str | None]], selector: str
) -> None:
    ids = dict.fromkeys(client_id for client_id, _ in named)
    clients = [Client(i, name, 60, True) for i, (_, name) in zip(ids, named, strict=False)]
    meant = {client.client_id for client in select_clients(clients, selector)}
    matched = match_clients(_state(_entry(selector, 10)), "dev", clients)
    assert set(matched.lifetimes) == meant
    assert matched.missing == ([] if meant else [selector])


def test_many_clients_and_entries_take_about_a_second() -> None:
    clients = [Client(f"{i:032X}", f"App {i % 997} of team {i}", 60, True) for i in range(100_000)]
    globs = [_entry(f"*app {i}*", 10 + i) for i in range(50)]
    names = [_entry(f"App {i} of team {i}", 10 + i) for i in range(50)]
    started = time.perf_counter()
    matched = match_clients(_state(*globs, *names, default=60), "dev", clients)
    assert time.perf_counter() - started < 5  # generous: shared machines
    assert len(matched.lifetimes) == 100_000
