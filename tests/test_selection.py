# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which clients a selector means."""

import pytest

from opskit.errors import EXIT_USAGE, ClientNotFound
from opskit.models import Client
from opskit.selection import not_found, pick_clients, select_clients

CLIENTS = [
    Client("A1", "Data Mart Sync", 3600, True),
    Client("B2", "Data Export", 1800, True),
    Client("C3", None, 900, True),
    Client("D4", "A1", 60, False),
    Client("E5", "Load [test]*", 60, True),
    Client("F6", "Straße", 60, True),
]


def _ids(selector: str) -> list[str]:
    return [client.client_id for client in select_clients(CLIENTS, selector)]


@pytest.mark.parametrize(
    ("selector", "ids"),
    [
        ("B2", ["B2"]),
        ("A1", ["A1"]),  # the id, although another client has that name
        ("Data Mart Sync", ["A1"]),
        ("data mart sync", ["A1"]),
        ("Data*", ["A1", "B2"]),
        ("DATA *", ["A1", "B2"]),
        ("*sync", ["A1"]),
        ("Data ??????", ["B2"]),
        ("[dl]*", ["A1", "B2", "E5"]),
        ("Load [test]*", ["E5"]),  # the name as it stands goes before the glob
        ("STRASSE", ["F6"]),
        ("*", ["A1", "B2", "D4", "E5", "F6"]),
        ("C3", ["C3"]),
        ("C*", []),
        ("b2", []),
        ("Mart", []),
        ("", []),
    ],
)
def test_an_id_goes_before_a_name_before_a_glob(selector: str, ids: list[str]) -> None:
    assert _ids(selector) == ids


def test_one_name_may_belong_to_several_clients() -> None:
    clients = [Client("A1", "Twin", 60, True), Client("B2", "Twin", 90, True)]
    assert select_clients(clients, "Twin") == clients


def test_pick_returns_the_one_client() -> None:
    assert pick_clients(CLIENTS, "B2", "dev", all_matches=False) == [CLIENTS[1]]


def test_several_matches_are_listed_with_their_ids() -> None:
    with pytest.raises(ClientNotFound, match="matches 2 clients in prod") as caught:
        pick_clients(CLIENTS, "Data*", "prod", all_matches=False)
    error = caught.value
    listed = [" ".join(line.split()) for line in error.message.splitlines()[1:]]
    assert listed == ["A1 Data Mart Sync, 3600 s", "B2 Data Export, 1800 s"]
    assert "ClientId" in error.remedy
    assert "--all-matches" in error.remedy
    assert (error.code, error.environment) == ("client-ambiguous", "prod")
    assert error.exit_code == EXIT_USAGE


def test_all_matches_takes_them_all() -> None:
    assert len(pick_clients(CLIENTS, "Data*", "prod", all_matches=True)) == 2


def test_a_long_list_of_matches_is_cut_and_counted() -> None:
    clients = [Client(f"id{n}", f"App {n}", 60, True) for n in range(13)]
    with pytest.raises(ClientNotFound, match="matches 13 clients") as caught:
        pick_clients(clients, "App *", "dev", all_matches=False)
    lines = caught.value.message.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == [f"id{n}" for n in range(10)]
    assert lines[-1].strip() == "and 3 more"


@pytest.mark.parametrize("all_matches", [False, True])
@pytest.mark.parametrize(
    ("selector", "near"), [("Data Mart Snyc", "'Data Mart Sync'"), ("data export", "")]
)
def test_no_match_names_the_nearest(selector: str, near: str, all_matches: bool) -> None:
    clients = CLIENTS[:1]
    with pytest.raises(ClientNotFound, match="No client matches") as caught:
        pick_clients(clients, selector, "dev", all_matches=all_matches)
    error = caught.value
    assert error.message == f"No client matches {selector!r} in dev."
    assert near in error.remedy
    assert (error.code, error.environment) == ("client-not-found", "dev")


def test_an_id_with_a_typing_mistake_is_suggested_too() -> None:
    clients = [Client("0A1B2C3D4E5F", None, 60, None)]
    assert "'0A1B2C3D4E5F'" in not_found(clients, "0A1B2C3D4E5E").remedy


def test_nothing_near_points_to_the_list() -> None:
    error = not_found(CLIENTS, "qqqqqqqq")
    assert error.message == "No client matches 'qqqqqqqq' in these environments."
    assert "opskit lifetime list" in error.remedy
    assert error.environment is None


def test_no_clients_at_all_is_not_found() -> None:
    with pytest.raises(ClientNotFound, match="No client matches"):
        pick_clients([], "*", "dev", all_matches=True)
