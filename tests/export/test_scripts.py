# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What a DBA runs: the same cases for both engines, with names that mean no good."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from opskit.db.store import open_store
from opskit.export.sql import Job
from opskit.models import Change, ChangeRecord, EnvironmentPlan
from tests.db.journal_sites import ScriptFailed
from tests.export.conftest import PostgresTarget, Target

HOSTILE = [
    "O'Brien \"quoted\" \\ and \\'",
    "%s %% %(name)s {schema} {table} ${x}",
    "$opskit$ $opskit1$ $$ $1",
    ":name :'name' :\"name\" @name",
    "\\! touch hacked",
    "two\nlines\n\\q\nGO\n:exit\n!!dir",
    "return\r\nGO\r\n",
    "$(PATH) $$(x) $ (y)",
    "Überweisung №1 日本",
    "-- comment */ /* ]] ] [",
    "bidi \u202e and zero\u200bwidth",
    "tab\there\x01\x7f\x85\u2028",
    '\'; DROP TABLE "Clients"; --',
    "ends with a backslash \\",
    "ends with a dollar $",
    "(",
    " ",
]
CLIENTS = [(f"ID{number}", name, 3600) for number, name in enumerate(HOSTILE)]
CHANGES = [Change(client_id, name, old, 1800) for client_id, name, old in CLIENTS]
PLAN = EnvironmentPlan("prod", 1, CHANGES)
RECORD = ChangeRecord("20260131-235959-0123abcd", "prod", "me@here", "CHG-1", "0.1", "ab" * 32)


def write(target: Target, folder: Path, plan: EnvironmentPlan, record: ChangeRecord) -> Path:
    path = folder / "script.sql"
    job = Job(plan, record, target.schema, path.name)
    path.write_text(target.write(job), encoding="utf-8", newline="\n")
    return path


@pytest.fixture
def path(target: Target, tmp_path: Path) -> Path:
    """The script for all hostile names, on a database that is ready for it."""
    target.make_journal()
    target.add(CLIENTS)
    return write(target, tmp_path, PLAN, RECORD)


def rows(target: Target) -> int:
    return int(target.query("SELECT count(*) FROM opskit.lifetime_change")[0][0])


def refused(target: Target, path: Path) -> str:
    before, entries = target.lifetimes(), rows(target)
    with pytest.raises(ScriptFailed) as caught:
        target.run(path)
    assert (target.lifetimes(), rows(target)) == (before, entries)
    return str(caught.value)


def test_it_changes_and_records_whatever_the_names(
    target: Target, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    target.run(path)
    assert set(target.lifetimes().values()) == {1800}
    assert not (tmp_path / "hacked").exists()
    entries = target.query(
        "SELECT client_id, client_name, old_lifetime, new_lifetime, change_set, environment, "
        "actor, reason, tool_version, plan_hash, reverts, verification FROM opskit.lifetime_change"
    )
    assert {row[0]: row[1] for row in entries} == {c[0]: c[1] for c in CLIENTS}
    said = (RECORD.change_set, "prod", "me@here", "CHG-1", "0.1", "ab" * 32, None, "pending")
    assert {tuple(row[2:]) for row in entries} == {(3600, 1800, *said)}


@pytest.mark.parametrize("encoding", ["LATIN1", "EUC_JP"])
def test_the_servers_and_psqls_settings_do_not_matter(
    target: Target, path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    if not isinstance(target, PostgresTarget):
        pytest.skip("settings of psql and PostgreSQL")
    with monkeypatch.context() as surroundings:
        surroundings.setenv("PGCLIENTENCODING", encoding)
        surroundings.setenv("PGOPTIONS", "-c standard_conforming_strings=off")
        target.run(path)
    entries = target.query("SELECT client_id, client_name FROM opskit.lifetime_change")
    assert {row[0]: row[1] for row in entries} == {c[0]: c[1] for c in CLIENTS}


def test_hostile_words_of_the_author_and_the_environment(target: Target, tmp_path: Path) -> None:
    target.make_journal()
    target.add([("A", None, 3600)])
    for number, words in enumerate(HOSTILE):
        plan = EnvironmentPlan(words, 1, [Change("A", None, 3600 + number, 3601 + number)])
        record = ChangeRecord(f"set {number}", words, words, words, "0.1", None, f"r{number}")
        target.run(write(target, tmp_path, plan, record))
    entries = target.query("SELECT environment, actor, reason FROM opskit.lifetime_change")
    assert {tuple(row) for row in entries} == {(words, words, words) for words in HOSTILE}


def test_it_cannot_be_run_twice(target: Target, path: Path) -> None:
    target.run(path)
    assert "was run before" in refused(target, path)
    # Not even when all values are back.
    for client_id, _, _ in CLIENTS:
        target.put(client_id, 3600)
    assert "was run before" in refused(target, path)


@pytest.mark.parametrize("how", ["changed", "gone", "as wanted already", "another's"])
def test_one_value_that_has_moved_stops_all_of_it(target: Target, path: Path, how: str) -> None:
    if how == "gone":
        target.remove("ID3")
    elif how == "another's":
        target.remove("ID3")
        target.add([("id3 ", "the same id for most collations", 3600)])
    else:
        target.put("ID3", 100 if how == "changed" else 1800)
    assert "1 of the planned lifetimes have moved since" in refused(target, path)


def test_a_client_that_was_only_looked_at_counts_too(target: Target, tmp_path: Path) -> None:
    target.make_journal()
    target.add([("A", "a", 3600), ("B", "b", 60)])
    plan = EnvironmentPlan("prod", 1, [Change("A", "a", 3600, 1800), Change("B", "b", 60, 60)])
    path = write(target, tmp_path, plan, RECORD)
    target.put("B", 61)
    refused(target, path)
    target.put("B", 60)
    target.run(path)
    assert target.lifetimes() == {"A": 1800, "B": 60}
    assert rows(target) == 1


def test_without_a_journal_nothing_is_written(target: Target, tmp_path: Path) -> None:
    target.add(CLIENTS)
    path = write(target, tmp_path, PLAN, RECORD)
    with pytest.raises(ScriptFailed, match="has no journal"):
        target.run(path)
    assert set(target.lifetimes().values()) == {3600}


def test_in_the_wrong_database_it_says_so(target: Target, path: Path) -> None:
    target.query(f"DROP TABLE {target.table}")
    with pytest.raises(ScriptFailed, match="there is no table"):
        target.run(path)


def test_a_journal_that_refuses_a_row_undoes_the_change(target: Target, path: Path) -> None:
    target.query("ALTER TABLE opskit.lifetime_change ADD CONSTRAINT no CHECK (client_id <> 'ID5')")
    refused(target, path)


def test_many_clients(target: Target, tmp_path: Path) -> None:
    target.make_journal()
    target.add([(f"C{number}", f"Client {number}", 3600) for number in range(2100)])
    changes = [Change(f"C{n}", f"Client {n}", 3600, 1800 + n % 2 * 1800) for n in range(2100)]
    target.run(write(target, tmp_path, EnvironmentPlan("prod", 1, changes), RECORD))
    assert sorted(set(target.lifetimes().values())) == [1800, 3600]
    assert rows(target) == 1050


def test_it_waits_for_opskits_own_lock(target: Target, path: Path) -> None:
    environment = target.environment()
    with open_store(environment) as store:
        with store.change():
            running = threading.Thread(target=target.run, args=[path])
            running.start()
            running.join(0.5)
            assert running.is_alive()
            assert rows(target) == 0
        running.join(10)
    assert rows(target) == len(CLIENTS)


def test_it_says_what_it_is(target: Target, path: Path) -> None:
    head = path.read_text("utf-8").split("DO $")[0].split("SET NOCOUNT")[0]
    assert "change 17 token lifetimes in prod" in head
    for words in (RECORD.plan_hash, RECORD.change_set, "me@here", "CHG-1", "script.sql"):
        assert str(words) in head
    assert "opskit verify -e prod" in head
    assert "changed 17 lifetimes in" in path.read_text("utf-8")


def test_it_can_count_to_one(target: Target, tmp_path: Path) -> None:
    plan = EnvironmentPlan("prod", 1, [*CHANGES[:1], Change("B", "b", 60, 60)])
    text = write(target, tmp_path, plan, RECORD).read_text("utf-8")
    assert "changed 1 lifetime in" in text
    assert "change 1 token lifetime in prod" in text


def test_a_lone_surrogate_from_the_command_line_breaks_nothing(
    target: Target, tmp_path: Path
) -> None:
    target.make_journal()
    target.add([("A", "a", 3600)])
    plan = EnvironmentPlan("prod", 1, [Change("A", "a", 3600, 1800)])
    target.run(write(target, tmp_path, plan, replace(RECORD, reason="caf\udce9")))
    assert target.query("SELECT reason FROM opskit.lifetime_change")[0][0] == "caf\ufffd"
