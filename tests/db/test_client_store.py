# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What every ClientStore does, whatever the engine: the same cases for each of them.

An engine joins by implementing ``Installation`` and by its line in ``_INSTALLATIONS``.
"""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from opskit.db.store import ClientStore, Rights, open_store
from opskit.errors import EXIT_CONFLICT, LockHeld
from opskit.models import Change, Client
from opskit.settings import Environment
from tests.conftest import Database, Server, new_database
from tests.db import remove_clients

SOON = 0.2  # seconds to wait for a lock that nobody gives up


class Installation(Protocol):
    """An Identity Service's database that the tests may fill, and watch by other sessions."""

    def environment(self) -> Environment:
        """Return the environment whose login may do everything."""
        ...

    def add_client(self, client_id: str, name: str | None, lifetime: int = 3600) -> None:
        """Insert an enabled client."""
        ...

    def clear(self) -> None:
        """Remove all clients."""
        ...

    def rows(self) -> dict[str, Mapping[str, Any]]:
        """Return all rows of Clients, all columns, by client id, as another session sees them."""
        ...

    def set_lifetime(self, client_id: str, lifetime: int) -> None:
        """Change a lifetime as somebody else would, committed at once."""
        ...

    def hold_row(self, client_id: str) -> AbstractContextManager[None]:
        """Keep a client's row locked by another transaction."""
        ...


class PostgresInstallation:
    """Installation on the tests' own PostgreSQL server."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def environment(self) -> Environment:
        return self._database.environment()

    def add_client(self, client_id: str, name: str | None, lifetime: int = 3600) -> None:
        self._database.add_client(client_id, name or "unnamed", lifetime)
        if name is None:
            with self._database.connect() as connection:
                update = 'UPDATE "Clients" SET "ClientName" = NULL WHERE "ClientId" = %s'
                assert connection.execute(update, (client_id,)).rowcount == 1

    def clear(self) -> None:
        remove_clients(self._database)

    def rows(self) -> dict[str, Mapping[str, Any]]:
        with self._database.connect() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            rows = cursor.execute('SELECT * FROM "Clients"').fetchall()
        return {row["ClientId"]: row for row in rows}

    def set_lifetime(self, client_id: str, lifetime: int) -> None:
        with self._database.connect() as connection:
            update = 'UPDATE "Clients" SET "AccessTokenLifetime" = %s WHERE "ClientId" = %s'
            assert connection.execute(update, (lifetime, client_id)).rowcount == 1

    @contextmanager
    def hold_row(self, client_id: str) -> Iterator[None]:
        with psycopg.connect(self._database.conninfo) as connection:
            connection.execute(
                sql.SQL('SELECT 1 FROM "Clients" WHERE "ClientId" = {} FOR UPDATE').format(
                    sql.Literal(client_id)
                )
            )
            yield


_INSTALLATIONS: dict[str, tuple[str, Callable[[Any], Installation]]] = {
    "postgresql": ("postgresql", PostgresInstallation),
}


@pytest.fixture(scope="module")
def postgresql(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    with new_database(server, template, tmp_path_factory.mktemp("postgresql")) as database:
        yield database


@pytest.fixture(params=_INSTALLATIONS)
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    fixture, kind = _INSTALLATIONS[request.param]
    installation = kind(request.getfixturevalue(fixture))
    yield installation
    installation.clear()


@pytest.fixture
def store(installation: Installation) -> Iterator[ClientStore]:
    """A store whose database holds A1 (3600 s) and B2 (1800 s)."""
    installation.add_client("A1", "Data Mart Sync", 3600)
    installation.add_client("B2", "Billing Export", 1800)
    with open_store(installation.environment()) as store:
        yield store


def _lifetimes(installation: Installation) -> dict[str, int]:
    return {i: row["AccessTokenLifetime"] for i, row in installation.rows().items()}


# Reading


def test_no_clients(installation: Installation) -> None:
    with open_store(installation.environment()) as store:
        assert store.clients() == []
        assert store.lifetimes(["A1"]) == {}


def test_clients_come_by_name(installation: Installation) -> None:
    for client_id, name in [("3", "Gamma"), ("2", "Alpha"), ("4", "Alpha"), ("1", "Beta")]:
        installation.add_client(client_id, name)
    with open_store(installation.environment()) as store:
        clients = store.clients()
    assert [(c.name, c.client_id) for c in clients] == [
        ("Alpha", "2"),
        ("Alpha", "4"),
        ("Beta", "1"),
        ("Gamma", "3"),
    ]


def test_a_client_has_its_values(store: ClientStore) -> None:
    assert store.clients() == [
        Client("B2", "Billing Export", 1800, True),
        Client("A1", "Data Mart Sync", 3600, True),
    ]


def test_a_client_may_have_no_name(installation: Installation) -> None:
    installation.add_client("A1", None)
    with open_store(installation.environment()) as store:
        (client,) = store.clients()
    assert client.name is None
    assert client.label == "A1"


def test_lifetimes_of_the_clients_that_exist(store: ClientStore) -> None:
    assert store.lifetimes(["A1", "nobody"]) == {"A1": 3600}
    assert store.lifetimes(["B2", "A1"]) == {"A1": 3600, "B2": 1800}
    assert store.lifetimes([]) == {}


def test_reading_sees_what_others_commit(store: ClientStore, installation: Installation) -> None:
    assert store.lifetimes(["A1"]) == {"A1": 3600}
    installation.set_lifetime("A1", 900)
    assert store.lifetimes(["A1"]) == {"A1": 900}


def test_the_server_has_a_product_and_a_version(store: ClientStore) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z ]+ \d[\d.]*", store.server())


def test_an_owner_may_do_everything(store: ClientStore) -> None:
    assert store.rights() == Rights(
        may_read=True, may_read_names=True, may_write=True, may_do_more=True, may_journal=None
    )


# Changing


def test_a_change_is_committed_when_its_block_ends(
    store: ClientStore, installation: Installation
) -> None:
    with store.change() as transaction:
        assert transaction.lock_clients(["A1", "nobody"]) == {"A1": 3600}
        assert transaction.write([Change("A1", None, 3600, 1800)]) == {"A1"}
        assert _lifetimes(installation)["A1"] == 3600
    assert _lifetimes(installation) == {"A1": 1800, "B2": 1800}
    assert store.lifetimes(["A1"]) == {"A1": 1800}


def test_nothing_but_the_lifetime_of_that_client_is_written(
    store: ClientStore, installation: Installation
) -> None:
    before = installation.rows()
    with store.change() as transaction:
        transaction.write([Change("A1", None, 3600, 1800)])
    after = installation.rows()
    assert after["B2"] == before["B2"]
    assert after["A1"] == {**before["A1"], "AccessTokenLifetime": 1800}


def test_several_clients_are_written_at_once(
    store: ClientStore, installation: Installation
) -> None:
    changes = [Change("A1", None, 3600, 60), Change("B2", None, 1800, 2**31 - 1)]
    with store.change() as transaction:
        assert transaction.write(changes) == {"A1", "B2"}
    assert _lifetimes(installation) == {"A1": 60, "B2": 2**31 - 1}


def test_rows_whose_value_moved_are_skipped(store: ClientStore, installation: Installation) -> None:
    changes = [
        Change("A1", None, 7200, 900),
        Change("B2", None, 1800, 900),
        Change("nobody", None, 1800, 900),
    ]
    with store.change() as transaction:
        assert transaction.write(changes) == {"B2"}
    assert _lifetimes(installation) == {"A1": 3600, "B2": 900}


def test_no_changes_write_nothing(store: ClientStore, installation: Installation) -> None:
    with store.change() as transaction:
        assert transaction.lock_clients([]) == {}
        assert transaction.write([]) == set()
    assert _lifetimes(installation) == {"A1": 3600, "B2": 1800}


def test_roll_back_leaves_nothing(store: ClientStore, installation: Installation) -> None:
    with store.change() as transaction:
        assert transaction.write([Change("A1", None, 3600, 1800)]) == {"A1"}
        transaction.roll_back()
    assert _lifetimes(installation)["A1"] == 3600


def test_roll_back_before_the_write_counts_too(
    store: ClientStore, installation: Installation
) -> None:
    with store.change() as transaction:
        transaction.roll_back()
        transaction.write([Change("A1", None, 3600, 1800)])
    assert _lifetimes(installation)["A1"] == 3600


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, LockHeld])
def test_an_error_in_the_block_leaves_nothing_and_passes(
    error: type[BaseException], store: ClientStore, installation: Installation
) -> None:
    def fail() -> None:
        with store.change() as transaction:
            transaction.write([Change("A1", None, 3600, 1800)])
            raise error("stop")

    with pytest.raises(error, match="stop"):
        fail()
    assert _lifetimes(installation)["A1"] == 3600


@pytest.mark.parametrize("rolled_back", [False, True])
def test_a_store_takes_one_change_after_the_other(
    rolled_back: bool, store: ClientStore, installation: Installation
) -> None:
    with store.change() as transaction:
        transaction.write([Change("B2", None, 1800, 900)])
        if rolled_back:
            transaction.roll_back()
    with store.change(lock_timeout=SOON) as transaction:
        transaction.write([Change("A1", None, 3600, 900)])
    assert _lifetimes(installation) == {"A1": 900, "B2": 1800 if rolled_back else 900}


# Locks


def _refused(store: ClientStore) -> LockHeld:
    """Try to change A1 and return the refusal, which must come about when it should."""

    def change() -> None:
        with store.change(lock_timeout=SOON) as transaction:
            transaction.lock_clients(["A1"])
            transaction.write([Change("A1", None, 3600, 1800)])

    started = time.monotonic()
    with pytest.raises(LockHeld) as caught:
        change()
    assert SOON * 0.9 < time.monotonic() - started < 5
    error = caught.value
    assert (error.code, error.exit_code) == ("lock-held", EXIT_CONFLICT)
    assert error.environment == "unit"
    assert "nothing was written" in error.remedy
    return error


def test_one_change_at_a_time(store: ClientStore, installation: Installation) -> None:
    with open_store(installation.environment()) as other, other.change():
        assert "Another change is under way" in _refused(store).message
    assert _lifetimes(installation)["A1"] == 3600


def test_a_row_in_somebody_elses_hands(store: ClientStore, installation: Installation) -> None:
    with installation.hold_row("A1"):
        assert "client's row" in _refused(store).message
    assert _lifetimes(installation)["A1"] == 3600


def test_another_clients_row_does_not_matter(
    store: ClientStore, installation: Installation
) -> None:
    with installation.hold_row("B2"), store.change(lock_timeout=SOON) as transaction:
        assert transaction.lock_clients(["A1"]) == {"A1": 3600}


def test_reading_waits_for_no_lock(store: ClientStore, installation: Installation) -> None:
    with open_store(installation.environment()) as other, other.change() as transaction:
        transaction.write([Change("A1", None, 3600, 1800)])
        assert store.lifetimes(["A1"]) == {"A1": 3600}
        assert len(store.clients()) == 2


def test_a_store_is_usable_after_a_refused_lock(
    store: ClientStore, installation: Installation
) -> None:
    with installation.hold_row("A1"):
        _refused(store)
    with store.change(lock_timeout=SOON) as transaction:
        transaction.write([Change("A1", None, 3600, 1800)])
    assert _lifetimes(installation)["A1"] == 1800


def test_a_change_waits_for_the_other_to_end(
    store: ClientStore, installation: Installation
) -> None:
    taken, release = threading.Event(), threading.Event()

    def hold() -> None:
        with open_store(installation.environment()) as other, other.change() as transaction:
            transaction.write([Change("A1", None, 3600, 900)])
            taken.set()
            release.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(10)
    threading.Timer(0.3, release.set).start()
    with store.change(lock_timeout=10) as transaction:
        assert release.is_set()
        assert transaction.lock_clients(["A1"]) == {"A1": 900}
    holder.join()


_HOLD = """
import sys, time
from pathlib import Path
from opskit.config import load_config
from opskit.db.store import open_store
from opskit.models import Change

environment = load_config(Path(sys.argv[1])).environments["unit"]
with open_store(environment) as store, store.change() as transaction:
    transaction.lock_clients(["A1"])
    transaction.write([Change("A1", None, 3600, 900)])
    print("locked", flush=True)
    time.sleep(60)
"""


def test_a_killed_process_leaves_no_lock_and_no_change(
    store: ClientStore, installation: Installation
) -> None:
    config = installation.environment().folder / "opskit.toml"
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(config)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        _refused(store)
        process.kill()
    started = time.monotonic()
    with store.change() as transaction:
        assert transaction.lock_clients(["A1"]) == {"A1": 3600}
        transaction.write([Change("A1", None, 3600, 1800)])
    assert time.monotonic() - started < 3
    assert _lifetimes(installation)["A1"] == 1800


# Strange ids

STRANGE_IDS = [
    "O'Brien",
    'say "hi"',
    "back\\slash\\",
    "Übergrößenträger",
    "приложение-客户端",
    "robot 🤖👩\u200d💻",
    "e\u0301",  # one letter in two characters …
    "\u00e9",  # … and the same in one
    "x" * 200,
    "é" * 200,
    "x",
    "trailing ",
    " leading",
    "100%",
    "%s %(client_ids)s %%",
    "under_score",
    "underXscore",
    "{schema}",
    "{a,b}",
    "a",
    "NULL",
    '\'; DROP TABLE "Clients"; --',
    "' OR '1'='1",
    "*",
    "[a-z]?",
    "line\nbreak\ttab",
    "a,b;c",
    "$1",
]


@pytest.fixture
def strange(installation: Installation) -> Installation:
    for client_id in STRANGE_IDS:
        installation.add_client(client_id, client_id, 3600)
    return installation


def test_strange_ids_are_listed_as_they_are(strange: Installation) -> None:
    with open_store(strange.environment()) as store:
        clients = store.clients()
    assert {(c.client_id, c.name) for c in clients} == {(i, i) for i in STRANGE_IDS}


def test_a_strange_id_is_read_without_another(strange: Installation) -> None:
    with open_store(strange.environment()) as store:
        for client_id in STRANGE_IDS:
            assert store.lifetimes([client_id]) == {client_id: 3600}
        assert set(store.lifetimes(STRANGE_IDS)) == set(STRANGE_IDS)


def test_a_strange_id_is_changed_without_another(strange: Installation) -> None:
    expected = dict.fromkeys(STRANGE_IDS, 3600)
    with open_store(strange.environment()) as store:
        for lifetime, client_id in enumerate(STRANGE_IDS, start=60):
            with store.change() as transaction:
                assert transaction.lock_clients([client_id]) == {client_id: 3600}
                change = Change(client_id, None, 3600, lifetime)
                assert transaction.write([change]) == {client_id}
            expected[client_id] = lifetime
            assert store.lifetimes(STRANGE_IDS) == expected
    assert _lifetimes(strange) == expected
