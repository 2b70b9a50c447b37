# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The journal: what a change leaves there, how it is read, and how it is undone."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from opskit import __version__
from opskit.db.store import open_store
from opskit.errors import (
    EXIT_CONFLICT,
    EXIT_USAGE,
    JournalMissing,
    OpskitError,
    PolicyError,
    UnreachableError,
    UsageError,
    ValueChanged,
)
from opskit.history import find_change_set, read_history
from opskit.journal import Author, new_change_set_id
from opskit.lifetime import ChangeOptions, Wish, set_lifetime
from opskit.models import ChangeSet, JournalEntry, Outcome, Verification
from opskit.revert import revert
from opskit.sandbox.faults import Fault
from opskit.settings import Environment
from tests.conftest import Database, Sandbox, Server, new_database
from tests.db import make_journal, remove_clients

BY_ALICE = ChangeOptions(Author("alice", "ticket 4711"), verify=False)
ID = r"\d{8}-\d{6}-[0-9a-f]{8}"


@pytest.fixture(scope="module")
def shared(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    with new_database(server, template, tmp_path_factory.mktemp("journal")) as database:
        make_journal(database)
        yield database


@pytest.fixture
def filled(shared: Database) -> Iterator[Database]:
    """A database with A1 (Data Mart Sync, 3600 s) and B2 (Data Export, 1800 s), nothing noted."""
    shared.add_client("A1", "Data Mart Sync", 3600)
    shared.add_client("B2", "Data Export", 1800)
    yield shared
    remove_clients(shared)
    with shared.connect() as connection:
        connection.execute("DELETE FROM opskit.lifetime_change")


def _set(
    database: Database, client: str, lifetime: int, options: ChangeOptions = BY_ALICE
) -> ChangeSet:
    return set_lifetime(database.environment(), Wish(client, lifetime, all_matches=True), options)


def _entries(where: Environment, **filters: object) -> list[JournalEntry]:
    history, errors = read_history([where], **filters)  # type: ignore[arg-type]
    assert errors == []
    return list(history.entries)


def _lifetimes(database: Database) -> dict[str, int]:
    with open_store(database.environment()) as store:
        return {client.client_id: client.lifetime for client in store.clients()}


# What a change leaves


def test_a_change_leaves_who_what_when_and_why(filled: Database) -> None:
    done = _set(filled, "A1", 600)
    (entry,) = _entries(filled.environment())
    assert re.fullmatch(ID, entry.change_set)
    assert done.id == entry.change_set
    assert entry.environment == "unit"
    assert (entry.client_id, entry.client_name) == ("A1", "Data Mart Sync")
    assert (entry.old, entry.new) == (3600, 600)
    assert (entry.actor, entry.reason, entry.login) == ("alice", "ticket 4711", "postgres")
    assert (entry.tool_version, entry.plan_hash, entry.reverts) == (__version__, None, None)
    assert entry.verification is Verification.SKIPPED
    assert abs(datetime.now(UTC) - entry.changed_at) < timedelta(minutes=1)


def test_a_change_of_several_clients_is_one_change_set(filled: Database) -> None:
    done = _set(filled, "data *", 900)
    entries = _entries(filled.environment())
    assert {(e.change_set, e.client_id, e.old) for e in entries} == {
        (done.id, "A1", 3600),
        (done.id, "B2", 1800),
    }


def test_what_is_so_already_is_not_journalled(filled: Database) -> None:
    assert _set(filled, "A1", 3600).id is None
    _set(filled, "data *", 1800)
    assert [entry.client_id for entry in _entries(filled.environment())] == ["A1"]


def test_a_dry_run_leaves_nothing(filled: Database) -> None:
    done = _set(filled, "A1", 600, replace(BY_ALICE, dry_run=True))
    assert done.id is None
    assert _entries(filled.environment()) == []


def test_without_a_journal_nothing_is_written_and_both_ways_are_named(database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    with pytest.raises(JournalMissing) as caught:
        _set(database, "A1", 600)
    error = caught.value
    assert (error.code, error.exit_code) == ("journal-missing", EXIT_USAGE)
    assert "Nothing was written." in error.message
    assert "opskit db upgrade -e unit" in error.remedy
    assert "--no-journal" in error.remedy
    assert _lifetimes(database) == {"A1": 3600}
    done = _set(database, "A1", 600, replace(BY_ALICE, journal=False))
    assert (done.outcome, done.id) == (Outcome.CHANGED, None)
    assert _lifetimes(database) == {"A1": 600}


@pytest.mark.parametrize(("revision", "code"), [("0000", "outdated"), ("9999", "newer")])
def test_a_journal_of_another_opskit_is_refused(revision: str, code: str, filled: Database) -> None:
    update = "UPDATE opskit.alembic_version SET version_num = %s"
    with filled.connect() as connection:
        before = connection.execute("SELECT version_num FROM opskit.alembic_version").fetchone()
        connection.execute(update, (revision,))
        try:
            with pytest.raises(JournalMissing, match=revision) as caught:
                _set(filled, "A1", 600)
        finally:
            connection.execute(update, before)
    assert caught.value.code == f"journal-{code}"
    assert _lifetimes(filled)["A1"] == 3600


def test_a_write_whose_record_fails_is_not_made(filled: Database) -> None:
    with filled.connect() as connection:
        refuse = "ADD CONSTRAINT no CHECK (actor <> 'alice') NOT VALID"
        connection.execute(f"ALTER TABLE opskit.lifetime_change {refuse}".encode())
        try:
            with pytest.raises(OpskitError, match="violates check constraint"):
                _set(filled, "A1", 600)
        finally:
            connection.execute("ALTER TABLE opskit.lifetime_change DROP CONSTRAINT no")
    assert _lifetimes(filled)["A1"] == 3600


def test_a_reason_that_does_not_fit_is_refused_before_anything(filled: Database) -> None:
    _set(filled, "A1", 600, ChangeOptions(Author("alice", "x" * 1000), verify=False))
    with pytest.raises(UsageError, match="1001 characters"):
        _set(filled, "A1", 700, ChangeOptions(Author("alice", "x" * 1001), verify=False))
    assert _lifetimes(filled)["A1"] == 600


def test_the_actor_is_the_environments_or_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    assert re.fullmatch(r".+@.+", Author().record("dev").actor)
    monkeypatch.setenv("OPSKIT_ACTOR", "pipeline 12")
    assert Author().record("dev").actor == "pipeline 12"
    assert Author("bob").record("dev").actor == "bob"


def test_ids_are_unique_and_sort_by_time() -> None:
    ids = [new_change_set_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert [i[:15] for i in ids] == sorted(i[:15] for i in ids)


# What fresh tokens said


@pytest.mark.parametrize(
    ("fault", "verification"),
    [(None, Verification.PROVED), (Fault.CACHE, Verification.FAILED)],
)
def test_the_journal_says_whether_a_token_proved_it(
    fault: Fault | None, verification: Verification, sandbox: Sandbox
) -> None:
    if fault is not None:
        sandbox.fault(fault)
    done = set_lifetime(sandbox.environment("dev"), Wish("Data Mart Sync", 1700))
    (entry,) = _entries(sandbox.environment("dev"), change_set=done.id)
    assert entry.verification is verification


def test_a_proof_that_cannot_be_noted_is_a_warning(filled: Database) -> None:
    with filled.connect() as connection:
        connection.execute(
            """
            CREATE FUNCTION opskit.refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
            CREATE TRIGGER refuse BEFORE UPDATE ON opskit.lifetime_change
                FOR EACH ROW EXECUTE FUNCTION opskit.refuse();
            """
        )
        try:
            done = _set(filled, "A1", 600)
        finally:
            connection.execute("DROP FUNCTION opskit.refuse() CASCADE")
    assert done.outcome is Outcome.CHANGED
    assert any("the journal could not note" in warning for warning in done.warnings)
    (entry,) = _entries(filled.environment())
    assert entry.verification is Verification.PENDING


# Reading


def test_history_is_newest_first_and_filtered(filled: Database) -> None:
    where = filled.environment()
    first = _set(filled, "A1", 600)
    second = _set(filled, "B2", 700, ChangeOptions(Author("bob"), verify=False))
    third = _set(filled, "A1", 800)
    assert [e.change_set for e in _entries(where)] == [third.id, second.id, first.id]
    assert [e.change_set for e in _entries(where, limit=1)] == [third.id]
    assert [e.change_set for e in _entries(where, actor="BO")] == [second.id]
    assert [e.change_set for e in _entries(where, selector="data mart*")] == [third.id, first.id]
    assert [e.change_set for e in _entries(where, selector="B2")] == [second.id]
    assert [e.change_set for e in _entries(where, change_set=second.id)] == [second.id]
    later = datetime.now(UTC) + timedelta(hours=1)
    assert _entries(where, since=later) == []
    assert len(_entries(where, since=later - timedelta(hours=2))) == 3


def test_a_limit_counts_over_all_environments(filled: Database, database: Database) -> None:
    database.add_client("C3", "Elsewhere", 3600)
    make_journal(database)
    here, there = filled.environment(), database.environment()
    sets = [_set(filled, "data *", 600), _set(database, "C3", 600), _set(filled, "A1", 700)]
    newest = [sets[2].id, sets[1].id, sets[0].id, sets[0].id]
    other = msgspec.structs.replace(here, name="other")  # the same journal by another name
    for limit in range(1, 6):
        history, errors = read_history([other, there, here], limit=limit)
        assert not errors
        assert [entry.change_set for entry in history.entries] == newest[:limit]


def test_the_newest_are_those_of_the_latest_moment(filled: Database) -> None:
    """A change begins before it waits for the one before it, so their moments may cross."""
    first, second = _set(filled, "A1", 600), _set(filled, "A1", 700)
    earlier = "UPDATE opskit.lifetime_change SET changed_at = now() - interval '1h' WHERE id = "
    with filled.connect() as connection:
        connection.execute(f"{earlier} (SELECT max(id) FROM opskit.lifetime_change)".encode())
    where = filled.environment()
    assert [e.change_set for e in _entries(where)] == [first.id, second.id]
    assert [e.change_set for e in _entries(where, limit=1)] == [first.id]
    with open_store(where) as store:  # which tells them in the order of writing
        assert [e.change_set for e in store.journal(limit=2)] == [second.id, first.id]


def test_what_a_limit_leaves_out_is_not_read(database: Database) -> None:
    make_journal(database)
    database.add_client("A1", "Data Mart Sync", 3600)
    _set(database, "A1", 600)
    with database.connect() as connection:
        check = "ck_lifetime_change_verification"
        connection.execute(f"ALTER TABLE opskit.lifetime_change DROP CONSTRAINT {check}".encode())
        connection.execute("UPDATE opskit.lifetime_change SET verification = 'unreadable'")
    done = _set(database, "A1", 700)
    assert done.id is not None
    where = database.environment()
    assert [e.change_set for e in _entries(where, limit=1)] == [done.id]
    assert [e.change_set for e in _entries(where, limit=1, change_set=done.id)] == [done.id]
    # What the database is not asked for must be looked for in all of it.
    for filters in ({"actor": "alice"}, {"selector": "A1"}, {"change_set": done.id[:-3]}):
        _, errors = read_history([where], limit=1, **filters)  # type: ignore[arg-type]
        assert ["unreadable" in error.message for error in errors] == [True]


def test_two_names_of_one_database_tell_each_change_once(filled: Database) -> None:
    where = filled.environment()
    _set(filled, "A1", 600)
    history, _ = read_history([where, msgspec.structs.replace(where, name="other")])
    assert len(history.entries) == 1


def test_a_dead_environment_and_one_without_a_journal_do_not_hide_the_others(
    filled: Database, database: Database
) -> None:
    where = filled.environment()
    _set(filled, "A1", 600)
    dead = msgspec.structs.replace(where, name="dead", database="postgresql://x@127.0.0.1:1/x")
    history, errors = read_history([dead, database.environment(), where])
    assert len(history.entries) == 1
    assert [(e.environment, e.code) for e in errors] == [
        ("dead", "database-unreachable"),
        ("unit", "journal-missing"),
    ]


def test_a_change_set_is_found_by_the_beginning_of_its_id(filled: Database) -> None:
    where = filled.environment()
    done = _set(filled, "data *", 900)
    assert done.id is not None
    for named in (done.id, done.id[:-3]):
        found, entries = find_change_set([where], named)
        assert found == where
        assert {entry.client_id for entry in entries} == {"A1", "B2"}
    other = _set(filled, "A1", 700)
    assert other.id is not None
    with pytest.raises(UsageError) as caught:
        find_change_set([where], done.id[:2])
    assert caught.value.code == "change-set-ambiguous"
    assert other.id in caught.value.message
    with pytest.raises(UsageError, match="No journal") as caught:
        find_change_set([where], "20200101")
    assert caught.value.code == "change-set-unknown"


@pytest.mark.parametrize("named", ["", " "])
def test_no_id_means_no_change_set(filled: Database, named: str) -> None:
    _set(filled, "A1", 700)
    with pytest.raises(UsageError, match="has no id"):
        find_change_set([filled.environment()], named)


def test_a_copy_that_came_with_a_backup_is_not_taken_for_the_change_itself(
    filled: Database, database: Database
) -> None:
    """As when dev was restored from a backup of prod: both journals hold the change set."""
    prod = msgspec.structs.replace(filled.environment(), name="prod")
    copy = msgspec.structs.replace(filled.environment(), name="dev")
    done = set_lifetime(prod, Wish("A1", 700), BY_ALICE).id
    assert done is not None
    for everywhere in ([copy, prod], [prod, copy]):
        assert find_change_set(everywhere, done)[0] == prod
    # Where prod cannot be asked, or does not know of it, dev must not be changed in its place.
    dead = msgspec.structs.replace(prod, database="postgresql://x@127.0.0.1:1/x")
    with pytest.raises(UnreachableError):
        find_change_set([copy, dead], done)
    make_journal(database)
    anew = msgspec.structs.replace(database.environment(), name="prod")
    with pytest.raises(UsageError, match="was made in prod") as caught:
        find_change_set([copy, anew], done)
    assert caught.value.code == "change-set-elsewhere"
    # Unless it is asked for, or prod has another name today.
    assert find_change_set([copy], done)[0] == copy


# Undoing


def _revert(database: Database, change_set: ChangeSet, *, force: bool = False) -> ChangeSet:
    assert change_set.id is not None
    return revert([database.environment()], change_set.id, BY_ALICE, force=force)


def test_a_revert_puts_back_and_is_journalled(filled: Database) -> None:
    before = _lifetimes(filled)
    done = _set(filled, "data *", 900)
    undone = _revert(filled, done)
    assert _lifetimes(filled) == before
    assert (undone.outcome, undone.reverts) == (Outcome.CHANGED, done.id)
    entries = _entries(filled.environment(), change_set=undone.id)
    assert {(e.client_id, e.old, e.new, e.reverts) for e in entries} == {
        ("A1", 900, 3600, done.id),
        ("B2", 900, 1800, done.id),
    }


def test_a_revert_can_be_reverted(filled: Database) -> None:
    done = _set(filled, "A1", 900)
    _revert(filled, _revert(filled, done))
    assert _lifetimes(filled)["A1"] == 900


def test_a_later_change_is_a_conflict_and_nothing_is_put_back(filled: Database) -> None:
    done = _set(filled, "data *", 900)
    _set(filled, "B2", 1000)
    with pytest.raises(ValueChanged, match="Data Export had 900 s and has 1000 s now") as caught:
        _revert(filled, done)
    assert caught.value.exit_code == EXIT_CONFLICT
    assert "--force" in caught.value.remedy
    assert "opskit history" in caught.value.remedy
    assert _lifetimes(filled) == {"A1": 900, "B2": 1000}


def test_a_second_revert_is_a_conflict(filled: Database) -> None:
    done = _set(filled, "A1", 900)
    _revert(filled, done)
    with pytest.raises(ValueChanged, match="has 3600 s now"):
        _revert(filled, done)


def test_force_overwrites_and_says_what(filled: Database) -> None:
    done = _set(filled, "data *", 900)
    _set(filled, "B2", 1000)
    with filled.connect() as connection:
        connection.execute('DELETE FROM "Clients" WHERE "ClientId" = \'A1\'')
    undone = _revert(filled, done, force=True)
    assert _lifetimes(filled) == {"B2": 1800}
    assert set(undone.warnings) == {
        "Data Mart Sync is gone and was left out (--force)",
        "Data Export had 1000 s, not the 900 s of that change set: overwritten (--force)",
    }
    (entry,) = _entries(filled.environment(), change_set=undone.id)
    assert (entry.old, entry.new) == (1000, 1800)


def test_force_cannot_put_back_what_is_gone_altogether(filled: Database) -> None:
    done = _set(filled, "data *", 900)
    remove_clients(filled)
    with pytest.raises(ValueChanged, match="None of the clients"):
        _revert(filled, done, force=True)


def test_a_revert_to_what_the_policy_refuses_today_is_told_and_made(filled: Database) -> None:
    done = _set(filled, "A1", 900)
    where = filled.environment(policy={"max_lifetime": "30m"})
    assert done.id is not None
    undone = revert([where], done.id, BY_ALICE)
    assert any("outside the policy" in warning for warning in undone.warnings)
    assert _lifetimes(filled)["A1"] == 3600


def test_a_revert_never_locks_a_client_out(filled: Database) -> None:
    with filled.connect() as connection:
        connection.execute('UPDATE "Clients" SET "AccessTokenLifetime" = 0')
    done = _set(filled, "A1", 900)
    with pytest.raises(PolicyError, match="lock the client out"):
        _revert(filled, done)
    assert _lifetimes(filled)["A1"] == 900
