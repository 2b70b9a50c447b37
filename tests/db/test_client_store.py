# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What every ClientStore does, whatever the engine: the same cases for each of them.

An engine joins by implementing ``Installation`` and by its line in tests/conftest.py.
"""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opskit.db.store import ClientStore, Rights, open_store
from opskit.errors import (
    EXIT_CONFLICT,
    EXIT_UNREACHABLE,
    Interrupted,
    JournalMissing,
    LockHeld,
    OpskitError,
    UnreachableError,
)
from opskit.models import Change, ChangeRecord, Client, JournalEntry, Verification
from tests.db import looked_at
from tests.db.installations import Installation
from tests.names import TEXTS, fits

SOON = 0.2  # seconds to wait for a lock that nobody gives up


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


def test_the_driver_has_a_name_and_a_version(store: ClientStore) -> None:
    assert re.match(r"[a-z]+ \d[\d.]*, lib[a-z]+.* \d[\d.]*$", store.driver())


def test_an_owner_may_do_everything(store: ClientStore) -> None:
    assert store.rights() == Rights(
        may_read=True, may_read_names=True, may_write=True, may_do_more=True, may_journal=None
    )


# Changing


def test_a_change_is_committed_when_its_block_ends(
    store: ClientStore, installation: Installation
) -> None:
    with store.change() as transaction:
        assert transaction.lock_clients(looked_at("A1", "nobody")) == {"A1": 3600}
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


def test_a_trigger_on_the_table_does_not_matter(
    store: ClientStore, installation: Installation
) -> None:
    with installation.note_changes() as written:
        with store.change() as transaction:
            assert transaction.write([Change("A1", None, 3600, 1800)]) == {"A1"}
            assert transaction.write([Change("B2", None, 3600, 900)]) == set()
        assert written() == ["A1"]
    assert _lifetimes(installation) == {"A1": 1800, "B2": 1800}


def test_a_change_that_is_none_is_not_written(
    store: ClientStore, installation: Installation
) -> None:
    changes = [Change("A1", None, 3600, 60), Change("B2", None, 1800, 1800)]
    with installation.note_changes() as written:
        with store.change() as transaction:
            assert transaction.lock_clients(changes) == {"A1": 3600, "B2": 1800}
            assert transaction.write(changes) == {"A1"}
        assert written() == ["A1"]
    assert _lifetimes(installation) == {"A1": 60, "B2": 1800}


def test_other_changes_than_those_that_were_locked_for_are_written(
    store: ClientStore, installation: Installation
) -> None:
    with store.change() as transaction:
        assert transaction.lock_clients(looked_at("A1")) == {"A1": 3600}
        assert transaction.write([Change("B2", None, 1800, 60)]) == {"B2"}
    assert _lifetimes(installation) == {"A1": 3600, "B2": 60}


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
            transaction.lock_clients(looked_at("A1"))
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
        assert transaction.lock_clients(looked_at("A1")) == {"A1": 3600}


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
        assert transaction.lock_clients(looked_at("A1")) == {"A1": 900}
    holder.join()


_HOLD = """
import sys, time
from pathlib import Path
from opskit.config import load_config
from opskit.db.store import open_store
from opskit.models import Change

environment = load_config(Path(sys.argv[1])).environments["unit"]
with open_store(environment) as store, store.change() as transaction:
    changes = [Change("A1", None, 3600, 900)]
    transaction.lock_clients(changes)
    transaction.write(changes)
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
        assert transaction.lock_clients(looked_at("A1")) == {"A1": 3600}
        transaction.write([Change("A1", None, 3600, 1800)])
    assert time.monotonic() - started < 3
    assert _lifetimes(installation)["A1"] == 1800


def test_reading_does_not_wait_for_ever(installation: Installation) -> None:
    """As while somebody alters the table, or writes where readers wait for writers."""
    installation.add_client("A1", "Data Mart Sync")
    with open_store(installation.environment(timeout=1)) as store:
        with installation.hold_table():
            started = time.monotonic()
            with pytest.raises(LockHeld, match="the whole table") as caught:
                store.clients()
            assert 0.9 < time.monotonic() - started < 5
        assert (caught.value.code, caught.value.environment) == ("lock-held", "unit")
        assert len(store.clients()) == 1


# Sessions that end


@pytest.mark.parametrize("moment", ["before the write", "before the commit"])
def test_an_ended_session_is_told_and_nothing_written(
    moment: str, store: ClientStore, installation: Installation
) -> None:
    def change() -> None:
        with store.change() as transaction:
            transaction.lock_clients(looked_at("A1"))
            if moment == "before the write":
                installation.end_sessions()
            transaction.write([Change("A1", None, 3600, 1800)])
            installation.end_sessions()

    with pytest.raises(UnreachableError) as caught:
        change()
    assert (caught.value.code, caught.value.exit_code) == ("database-gone", EXIT_UNREACHABLE)
    assert "opskit lifetime list -e unit" in caught.value.remedy
    assert _lifetimes(installation)["A1"] == 3600
    with pytest.raises(UnreachableError) as caught:
        store.clients()
    assert caught.value.code == "database-gone"


def test_a_session_that_ended_between_two_statements(
    store: ClientStore, installation: Installation
) -> None:
    installation.end_sessions()
    with pytest.raises(UnreachableError) as caught:
        store.clients()
    assert caught.value.code == "database-gone"


# The journal

RECORD = ChangeRecord("set-1", "unit", "Ann", "month end", "1.2.3", "f" * 64, "set-0")
A1 = Change("A1", "Data Mart Sync", 3600, 900)
B2 = Change("B2", None, 1800, 60)


@pytest.fixture
def journalled(store: ClientStore, installation: Installation) -> ClientStore:
    """The store with an empty journal."""
    installation.make_journal()
    return store


def _recorded(store: ClientStore, change_set: str, *changes: Change) -> None:
    with store.change() as transaction:
        transaction.record(replace(RECORD, change_set=change_set), changes)


def _changed_and_recorded(store: ClientStore, record: ChangeRecord) -> None:
    with store.change() as transaction:
        assert transaction.write([A1]) == {"A1"}
        transaction.record(record, [A1])


def test_no_journal(store: ClientStore, installation: Installation) -> None:
    assert store.journal_revision() is None
    assert store.rights().may_journal is None
    with pytest.raises(JournalMissing, match="has no journal") as caught:
        store.journal()
    with pytest.raises(JournalMissing):
        _changed_and_recorded(store, RECORD)
    with pytest.raises(JournalMissing):
        store.record_verification("set-1", {"A1": Verification.PROVED})
    assert "opskit db upgrade -e unit" in caught.value.remedy
    assert "--no-journal" in caught.value.remedy
    assert caught.value.environment == "unit"
    assert _lifetimes(installation)["A1"] == 3600


def test_an_empty_journal(journalled: ClientStore) -> None:
    assert journalled.journal_revision() == "0001"
    assert journalled.rights().may_journal is True
    assert journalled.journal() == []


def test_a_record_has_its_values(journalled: ClientStore, installation: Installation) -> None:
    before = datetime.now(UTC)
    with journalled.change() as transaction:
        transaction.write([A1, B2])
        transaction.record(RECORD, [A1])
    (entry,) = journalled.journal()
    assert entry == JournalEntry(
        change_set="set-1",
        changed_at=entry.changed_at,
        environment="unit",
        client_id="A1",
        client_name="Data Mart Sync",
        old=3600,
        new=900,
        actor="Ann",
        login=installation.login,
        reason="month end",
        tool_version="1.2.3",
        plan_hash="f" * 64,
        reverts="set-0",
        verification=Verification.PENDING,
    )
    assert entry.changed_at.tzinfo is UTC
    assert abs(entry.changed_at - before) < timedelta(minutes=1)


def test_what_is_not_known_stays_empty(journalled: ClientStore) -> None:
    with journalled.change() as transaction:
        transaction.record(ChangeRecord("set-1", "unit", "Ann", None, "1.2.3"), [A1, B2])
    entries = {entry.client_id: entry for entry in journalled.journal()}
    assert {i: entry.client_name for i, entry in entries.items()} == {
        "A1": "Data Mart Sync",
        "B2": None,
    }
    assert {(e.reason, e.plan_hash, e.reverts) for e in entries.values()} == {(None, None, None)}


def test_a_change_that_is_none_leaves_no_record(journalled: ClientStore) -> None:
    with journalled.change() as transaction:
        transaction.record(RECORD, [A1, replace(B2, new=B2.old)])
    assert [entry.client_id for entry in journalled.journal()] == ["A1"]


def test_a_trigger_on_the_journal_does_not_matter(
    journalled: ClientStore, installation: Installation
) -> None:
    with installation.note_records() as noted:
        _changed_and_recorded(journalled, RECORD)
        journalled.record_verification("set-1", {"A1": Verification.PROVED})
        assert noted() == ["A1", "A1"]
    (entry,) = journalled.journal()
    assert entry.verification is Verification.PROVED


def test_change_and_record_commit_together(
    journalled: ClientStore, installation: Installation
) -> None:
    with journalled.change() as transaction:
        transaction.write([A1])
        transaction.record(RECORD, [A1])
        with open_store(installation.environment()) as other:
            assert other.journal() == []
    assert [entry.new for entry in journalled.journal()] == [900]
    assert _lifetimes(installation)["A1"] == 900


def test_change_and_record_are_rolled_back_together(
    journalled: ClientStore, installation: Installation
) -> None:
    with journalled.change() as transaction:
        transaction.write([A1])
        transaction.record(RECORD, [A1])
        transaction.roll_back()
    assert journalled.journal() == []
    assert _lifetimes(installation)["A1"] == 3600


def test_an_error_leaves_neither_change_nor_record(
    journalled: ClientStore, installation: Installation
) -> None:
    def fail() -> None:
        with journalled.change() as transaction:
            transaction.write([A1])
            transaction.record(RECORD, [A1])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert journalled.journal() == []
    assert _lifetimes(installation)["A1"] == 3600


def test_a_record_that_the_journal_refuses_undoes_the_change(
    journalled: ClientStore, installation: Installation
) -> None:
    with pytest.raises(OpskitError):
        _changed_and_recorded(journalled, replace(RECORD, actor="x" * 201))
    assert journalled.journal() == []
    assert _lifetimes(installation)["A1"] == 3600


def test_the_newest_comes_first(journalled: ClientStore) -> None:
    for change_set in ("one", "two", "three"):
        _recorded(journalled, change_set, A1)
    entries = journalled.journal()
    assert [entry.change_set for entry in entries] == ["three", "two", "one"]
    assert entries[0].changed_at >= entries[1].changed_at >= entries[2].changed_at


def test_one_change_set_of_the_journal(journalled: ClientStore) -> None:
    _recorded(journalled, "one", A1)
    _recorded(journalled, "two", A1, B2)
    assert {e.client_id for e in journalled.journal(change_set="two")} == {"A1", "B2"}
    assert [e.change_set for e in journalled.journal(change_set="one")] == ["one"]
    assert journalled.journal(change_set="nobody's") == []
    assert journalled.journal(change_set="%") == []


def test_the_newest_of_the_journal(journalled: ClientStore) -> None:
    for change_set in ("one", "two", "three"):
        _recorded(journalled, change_set, A1, B2)
        time.sleep(0.01)
    newest, second, third = journalled.journal(limit=3)
    assert [e.change_set for e in (newest, second, third)] == ["three", "three", "two"]
    assert journalled.journal(limit=2) == [newest, second]
    assert len(journalled.journal(limit=2**31 - 1)) == 6
    (of_one,) = journalled.journal(change_set="one", limit=1)
    assert of_one.change_set == "one"
    assert journalled.journal(since=newest.changed_at, limit=3) == [newest, second]


@pytest.mark.parametrize(
    "zone", [UTC, timezone(timedelta(hours=13)), timezone(-timedelta(hours=9))]
)
def test_the_journal_since_a_moment(zone: timezone, journalled: ClientStore) -> None:
    for change_set in ("one", "two"):
        _recorded(journalled, change_set, A1)
        time.sleep(0.01)
    moment = journalled.journal()[0].changed_at.astimezone(zone)
    assert [e.change_set for e in journalled.journal(since=moment)] == ["two"]
    assert journalled.journal(since=moment, change_set="one") == []
    assert len(journalled.journal(since=moment - timedelta(hours=1))) == 2
    assert journalled.journal(since=moment + timedelta(seconds=1)) == []


def test_no_changes_leave_no_record(journalled: ClientStore) -> None:
    _recorded(journalled, "one")
    assert journalled.journal() == []


def test_a_verification_is_noted_for_its_change_set_only(journalled: ClientStore) -> None:
    _recorded(journalled, "one", A1, B2)
    _recorded(journalled, "two", A1, B2)
    results = {"A1": Verification.PROVED, "nobody": Verification.FAILED}
    journalled.record_verification("two", results)
    noted = {(e.change_set, e.client_id): e.verification for e in journalled.journal()}
    assert noted == {
        ("one", "A1"): Verification.PENDING,
        ("one", "B2"): Verification.PENDING,
        ("two", "A1"): Verification.PROVED,
        ("two", "B2"): Verification.PENDING,
    }
    journalled.record_verification("two", {})
    journalled.record_verification("one", {"A1": Verification.SKIPPED, "B2": Verification.FAILED})
    assert {e.verification for e in journalled.journal(change_set="one")} == {
        Verification.SKIPPED,
        Verification.FAILED,
    }


def test_strange_texts_come_back_from_the_journal_as_they_are(journalled: ClientStore) -> None:
    changes = [Change(text, text, 3600, 60) for text in STRANGE_IDS]
    reason = "Überstunden 🤖 " + "é" * 986
    assert len(reason) == 1000
    with journalled.change() as transaction:
        transaction.record(replace(RECORD, actor="O'Brien 🤖", reason=reason[1:]), changes)
    entries = journalled.journal()
    assert {(e.client_id, e.client_name) for e in entries} == {(i, i) for i in STRANGE_IDS}
    assert {(e.actor, e.reason) for e in entries} == {("O'Brien 🤖", reason[1:])}


def test_many_clients_at_once(journalled: ClientStore, installation: Installation) -> None:
    """More than a statement of SQL Server's takes parameters."""
    changes = [Change(f"many-{i:04}", f"Many {i}", 3600, 60 + i) for i in range(1100)]
    installation.add_clients([change.client_id for change in changes])
    ids = [change.client_id for change in changes]
    with journalled.change() as transaction:
        assert transaction.lock_clients(changes) == dict.fromkeys(ids, 3600)
        assert transaction.write(changes) == set(ids)
        transaction.record(RECORD, changes)
    assert journalled.lifetimes(ids) == {change.client_id: change.new for change in changes}
    assert {(e.client_id, e.new) for e in journalled.journal()} == {
        (change.client_id, change.new) for change in changes
    }
    journalled.record_verification("set-1", dict.fromkeys(ids, Verification.PROVED))
    assert {e.verification for e in journalled.journal()} == {Verification.PROVED}


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
def strange(installation: Installation) -> list[str]:
    """The strange ids that the engine's collation tells apart, each a client's."""
    accepted = [i for i in STRANGE_IDS if installation.add_client(i, i, 3600)]
    assert len(accepted) >= len(STRANGE_IDS) - 1  # the letter in one character and in two
    return accepted


def test_strange_ids_are_listed_as_they_are(strange: list[str], installation: Installation) -> None:
    with open_store(installation.environment()) as store:
        clients = store.clients()
    assert {(c.client_id, c.name) for c in clients} == {(i, i) for i in strange}


def test_a_strange_id_is_read_without_another(
    strange: list[str], installation: Installation
) -> None:
    with open_store(installation.environment()) as store:
        for client_id in strange:
            assert store.lifetimes([client_id]) == {client_id: 3600}
        assert set(store.lifetimes(strange)) == set(strange)


def test_a_strange_id_is_changed_without_another(
    strange: list[str], installation: Installation
) -> None:
    expected = dict.fromkeys(strange, 3600)
    with open_store(installation.environment()) as store:
        for lifetime, client_id in enumerate(strange, start=60):
            with store.change() as transaction:
                assert transaction.lock_clients(looked_at(client_id)) == {client_id: 3600}
                change = Change(client_id, None, 3600, lifetime)
                assert transaction.write([change]) == {client_id}
            expected[client_id] = lifetime
            assert store.lifetimes(strange) == expected
    assert _lifetimes(installation) == expected


ALIKE = ["twin", "Twin", "twin ", "TWIN  "]  # for a collation that sees no case, and no blanks


@pytest.mark.parametrize("client_id", ALIKE)
def test_an_id_like_another_is_changed_without_it(
    client_id: str, installation: Installation
) -> None:
    with installation.forget_uniqueness():
        for alike in ALIKE:
            assert installation.add_client(alike, alike, 3600)
        installation.make_journal()
        change = Change(client_id, client_id, 3600, 900)
        with open_store(installation.environment()) as store:
            with store.change() as transaction:
                assert transaction.write([change]) == {client_id}
                transaction.record(RECORD, [Change(alike, None, 1, 2) for alike in ALIKE])
            store.record_verification(RECORD.change_set, {client_id: Verification.PROVED})
            noted = {entry.client_id: entry.verification for entry in store.journal()}
        assert _lifetimes(installation) == {**dict.fromkeys(ALIKE, 3600), client_id: 900}
        pending = dict.fromkeys(ALIKE, Verification.PENDING)
        assert noted == {**pending, client_id: Verification.PROVED}


def test_a_client_whose_id_only_looks_like_the_planned_one_is_left_alone(
    installation: Installation,
) -> None:
    """As when it was registered anew since: by most collations it is found by either id."""
    installation.add_client("TWIN ", "Sync", 3600)
    with open_store(installation.environment()) as store, store.change() as transaction:
        assert transaction.lock_clients(looked_at("twin")).get("twin") is None
        assert transaction.write([Change("twin", "Sync", 3600, 900)]) == set()
    assert _lifetimes(installation) == {"TWIN ": 3600}


# Whatever a client is called


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    texts=st.lists(TEXTS.filter(fits), min_size=1, max_size=4, unique=True),
    padding=st.sampled_from(["", " ", "x" * 200]),
)
def test_any_id_and_name_are_listed_and_changed_alone(
    texts: list[str], padding: str, installation: Installation
) -> None:
    installation.clear()
    ids = [f"{text}{padding}"[:200] for text in texts]
    names = {i: i[::-1] for i in ids if fits(i) and installation.add_client(i, i[::-1])}
    with open_store(installation.environment()) as store:
        assert {c.client_id: c.name for c in store.clients()} == names
        expected = dict.fromkeys(names, 3600)
        for lifetime, client_id in enumerate(names, start=60):
            assert store.lifetimes([client_id]) == {client_id: 3600}
            with store.change() as transaction:
                assert transaction.lock_clients(looked_at(client_id)) == {client_id: 3600}
                change = Change(client_id, names[client_id], 3600, lifetime)
                assert transaction.write([change]) == {client_id}
            expected[client_id] = lifetime
            assert store.lifetimes(list(names)) == expected
    assert _lifetimes(installation) == expected


# Cancelled by another thread


@pytest.mark.parametrize("hold", ["lock", "row"])
def test_who_waits_for_a_lock_can_be_cancelled(hold: str, installation: Installation) -> None:
    """When the server heeds it is its own affair: Babelfish does not before the wait is over."""
    installation.add_client("A1", "Data Mart Sync", 3600)
    outcomes: list[str] = []
    with open_store(installation.environment()) as holder, ExitStack() as held:
        if hold == "lock":
            held.enter_context(holder.change())
        else:
            held.enter_context(installation.hold_row("A1"))
        with open_store(installation.environment()) as store:
            waiting = threading.Thread(target=lambda: outcomes.append(_changed(store)))
            waiting.start()
            while not installation.somebody_waits():
                time.sleep(0.02)
            began = time.monotonic()
            assert store.cancel()
            assert time.monotonic() - began < 1
            waiting.join(20)
    assert outcomes == ["Interrupted; nothing was written."]
    assert _lifetimes(installation) == {"A1": 3600}


def _changed(store: ClientStore) -> str:
    changes = [Change("A1", None, 3600, 1800)]
    try:
        with store.change(lock_timeout=3) as transaction:
            transaction.lock_clients(changes)
            transaction.write(changes)
    except OpskitError as error:
        return error.message
    return "changed"


def test_what_is_cancelled_before_its_commit_is_rolled_back(
    store: ClientStore, installation: Installation
) -> None:
    def change() -> None:
        with store.change() as transaction:
            transaction.write([Change("A1", None, 3600, 1800)])
            assert store.cancel()

    with pytest.raises(Interrupted):
        change()
    assert _lifetimes(installation) == {"A1": 3600, "B2": 1800}
    assert store.cancel()
    with pytest.raises(Interrupted):
        store.clients()
    with open_store(installation.environment()) as other, other.change(lock_timeout=2):
        pass  # the lock is free


def test_nothing_is_cancelled_after_its_commit(
    store: ClientStore, installation: Installation
) -> None:
    with store.change() as transaction:
        transaction.write([Change("A1", None, 3600, 1800)])
    assert not store.cancel()
    assert _lifetimes(installation) == {"A1": 1800, "B2": 1800}
    assert store.lifetimes(["A1"]) == {"A1": 1800}
    with pytest.raises(Interrupted), store.change():
        assert store.cancel()
