# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What is SQL Server's own: rights by column, schemas, refused logins, servers that hang."""

import asyncio
import re
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

import pyodbc
import pytest

from opskit.db.mssql_connection import address_parts, quoted
from opskit.db.mssql_driver import is_freetds
from opskit.db.statements import statement
from opskit.db.store import ClientStore, Rights, open_store
from opskit.doctor import examine
from opskit.errors import (
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    ConfigError,
    LockHeld,
    OpskitError,
    PermissionMissing,
    TableMissing,
    UnreachableError,
)
from opskit.export import tsql
from opskit.export.sql import Job
from opskit.history import read_history
from opskit.journal_schema import upgrade
from opskit.lifetime import ChangeOptions, Wish, set_lifetime
from opskit.listing import list_lifetimes
from opskit.models import Change, ChangeRecord, EnvironmentPlan, Outcome, Status, Verification
from opskit.revert import revert
from opskit.settings import Environment
from opskit.transaction import write_changes
from tests.conftest import environment
from tests.db import looked_at
from tests.db.installations import MssqlInstallation
from tests.db.mssql_server import MssqlDatabase

A1 = Change("A1", None, 3600, 900)
STATEMENTS = Path(__file__).parents[2] / "sql"
READABLE = "[ClientId], [ClientName], [Enabled], [AccessTokenLifetime]"


@pytest.fixture
def database(mssql_database: MssqlDatabase) -> Iterator[MssqlDatabase]:
    """A database that holds A1 (3600 s)."""
    installation = MssqlInstallation(mssql_database)
    installation.add_client("A1", "Data Mart Sync", 3600)
    yield mssql_database
    installation.clear()


def _address(database: MssqlDatabase, /, **parts: str) -> str:
    given = address_parts(database.server, database.environment())
    given |= {"database": database.name} | parts
    return ";".join(f"{name}={quoted(value)}" for name, value in given.items())


def _changed(database: MssqlDatabase, /, timeout: int = 5, **parts: str) -> Environment:
    """Return the environment with parts of its address replaced."""
    (database.folder / "other").write_text(_address(database, **parts), encoding="utf-8")
    return environment(database.folder, database={"file": "other"}, timeout=timeout)


def _lifetime(database: MssqlDatabase) -> int:
    ((lifetime,),) = database.execute("SELECT [AccessTokenLifetime] FROM [Clients]")
    return int(lifetime)


def _change(store: ClientStore) -> None:
    with store.change(lock_timeout=0.2) as transaction:
        transaction.lock_clients([A1])
        transaction.write([A1])


# Connecting


def _failure(where: Environment) -> OpskitError:
    with pytest.raises(OpskitError) as caught, open_store(where) as store:
        store.clients()
    error = caught.value
    password = address_parts(where.require("database"), where).get("pwd", "no password")
    assert password not in error.message + error.remedy
    assert "\n" not in error.message
    assert error.environment == "unit"
    return error


def test_a_wrong_password(database: MssqlDatabase) -> None:
    error = _failure(_changed(database, pwd="hunter2-is-wrong"))
    assert (error.code, error.exit_code) == ("login-refused", EXIT_UNREACHABLE)
    assert "environments.unit.database" in error.remedy


def test_an_unknown_user(database: MssqlDatabase) -> None:
    error = _failure(_changed(database, uid="nobody"))
    assert error.code == "login-refused"
    assert 'user "nobody"' in error.message


def test_an_unknown_database(database: MssqlDatabase) -> None:
    error = _failure(_changed(database, database="nowhere"))
    assert (error.code, error.exit_code) == ("database-unknown", EXIT_UNREACHABLE)
    assert "nowhere" in error.message


def test_a_certificate_that_nobody_vouches_for(database: MssqlDatabase) -> None:
    error = _failure(_changed(database, trustservercertificate="no"))
    assert (error.code, error.exit_code) == ("database-tls", EXIT_UNREACHABLE)
    assert "TrustServerCertificate=yes" in error.remedy
    assert "insecure = true" in error.remedy


def test_a_driver_that_is_not_there(database: MssqlDatabase) -> None:
    error = _failure(_changed(database, driver="ODBC Driver 99 for SQL Server"))
    assert (error.code, error.exit_code) == ("driver-missing", EXIT_UNREACHABLE)
    assert "ODBC Driver 99" in error.message
    assert "install" in error.remedy


@pytest.mark.parametrize("password", ["Op}skit-3!x", "Op;skit-3!x", "{Opskit-3!x", "é }Op=it-3!x"])
def test_freetds_logs_in_with_a_strange_password(login: "Login", password: str) -> None:
    if not (installed := [name for name in pyodbc.drivers() if is_freetds(name)]):
        pytest.skip("FreeTDS is not installed")
    login.database.execute(f"ALTER LOGIN [{login.name}] WITH PASSWORD = N'{password}'")
    where = _changed(login.database, uid=login.name, pwd=password, driver=installed[0])
    with open_store(where) as store:
        assert "tdsodbc" in store.driver()
    wrong = _changed(login.database, uid=login.name, pwd=f"{password}x", driver=installed[0])
    parts = address_parts(login.database.server, where)
    assert f"SQL Server at {parts['server']} refused" in _failure(wrong).message


def test_nothing_answers_there(tmp_path: Path) -> None:
    where = environment(tmp_path, database="mssql://opskit@127.0.0.1:9/identity", timeout=2)
    error = _failure(where)
    assert (error.code, error.exit_code) == ("database-unreachable", EXIT_UNREACHABLE)
    assert "127.0.0.1,9" in error.message


def test_a_place_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        started = time.monotonic()
        error = _failure(
            environment(tmp_path, database=f"mssql://u@127.0.0.1:{port}/identity", timeout=2)
        )
    assert error.code == "database-unreachable"
    assert time.monotonic() - started < 20


# Rights


@dataclass(frozen=True)
class Login:
    """A login that may do nothing but what the test grants it."""

    database: MssqlDatabase
    name: str
    granted: list[str] = field(default_factory=list)

    def may(self, right: str) -> None:
        self.database.execute(f"GRANT {right} ON [dbo].[Clients] TO [{self.name}]")
        self.granted.append(right)

    def environment(self) -> Environment:
        return _changed(self.database, uid=self.name, pwd="Least_Rights_1")


@pytest.fixture
def login(database: MssqlDatabase) -> Iterator[Login]:
    name = f"login_{secrets.token_hex(6)}"
    database.execute(f"CREATE LOGIN [{name}] WITH PASSWORD = 'Least_Rights_1'")
    database.execute(f"CREATE USER [{name}] FOR LOGIN [{name}]")
    login = Login(database, name)
    yield login
    for right in login.granted:
        database.execute(f"REVOKE {right} ON [dbo].[Clients] FROM [{name}]")
    with suppress(pyodbc.Error):  # Babelfish keeps a user that ever had rights on columns
        database.execute(f"DROP USER [{name}]")
        database.execute(f"DROP LOGIN [{name}]")


def test_no_right_at_all(login: Login) -> None:
    with open_store(login.environment()) as store:
        for call in (store.clients, lambda: store.lifetimes(["A1"]), lambda: _change(store)):
            with pytest.raises(PermissionMissing) as caught:
                call()
            assert "opskit db role --login NAME -e unit" in caught.value.remedy
        assert store.rights() == Rights(
            may_read=False,
            may_read_names=False,
            may_write=False,
            may_do_more=False,
            may_journal=None,
        )


def test_reading_is_not_writing(login: Login) -> None:
    login.may(f"SELECT ({READABLE})")
    with open_store(login.environment()) as store:
        assert [client.client_id for client in store.clients()] == ["A1"]
        rights = store.rights()
        assert (rights.may_read, rights.may_read_names, rights.may_write) == (True, True, False)
        with pytest.raises(PermissionMissing):
            _change(store)
    assert _lifetime(login.database) == 3600


def test_the_least_rights_are_enough(login: Login) -> None:
    login.may(f"SELECT ({READABLE})")
    login.may("UPDATE ([AccessTokenLifetime])")
    with open_store(login.environment()) as store:
        assert store.rights() == Rights(
            may_read=True, may_read_names=True, may_write=True, may_do_more=False, may_journal=None
        )
        _change(store)
    assert _lifetime(login.database) == 900


def test_more_rights_than_needed_are_noticed(login: Login) -> None:
    login.may(f"SELECT ({READABLE})")
    login.may("DELETE")
    with open_store(login.environment()) as store:
        assert store.rights().may_do_more


# The table is not where it should be


def test_another_schema(database: MssqlDatabase) -> None:
    error = _failure(database.environment(schema="identity"))
    assert (error.code, error.exit_code) == ("table-missing", EXIT_USAGE)
    assert 'schema = "dbo"' in error.remedy
    with open_store(database.environment(schema="identity")) as store, pytest.raises(TableMissing):
        store.rights()


def test_no_table_at_all(database: MssqlDatabase) -> None:
    error = _failure(_changed(database, database="master"))
    assert error.code == "table-missing"
    assert "wrong database" in error.remedy


def test_a_schema_with_a_strange_name(database: MssqlDatabase) -> None:
    database.execute("CREATE SCHEMA [o'dd {rows} 100%]")
    name = "[o'dd {rows} 100%].[Clients]"
    database.execute(f"SELECT * INTO {name} FROM [dbo].[Clients]")
    try:
        with open_store(database.environment(schema="o'dd {rows} 100%")) as store:
            assert store.lifetimes(["A1"]) == {"A1": 3600}
            _change(store)
            assert store.lifetimes(["A1"]) == {"A1": 900}
        assert _lifetime(database) == 3600
    finally:
        database.execute(f"DROP TABLE {name}")


def test_ids_of_another_collation_than_the_databases(database: MssqlDatabase) -> None:
    """As in a database that was moved to a server with another language."""
    MssqlInstallation(database).make_journal()
    database.execute("CREATE SCHEMA [moved]")
    database.execute(
        "CREATE TABLE [moved].[Clients] ([ClientId] nvarchar(200) COLLATE Latin1_General_BIN2 "
        "NOT NULL UNIQUE, [ClientName] nvarchar(200), [Enabled] bit, [AccessTokenLifetime] int)"
    )
    try:
        database.execute("INSERT INTO [moved].[Clients] VALUES (N'A1', N'Sync', 1, 3600)")
        where = database.environment(schema="moved")
        done = set_lifetime(where, Wish("A1", 900))
        (entry,) = read_history([where])[0].entries
        assert (entry.change_set, entry.verification) == (done.id, Verification.SKIPPED)
        assert not any("journal" in warning for warning in done.warnings)
        plan = EnvironmentPlan("unit", 1, [Change("A1", "Sync", 900, 1800)])
        record = ChangeRecord("set-2", "unit", "Ann", None, "1.2.3")
        database.execute(tsql.script(Job(plan, record, "moved", "script.sql")))
        with open_store(where) as store:
            assert store.lifetimes(["A1"]) == {"A1": 1800}
    finally:
        database.execute("DROP TABLE [moved].[Clients]")
        database.execute("DROP SCHEMA [moved]")


def test_nothing_is_sent_while_rows_are_locked_but_what_takes_them_as_a_whole(
    database: MssqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = MssqlInstallation(database)
    installation.make_journal()
    installation.add_clients([f"C{number}" for number in range(1000)])
    ran: list[str] = []

    def told(engine: str, name: str) -> str:
        ran.append(name)
        return statement(engine, name)

    changes = [Change(f"C{n}", "Some", 3600, 900 + n % 2 * 2700) for n in range(1000)]
    where, record = database.environment(), ChangeRecord("set-1", "unit", "Ann", None, "1.2.3")
    with open_store(where) as store:
        monkeypatch.setattr("opskit.db.mssql_session.statement", told)
        write_changes(store, where, changes, record, lock_timeout=5)
        locked = ran.index("lock_clients")
        assert ran[:locked].count("staging/changes") == 3
        last = ["update_lifetimes", "insert_journal", "set_lock_timeout"]
        assert ran[locked + 1 :] == last
        assert len(store.journal()) == 500


def test_the_journal_ends_where_it_is_told_whatever_the_order_of_moments(
    database: MssqlDatabase,
) -> None:
    """A plan for the values given must find the same as one for any."""
    MssqlInstallation(database).make_journal()
    with open_store(database.environment()) as store:
        for number in range(3):
            record = ChangeRecord(f"set-{number}", "unit", "Ann", None, "1.2.3")
            with store.change() as transaction:
                transaction.record(record, [A1])
        database.execute(
            "UPDATE [opskit].[lifetime_change] SET [changed_at] = '2020-01-01' "
            "WHERE [change_set] = N'set-2'"
        )
        assert [e.change_set for e in store.journal()] == ["set-2", "set-1", "set-0"]
        assert [e.change_set for e in store.journal(limit=2)] == ["set-1", "set-0"]


# Servers that hang, values that do not fit


def test_a_write_that_readers_wait_for(database: MssqlDatabase) -> None:
    """SQL Server without row versioning; where readers never wait, there is nothing to see."""
    versioned = "SELECT is_read_committed_snapshot_on FROM sys.databases WHERE name = DB_NAME()"
    switch = f"ALTER DATABASE [{database.name}] SET READ_COMMITTED_SNAPSHOT"
    try:
        database.execute(f"{switch} OFF WITH ROLLBACK IMMEDIATE")
    except pyodbc.Error as error:
        assert database.execute(versioned) == [(True,)]
        pytest.skip(f"the server always versions its rows: {error.args[0]}")
    try:
        with (
            open_store(database.environment(timeout=1)) as store,
            database.connection() as other,
        ):
            other.autocommit = False
            other.execute("UPDATE [Clients] SET [Enabled] = 1")
            with pytest.raises(LockHeld, match="client's row"):
                store.clients()
    finally:
        database.execute(f"{switch} ON WITH ROLLBACK IMMEDIATE")


@contextmanager
def _through_a_wire_that_may_be_cut(host: str, port: int) -> Iterator[tuple[int, Event]]:
    """A port that leads to the server; when the event is set, nothing passes any more."""
    cut, ends = Event(), list[socket.socket]()

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not cut.is_set():
                    target.sendall(data)

    def serve() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((host, port))
                ends.extend((near, far))
                Thread(target=pass_on, args=(near, far), daemon=True).start()
                Thread(target=pass_on, args=(far, near), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1], cut
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for end in ends:
                with suppress(OSError):  # hung up already
                    end.shutdown(socket.SHUT_RDWR)
                end.close()


@pytest.mark.parametrize("changing", [False, True])
def test_a_server_that_hangs_is_given_up(changing: bool, database: MssqlDatabase) -> None:
    parts = address_parts(database.server, database.environment())
    host, _, port = parts["server"].partition(",")
    with _through_a_wire_that_may_be_cut(host, int(port or 1433)) as (near, cut):
        where = _changed(database, server=f"127.0.0.1,{near}", timeout=1)
        with open_store(where) as store:
            assert len(store.clients()) == 1
            with pytest.raises(UnreachableError) as caught:
                _hang(store, cut, changing=changing)
            assert caught.value.code == "database-gone"
            with pytest.raises(UnreachableError):
                store.clients()
    assert _lifetime(database) == 3600


def _hang(store: ClientStore, cut: Event, *, changing: bool) -> None:
    if not changing:
        cut.set()
        store.clients()
        return
    with store.change(lock_timeout=1) as transaction:
        transaction.write([A1])
        cut.set()
        transaction.write([A1])


def test_an_integer_overflow_is_an_error_of_opskits(database: MssqlDatabase) -> None:
    def change(store: ClientStore) -> None:
        with store.change() as transaction:
            transaction.write([Change("A1", None, 3600, 2**31)])

    with open_store(database.environment()) as store, pytest.raises(OpskitError):
        change(store)
    assert _lifetime(database) == 3600


def test_an_id_longer_than_any_is_nobodys(database: MssqlDatabase) -> None:
    with open_store(database.environment()) as store:
        assert store.lifetimes(["x" * 1000]) == {}


def test_case_does_not_make_another_client(database: MssqlDatabase) -> None:
    """Under the usual collations; the answer names the id as it is, so that nobody is misled."""
    with open_store(database.environment()) as store, store.change() as transaction:
        assert transaction.lock_clients(looked_at("a1")).keys() <= {"A1"}
        assert transaction.write([Change("a1", None, 3600, 900)]) <= {"A1"}
        transaction.roll_back()


def test_a_used_up_connection_says_so(database: MssqlDatabase) -> None:
    with open_store(database.environment()) as store:
        pass
    with pytest.raises(UnreachableError) as caught:
        store.clients()
    assert caught.value.code == "database-gone"


# The features


def test_the_doctor_shows_server_and_driver(database: MssqlDatabase) -> None:
    report = asyncio.run(examine(database.environment()))
    checks = {check.id: check for check in report.checks}
    assert checks["database.login"].status is Status.PASS
    assert re.match(r".+ \d[\d.]* through pyodbc \S+, lib\S+ \d", checks["database.login"].summary)
    assert checks["database.read"].status is Status.PASS
    assert checks["policy.lifetimes"].summary == "1 client within the policy"


def test_the_doctor_explains_a_wrong_driver(database: MssqlDatabase) -> None:
    report = asyncio.run(examine(_changed(database, driver="nowhere")))
    check = next(check for check in report.checks if check.id == "database.login")
    assert check.status is Status.FAIL
    assert check.finding is not None
    assert "'nowhere' cannot be loaded" in check.summary + check.finding.symptom
    assert "install" in check.finding.remedy


def test_the_features_work_on_it(database: MssqlDatabase) -> None:
    where = database.environment()
    lifetimes, errors = list_lifetimes([where], "Data Mart*")
    assert not errors
    assert [c.lifetime for one in lifetimes.environments for c in one.clients] == [3600]
    _, errors = upgrade([where])
    assert not errors
    wish = Wish("Data Mart Sync", 1800)
    dry = set_lifetime(where, wish, ChangeOptions(dry_run=True))
    assert dry.outcome is Outcome.DRY_RUN
    assert _lifetime(database) == 3600
    done = set_lifetime(where, wish)
    assert done.outcome is Outcome.CHANGED
    assert _lifetime(database) == 1800
    history, errors = read_history([where])
    assert not errors
    assert [(e.change_set, e.old, e.new) for e in history.entries] == [(done.id, 3600, 1800)]
    assert done.id is not None
    assert revert([where], done.id, ChangeOptions()).reverts == done.id
    assert _lifetime(database) == 3600


# The statements

NAMES = sorted(path.stem for path in (STATEMENTS / "mssql").glob("*.sql"))
WRITES = {
    "update_lifetimes": ["UPDATE"],
    # These two in opskit's own schema.
    "insert_journal": ["INSERT"],
    "update_verification": ["UPDATE"],
}


def test_both_engines_have_the_same_statements() -> None:
    assert sorted(path.stem for path in (STATEMENTS / "postgresql").glob("*.sql")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_only_one_statement_writes_to_the_table_of_others(name: str) -> None:
    text = statement("mssql", name)
    assert text.startswith("-- ")
    text = re.sub(r"--.*|'[^']*'", "", text).upper()
    words = r"\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|DROP|ALTER|CREATE|GRANT|REVOKE)\b"
    assert re.findall(words, text) == WRITES.get(name, [])
    if name != "update_lifetimes" and name in WRITES:
        assert "[OPSKIT].[LIFETIME_CHANGE]" in text
    assert set(re.findall(r"\{(.*?)\}", text)) <= {"SCHEMA", "ROWS", "MILLISECONDS"}


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_never_depends_on_a_table_without_triggers(name: str) -> None:
    """SQL Server refuses OUTPUT there (334) unless it goes into a table; Babelfish does not."""
    text = re.sub(r"--.*", "", statement("mssql", name))
    assert all(" INTO " in line for line in re.findall(r"OUTPUT .*", text))


def test_what_two_tables_call_a_client_is_compared_by_a_collation_that_is_named() -> None:
    """SQL Server refuses to choose (468); Babelfish, where the tests run, does not.

    Only what is made with the collation of the real ids may be compared with them as it is.
    """
    assert "SELECT TOP (0) [ClientId]" in statement("mssql", "staging/table")
    text = statement("mssql", "update_verification")
    compared = re.findall(r"\[client_id\] = .*", text)
    assert len(compared) == 2
    assert all(" COLLATE " in line for line in compared)
    plan = EnvironmentPlan("unit", 1, [A1])
    record = ChangeRecord("set-1", "unit", "Ann", None, "1.2.3")
    script = tsql.script(Job(plan, record, None, "script.sql"))
    assert "SELECT TOP (0) [ClientId]" in script
    assert "CREATE TABLE" not in script


@pytest.mark.parametrize("path", sorted((STATEMENTS / "mssql" / "staging").glob("*.sql")))
def test_staging_writes_to_nothing_but_a_table_of_its_session(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith("-- ")
    text = re.sub(r"--.*", "", text)
    assert re.findall(r"(?:INTO|DELETE FROM) (\S+)", text) == ["#opskit_rows"] * (
        2 if path.stem == "table" else 1
    )
    assert not re.search(r"\b(UPDATE|MERGE|TRUNCATE|DROP|ALTER|CREATE|GRANT|REVOKE)\b", text)


def test_a_name_of_a_schema_is_checked(tmp_path: Path) -> None:
    from opskit.db.mssql_session import bracketed

    where = environment(tmp_path)
    for wrong in ("", "a\nb", "x" * 129, "a\0b"):
        with pytest.raises(ConfigError, match=r"environments\.unit\.schema"):
            bracketed(wrong, where)
    assert bracketed("a]b; DROP TABLE x", where) == "[a]]b; DROP TABLE x]"
