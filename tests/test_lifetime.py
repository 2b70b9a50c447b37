# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Lifetimes end to end: listed, changed, refused and proved, on real databases."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
import psycopg
import pytest

from opskit.db.postgres import PostgresChange, PostgresStore
from opskit.errors import (
    EXIT_CHECK_FAILED,
    EXIT_CONFLICT,
    EXIT_UNREACHABLE,
    ClientNotFound,
    Interrupted,
    LockHeld,
    OpskitError,
    PolicyError,
    ProtectedError,
    SecretError,
    UnreachableError,
    ValueChanged,
)
from opskit.lifetime import ChangeOptions, Wish, set_lifetime, set_lifetimes
from opskit.listing import list_lifetimes
from opskit.models import Change, ChangeSet, ChangeSets, Check, Outcome, Status
from opskit.progress import Step
from opskit.results import Result
from opskit.sandbox.catalog import INTEGRATIONS
from opskit.sandbox.faults import Fault
from opskit.secrets import SecretRef
from opskit.settings import Environment
from tests.conftest import ENVIRONMENTS, Database, Sandbox, Server, new_database
from tests.db import make_journal, remove_clients

SYNC = "Data Mart Sync"
QUICK = ChangeOptions(verify=False, lock_timeout=0.2)


def _client_id(name: str, environment: str = "dev") -> str:
    (integration,) = (item for item in INTEGRATIONS if item.name == name)
    return integration.client_id(environment)


def _check(change_set: ChangeSet, check_id: str) -> Check:
    (check,) = (check for check in change_set.checks if check.id == check_id)
    return check


def _dead(environment: Environment) -> Environment:
    """The environment with a database that is not there."""
    return msgspec.structs.replace(environment, database="postgresql://opskit@127.0.0.1:1/gone")


@pytest.fixture(scope="module")
def shared(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    with new_database(server, template, tmp_path_factory.mktemp("lifetime")) as database:
        make_journal(database)
        yield database


@pytest.fixture
def filled(shared: Database) -> Iterator[Database]:
    """A database with A1 (Data Mart Sync, 3600 s), B2 (Data Export, 1800 s) and C3 (900 s)."""
    _fill(shared)
    yield shared
    remove_clients(shared)


def _fill(database: Database) -> None:
    database.add_client("A1", SYNC, 3600)
    database.add_client("B2", "Data Export", 1800)
    database.add_client("C3", "Portal", 900)


def _present(database: Database) -> dict[str, int]:
    with database.connect() as connection:
        query = 'SELECT "ClientId", "AccessTokenLifetime" FROM "Clients"'
        return dict(connection.execute(query).fetchall())


BEFORE = {"A1": 3600, "B2": 1800, "C3": 900}


def _update(database: Database, client_id: str, lifetime: int) -> None:
    """Change a lifetime as somebody else would."""
    with database.connect() as connection:
        update = 'UPDATE "Clients" SET "AccessTokenLifetime" = %s WHERE "ClientId" = %s'
        assert connection.execute(update, (lifetime, client_id)).rowcount == 1


# Listing


def test_list_shows_each_environment_and_what_differs(sandbox: Sandbox) -> None:
    lifetimes, errors = list_lifetimes([sandbox.environment(name) for name in ENVIRONMENTS])
    assert errors == []
    assert [one.environment for one in lifetimes.environments] == list(ENVIRONMENTS)
    assert [len(one.clients) for one in lifetimes.environments] == [7, 6, 6]
    assert lifetimes.drift == ["Telephony Bridge"]
    for one in lifetimes.environments:
        names = [client.label for client in one.clients]
        assert names == sorted(names)
        assert one.outside_policy == [_client_id("Legacy Reporting", one.environment)]


@pytest.mark.parametrize("selector", ["telephony*", "Telephony Bridge"])
def test_list_takes_a_selector(selector: str, sandbox: Sandbox) -> None:
    environments = [sandbox.environment(name) for name in ("dev", "prod")]
    lifetimes, _ = list_lifetimes(environments, selector)
    found = [[c.lifetime for c in one.clients] for one in lifetimes.environments]
    assert found == [[3600], [7200]]
    assert lifetimes.drift == ["Telephony Bridge"]


def test_list_by_id_leaves_the_other_environments_empty(sandbox: Sandbox) -> None:
    environments = [sandbox.environment(name) for name in ("dev", "prod")]
    lifetimes, errors = list_lifetimes(environments, _client_id(SYNC, "prod"))
    assert [len(one.clients) for one in lifetimes.environments] == [0, 1]
    assert (lifetimes.drift, errors) == ([], [])


def test_list_tells_that_a_client_is_nowhere(sandbox: Sandbox) -> None:
    with pytest.raises(ClientNotFound, match="No client matches 'Data Mart Snyc'") as caught:
        list_lifetimes([sandbox.environment("dev")], "Data Mart Snyc")
    assert f"'{SYNC}'" in caught.value.remedy


def test_a_dead_environment_does_not_hide_the_others(sandbox: Sandbox) -> None:
    dead = _dead(sandbox.environment("test"))
    lifetimes, errors = list_lifetimes([sandbox.environment("dev"), dead], SYNC)
    assert [one.environment for one in lifetimes.environments] == ["dev"]
    assert [client.label for client in lifetimes.environments[0].clients] == [SYNC]
    (error,) = errors
    assert isinstance(error, UnreachableError)
    assert (error.environment, error.code) == ("test", "database-unreachable")
    assert Result("lifetime list", lifetimes, errors).exit_code == EXIT_UNREACHABLE


def test_a_client_that_a_dead_environment_may_have_is_not_called_missing(sandbox: Sandbox) -> None:
    dead = _dead(sandbox.environment("test"))
    lifetimes, errors = list_lifetimes([sandbox.environment("dev"), dead], "nobody")
    assert [len(one.clients) for one in lifetimes.environments] == [0]
    assert [error.environment for error in errors] == ["test"]


def test_a_missing_secret_is_one_environments_error(sandbox: Sandbox) -> None:
    environment = sandbox.environment("test")
    locked = msgspec.structs.replace(environment, database_password=SecretRef(file="missing"))
    lifetimes, (error,) = list_lifetimes([locked, sandbox.environment("dev")])
    assert [one.environment for one in lifetimes.environments] == ["dev"]
    assert isinstance(error, SecretError)
    assert error.environment == "test"


def test_drift_counts_within_an_environment_too(filled: Database) -> None:
    filled.add_client("D4", SYNC, 60)
    lifetimes, _ = list_lifetimes([filled.environment()])
    assert lifetimes.drift == [SYNC]


def test_outside_policy_goes_by_the_environments_policy(filled: Database) -> None:
    strict = filled.environment(policy={"min_lifetime": "20m", "max_lifetime": "30m"})
    lifetimes, _ = list_lifetimes([strict])
    assert sorted(lifetimes.environments[0].outside_policy) == ["A1", "C3"]


# Changing


def test_a_change_is_written_read_back_and_proved_by_a_fresh_token(sandbox: Sandbox) -> None:
    before = sandbox.lifetimes("dev")
    client_id = _client_id(SYNC)
    asked: list[tuple[str, Sequence[Change]]] = []
    done = set_lifetime(
        sandbox.environment("dev"),
        Wish(SYNC, 1800),
        confirm=lambda environment, changes: asked.append((environment.name, changes)),
    )
    change = Change(client_id, SYNC, 3600, 1800)
    assert asked == [("dev", [change])]
    assert (done.environment, done.outcome) == ("dev", Outcome.CHANGED)
    assert (done.changes, done.warnings) == ([change], [])
    assert [(check.id, check.status) for check in done.checks] == [
        ("lifetime.read_back", Status.PASS),
        ("lifetime.fresh_token", Status.PASS),
    ]
    assert "1800 s" in _check(done, "lifetime.read_back").summary
    assert "lives 1800 s (30m)" in _check(done, "lifetime.fresh_token").summary
    assert sandbox.lifetimes("dev") == {**before, client_id: 1800}
    assert Result("lifetime set", ChangeSets([done])).exit_code == 0


def test_a_client_may_be_named_by_its_id(sandbox: Sandbox) -> None:
    done = set_lifetime(sandbox.environment("test"), Wish(_client_id(SYNC, "test"), 1800))
    assert done.changes[0].name == SYNC
    assert _check(done, "lifetime.fresh_token").status is Status.PASS


def test_a_repeated_change_is_unchanged_and_proved_again(sandbox: Sandbox) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("there is nothing to confirm")

    done = set_lifetime(sandbox.environment("dev"), Wish(SYNC, 3600), confirm=refuse)
    assert done.outcome is Outcome.UNCHANGED
    assert [check.status for check in done.checks] == [Status.PASS, Status.PASS]
    assert sandbox.lifetimes("dev")[_client_id(SYNC)] == 3600


def test_a_dry_run_takes_the_same_path_and_writes_nothing(filled: Database) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a dry run asks nothing")

    options = ChangeOptions(dry_run=True)
    done = set_lifetime(filled.environment(), Wish("A1", 1800), options, confirm=refuse)
    assert done.outcome is Outcome.DRY_RUN
    assert done.changes == [Change("A1", SYNC, 3600, 1800)]
    assert done.checks == ()
    assert _present(filled) == BEFORE


def test_a_dry_run_finds_a_held_lock_as_well(filled: Database) -> None:
    options = ChangeOptions(dry_run=True, lock_timeout=0.1)
    with psycopg.connect(filled.conninfo) as other:
        other.execute('SELECT 1 FROM "Clients" FOR UPDATE')
        with pytest.raises(LockHeld):
            set_lifetime(filled.environment(), Wish("A1", 1800), options)


def test_nothing_but_the_one_client_changes(filled: Database) -> None:
    done = set_lifetime(filled.environment(), Wish("A1", 600), QUICK)
    assert done.outcome is Outcome.CHANGED
    assert [check.id for check in done.checks] == ["lifetime.read_back"]
    assert _present(filled) == {**BEFORE, "A1": 600}


def test_what_the_policy_advises_against_is_told(filled: Database) -> None:
    (warning,) = set_lifetime(filled.environment(), Wish("A1", 7 * 3600), QUICK).warnings
    assert "over 4h" in warning


# Refusing


@pytest.mark.parametrize(("lifetime", "code"), [(30, "policy"), (0, "lifetime-not-positive")])
def test_the_policy_refuses_before_anything_is_read(lifetime: int, code: str) -> None:
    nowhere = _dead(Environment(name="prod", folder=None))  # type: ignore[arg-type]
    with pytest.raises(PolicyError) as caught:
        set_lifetime(nowhere, Wish(SYNC, lifetime))
    assert (caught.value.code, caught.value.environment) == (code, "prod")


def test_an_override_goes_past_the_policy(filled: Database) -> None:
    options = ChangeOptions(override_policy=True, verify=False)
    done = set_lifetime(filled.environment(), Wish("A1", 30), options)
    assert "overridden" in done.warnings[0]
    assert _present(filled)["A1"] == 30


def test_expecting_what_is_there_changes_it(filled: Database) -> None:
    done = set_lifetime(filled.environment(), Wish("A1", 600, expect=3600), QUICK)
    assert done.outcome is Outcome.CHANGED


@pytest.mark.parametrize("lifetime", [600, 3600])
def test_expecting_something_else_is_a_conflict(lifetime: int, filled: Database) -> None:
    with pytest.raises(ValueChanged, match=r"3600 s \(1h\), not the 7200 s") as caught:
        set_lifetime(filled.environment(), Wish(SYNC, lifetime, expect=7200), QUICK)
    error = caught.value
    assert "Nothing was written." in error.message
    assert (error.exit_code, error.environment) == (EXIT_CONFLICT, "unit")
    assert _present(filled) == BEFORE


def test_a_value_that_moves_between_plan_and_write_is_a_conflict(filled: Database) -> None:
    with pytest.raises(ValueChanged, match=f"{SYNC} had 3600 s") as caught:
        set_lifetime(
            filled.environment(),
            Wish("A1", 600),
            QUICK,
            confirm=lambda *_: _update(filled, "A1", 7200),
        )
    error = caught.value
    assert "has 7200 s now. Nothing was written." in error.message
    assert (error.code, error.exit_code) == ("value-changed", EXIT_CONFLICT)
    assert "look again" in error.remedy
    assert _present(filled) == {**BEFORE, "A1": 7200}


def test_one_moved_client_of_several_stops_them_all(filled: Database) -> None:
    with pytest.raises(ValueChanged, match="Data Export had 1800 s"):
        set_lifetime(
            filled.environment(),
            Wish("data *", 600, all_matches=True),
            QUICK,
            confirm=lambda *_: _update(filled, "B2", 600),
        )
    assert _present(filled) == {**BEFORE, "B2": 600}


def test_a_client_that_goes_between_plan_and_write_is_a_conflict(filled: Database) -> None:
    def delete(*_: object) -> None:
        with filled.connect() as connection:
            connection.execute('DELETE FROM "Clients" WHERE "ClientId" = \'A1\'')

    with pytest.raises(ValueChanged, match=r"had 3600 s and is gone\."):
        set_lifetime(filled.environment(), Wish("A1", 600), QUICK, confirm=delete)


def test_a_lock_in_other_hands_is_a_conflict(filled: Database) -> None:
    with psycopg.connect(filled.conninfo) as other:
        other.execute("SELECT pg_advisory_xact_lock(7236834018519)")
        with pytest.raises(LockHeld, match="Another change is under way") as caught:
            set_lifetime(filled.environment(), Wish("A1", 600), QUICK)
    assert (caught.value.exit_code, caught.value.environment) == (EXIT_CONFLICT, "unit")
    assert _present(filled) == BEFORE


def test_an_ambiguous_name_lists_all_ids(filled: Database) -> None:
    filled.add_client("D4", SYNC, 60)
    with pytest.raises(ClientNotFound, match="matches 2 clients in unit") as caught:
        set_lifetime(filled.environment(), Wish(SYNC, 600), QUICK)
    error = caught.value
    assert re.search(rf"A1 .*{SYNC}, 3600 s", error.message)
    assert re.search(rf"D4 .*{SYNC}, 60 s", error.message)
    assert "--all-matches" in error.remedy
    assert _present(filled) == {**BEFORE, "D4": 60}


def test_all_matches_changes_them_in_one_go(filled: Database) -> None:
    done = set_lifetime(filled.environment(), Wish("data*", 1800, all_matches=True), QUICK)
    assert [(c.client_id, c.old, c.new) for c in done.changes] == [
        ("B2", 1800, 1800),
        ("A1", 3600, 1800),
    ]
    assert done.outcome is Outcome.CHANGED
    assert _present(filled) == {"A1": 1800, "B2": 1800, "C3": 900}


def test_an_unknown_client_gets_a_suggestion(filled: Database) -> None:
    with pytest.raises(ClientNotFound, match="No client matches 'Data Exprot' in unit") as caught:
        set_lifetime(filled.environment(), Wish("Data Exprot", 600), QUICK)
    assert "'Data Export'" in caught.value.remedy
    assert caught.value.code == "client-not-found"


def test_a_confirmation_that_is_not_given_writes_nothing(filled: Database) -> None:
    def refuse(environment: Environment, changes: Sequence[Change]) -> None:
        raise ProtectedError(f"{environment.name} is protected.")

    with pytest.raises(ProtectedError, match="unit is protected"):
        set_lifetime(filled.environment(), Wish("A1", 600), QUICK, confirm=refuse)
    assert _present(filled) == BEFORE


# Interrupted and lost connections


def _terminate(database: Database) -> None:
    with database.connect() as connection:
        query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        where = "WHERE application_name = 'opskit' AND datname = current_database()"
        assert connection.execute(f"{query} {where}").fetchall() == [(True,)]


def test_a_lost_connection_is_told_with_the_state(filled: Database) -> None:
    def terminate(step: Step) -> None:
        if step.words.startswith("writing"):
            _terminate(filled)

    with pytest.raises(UnreachableError, match="went away") as caught:
        set_lifetime(filled.environment(), Wish("A1", 600), QUICK, progress=terminate)
    assert caught.value.code == "database-gone"
    assert "State: nothing was written." in caught.value.message
    assert _present(filled) == BEFORE


TERMINATE_AT_COMMIT = """
    CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_terminate_backend(pg_backend_pid());
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER hang_up AFTER UPDATE ON "Clients"
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hang_up();
"""


def test_a_connection_lost_after_the_commit_has_done_no_harm(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    genuine = PostgresStore.change
    lost: list[bool] = []

    @contextmanager
    def change(self: PostgresStore, *, lock_timeout: float = 1) -> Iterator[PostgresChange]:
        with genuine(self, lock_timeout=lock_timeout) as transaction:
            yield transaction
        if not lost:
            lost.append(True)
            raise UnreachableError("The database went away.", code="database-gone")

    monkeypatch.setattr(PostgresStore, "change", change)
    done = set_lifetime(filled.environment(), Wish("A1", 600), QUICK)
    assert lost
    assert done.outcome is Outcome.CHANGED
    assert _present(filled)["A1"] == 600
    assert [check.status for check in done.checks] == [Status.PASS]


def test_a_connection_lost_in_the_commit_is_told_with_the_state(database: Database) -> None:
    make_journal(database)
    _fill(database)
    with database.connect() as connection:
        connection.execute(TERMINATE_AT_COMMIT.encode())
    with pytest.raises(UnreachableError) as caught:
        set_lifetime(database.environment(), Wish("A1", 600), QUICK)
    assert caught.value.code == "database-gone"
    assert "State: nothing was written." in caught.value.message
    assert _present(database) == BEFORE


def test_a_trigger_that_changes_what_is_written_fails_the_read_back(database: Database) -> None:
    make_journal(database)
    _fill(database)
    with database.connect() as connection:
        connection.execute(
            """
            CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NEW."AccessTokenLifetime" := 1234;
                RETURN NEW;
            END $$;
            CREATE TRIGGER meddle BEFORE UPDATE ON "Clients"
                FOR EACH ROW EXECUTE FUNCTION meddle();
            """
        )
    done = set_lifetime(database.environment(), Wish("A1", 600), QUICK)
    check = _check(done, "lifetime.read_back")
    assert check.status is Status.FAIL
    assert check.finding is not None
    assert check.finding.id == "read-back-differs"
    assert "A1 has 1234 s" in check.finding.symptom


def test_an_interruption_at_the_question_writes_nothing(filled: Database) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        set_lifetime(filled.environment(), Wish("A1", 600), QUICK, confirm=interrupt)
    assert _present(filled) == BEFORE


def test_an_interruption_while_proving_says_that_the_change_is_made(sandbox: Sandbox) -> None:
    def interrupt(step: Step) -> None:
        if step.left is not None:
            raise KeyboardInterrupt

    sandbox.fault(Fault.CACHE)
    with pytest.raises(Interrupted, match="the change is committed") as caught:
        set_lifetime(
            sandbox.environment("dev"), Wish(SYNC, 1800), ChangeOptions(wait=60), progress=interrupt
        )
    assert "opskit verify -e dev" in caught.value.remedy
    assert isinstance(caught.value.done, ChangeSet)
    assert caught.value.done.outcome is Outcome.CHANGED
    assert sandbox.lifetimes("dev")[_client_id(SYNC)] == 1800


# Proving


def test_a_cached_client_fails_the_proof_although_the_change_stands(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.CACHE)
    done = set_lifetime(sandbox.environment("dev"), Wish(SYNC, 1800))
    assert done.outcome is Outcome.CHANGED
    assert _check(done, "lifetime.read_back").status is Status.PASS
    check = _check(done, "lifetime.fresh_token")
    assert check.status is Status.FAIL
    assert check.finding is not None
    assert check.finding.id == "lifetime-stale"
    assert "3600 s" in check.finding.symptom
    assert "1800 s" in check.finding.symptom
    assert "--wait" in check.finding.remedy
    assert sandbox.lifetimes("dev")[_client_id(SYNC)] == 1800
    assert Result("lifetime set", ChangeSets([done])).exit_code == EXIT_CHECK_FAILED


def test_waiting_outlasts_a_short_cache(sandbox: Sandbox) -> None:
    told: list[Step] = []
    sandbox.fault(Fault.CACHE, seconds=3)
    done = set_lifetime(
        sandbox.environment("dev"), Wish(SYNC, 1800), ChangeOptions(wait=4), progress=told.append
    )
    assert _check(done, "lifetime.fresh_token").status is Status.PASS
    waits = [step for step in told if step.left is not None]
    assert waits
    assert waits[0].environment == "dev"
    assert waits[0].words.startswith(f"{SYNC}: A fresh token lives 3600 s")
    left = [step.left or 0 for step in waits]
    assert left == sorted(left, reverse=True)


def test_of_several_clients_each_proof_says_whose_it_is(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.CACHE)
    everybody = Wish("*", 1800, all_matches=True)
    done = set_lifetime(sandbox.environment("dev"), everybody)
    proofs = [check for check in done.checks if check.id == "lifetime.fresh_token"]
    stale = [check.summary for check in proofs if check.status is Status.FAIL]
    assert any(words.startswith(f"{SYNC}: A fresh token lives 3600 s") for words in stale)
    assert any(words.startswith("Legacy Reporting: A fresh") for words in stale)


def test_a_client_whose_secret_nobody_knows_is_not_proved(sandbox: Sandbox) -> None:
    done = set_lifetime(sandbox.environment("dev"), Wish("Partner Portal", 1800))
    check = _check(done, "lifetime.fresh_token")
    assert check.status is Status.SKIPPED
    assert _client_id("Partner Portal") in check.summary
    assert sandbox.lifetimes("dev")[_client_id("Partner Portal")] == 1800
    assert Result("lifetime set", ChangeSets([done])).exit_code == 0


def test_an_identity_service_that_is_down_leaves_the_change(sandbox: Sandbox) -> None:
    down = msgspec.structs.replace(sandbox.environment("dev"), identity="http://127.0.0.1:1")
    done = set_lifetime(down, Wish(SYNC, 1800))
    check = _check(done, "lifetime.fresh_token")
    assert check.status is Status.FAIL
    assert check.finding is not None
    assert check.finding.unreachable
    assert sandbox.lifetimes("dev")[_client_id(SYNC)] == 1800
    assert Result("lifetime set", ChangeSets([done])).exit_code == EXIT_UNREACHABLE


def test_without_an_identity_service_the_proof_is_skipped(sandbox: Sandbox) -> None:
    without = msgspec.structs.replace(sandbox.environment("dev"), identity=None)
    check = _check(set_lifetime(without, Wish(SYNC, 1800)), "lifetime.fresh_token")
    assert (check.status, check.summary) == (Status.SKIPPED, "identity is not set")


def test_a_secret_that_cannot_be_had_leaves_the_change(sandbox: Sandbox) -> None:
    environment = sandbox.environment("dev")
    clients = tuple(
        msgspec.structs.replace(client, secret=SecretRef(file="missing"))
        for client in environment.clients
    )
    done = set_lifetime(msgspec.structs.replace(environment, clients=clients), Wish(SYNC, 1800))
    check = _check(done, "lifetime.fresh_token")
    assert check.status is Status.FAIL
    assert check.finding is not None
    assert "missing cannot be read" in check.finding.symptom
    assert sandbox.lifetimes("dev")[_client_id(SYNC)] == 1800


# Several environments


def test_the_same_change_goes_from_one_environment_to_the_next(sandbox: Sandbox) -> None:
    environments = [sandbox.environment(name) for name in ENVIRONMENTS]
    done, errors = set_lifetimes(environments, Wish(SYNC, 1800), QUICK)
    assert errors == []
    assert [one.environment for one in done.change_sets] == list(ENVIRONMENTS)
    for name in ENVIRONMENTS:
        assert sandbox.lifetimes(name)[_client_id(SYNC, name)] == 1800


def test_nothing_is_changed_where_one_environment_cannot_be(sandbox: Sandbox) -> None:
    dev, test, prod = (sandbox.environment(name) for name in ENVIRONMENTS)
    with pytest.raises(OpskitError) as caught:
        set_lifetimes([dev, _dead(test), prod], Wish(SYNC, 1800), QUICK)
    assert (caught.value.environment, caught.value.code) == ("test", "database-unreachable")
    assert caught.value.exit_code == EXIT_UNREACHABLE
    for name in ENVIRONMENTS:
        assert sandbox.lifetimes(name)[_client_id(SYNC, name)] == 3600


def test_an_interruption_keeps_what_was_done_before(sandbox: Sandbox) -> None:
    def confirm(environment: Environment, changes: Sequence[Change]) -> None:
        if environment.name == "test":
            raise KeyboardInterrupt

    environments = [sandbox.environment(name) for name in ENVIRONMENTS]
    done, (error,) = set_lifetimes(environments, Wish(SYNC, 1800), QUICK, confirm=confirm)
    assert [one.environment for one in done.change_sets] == ["dev"]
    assert isinstance(error, Interrupted)
    assert "nothing was written in test" in error.message
    assert sandbox.lifetimes("test")[_client_id(SYNC, "test")] == 3600


def test_a_change_ends_at_the_first_environment_that_refuses(sandbox: Sandbox) -> None:
    def confirm(environment: Environment, changes: Sequence[Change]) -> None:
        if environment.name == "test":
            raise ProtectedError("no")

    environments = [sandbox.environment(name) for name in ENVIRONMENTS]
    done, (error,) = set_lifetimes(environments, Wish(SYNC, 1800), QUICK, confirm=confirm)
    assert [one.environment for one in done.change_sets] == ["dev"]
    assert isinstance(error, ProtectedError)
    assert error.environment == "test"
    assert sandbox.lifetimes("test")[_client_id(SYNC, "test")] == 3600
    assert sandbox.lifetimes("prod")[_client_id(SYNC, "prod")] == 3600


def test_a_change_that_is_not_proved_does_not_travel_further(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.CACHE)
    environments = [sandbox.environment(name) for name in ("dev", "prod")]
    done, errors = set_lifetimes(environments, Wish(SYNC, 1800))
    assert errors == []
    assert [one.environment for one in done.change_sets] == ["dev"]
    assert sandbox.lifetimes("prod")[_client_id(SYNC, "prod")] == 3600
    assert Result("lifetime set", done).exit_code == EXIT_CHECK_FAILED
