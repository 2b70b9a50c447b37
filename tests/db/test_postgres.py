# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What is PostgreSQL's own: rights by column, schemas, missing tables, sessions that end."""

import re
import secrets
import threading
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

import opskit.db
from opskit.db.postgres_connection import connection_parameters
from opskit.db.statements import statement
from opskit.db.store import ClientStore, Rights, open_store
from opskit.errors import (
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    ConfigError,
    Interrupted,
    LockHeld,
    OpskitError,
    PermissionMissing,
    TableMissing,
    UnreachableError,
)
from opskit.models import Change, Client
from opskit.settings import Environment
from tests.conftest import Database, Sandbox
from tests.db.installations import PostgresInstallation

A1 = Change("A1", None, 3600, 1800)
STATEMENTS = Path(__file__).parents[2] / "sql" / "postgresql"

# The remedy of PermissionMissing, word by word.
LISTING = '"ClientId", "ClientName", "AccessTokenLifetime", "Enabled"'
LEAST_RIGHTS = f'GRANT SELECT ({LISTING}), UPDATE ("AccessTokenLifetime") ON "Clients" TO {{role}}'


@dataclass(frozen=True)
class Role:
    """A login that may do nothing but what the test grants it."""

    database: Database
    name: str

    def may(self, grant: LiteralString) -> None:
        with self.database.connect() as connection:
            connection.execute(sql.SQL(grant).format(role=sql.Identifier(self.name)))

    def environment(self, **settings: object) -> Environment:
        address = f"127.0.0.1:{self.database.server.port}/{self.database.name}"
        return self.database.environment(
            **{"database": f"postgresql://{self.name}@{address}"} | settings
        )


@pytest.fixture
def role(database: Database) -> Iterator[Role]:
    """A role whose password is the superuser's, in a database that holds A1 (3600 s)."""
    database.add_client("A1", "Data Mart Sync", 3600)
    name = sql.Identifier(role_name := f"role_{secrets.token_hex(6)}")
    password = sql.Literal(database.server.password)
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, password))
        yield Role(database, role_name)
        connection.execute(sql.SQL("DROP OWNED BY {}").format(name))
        connection.execute(sql.SQL("DROP ROLE {}").format(name))


def _execute(database: Database, *statements: LiteralString) -> None:
    with database.connect() as connection:
        for text in statements:
            connection.execute(text)


def _lifetime(database: Database, client_id: str = "A1") -> int:
    with database.connect() as connection:
        query = 'SELECT "AccessTokenLifetime" FROM "Clients" WHERE "ClientId" = %s'
        ((lifetime,),) = connection.execute(query, (client_id,)).fetchall()
    assert isinstance(lifetime, int)
    return lifetime


def _change(store: ClientStore, change: Change = A1, *, lock_timeout: float = 0.2) -> None:
    with store.change(lock_timeout=lock_timeout) as transaction:
        transaction.lock_clients([change])
        transaction.write([change])


# Rights


def test_two_columns_are_enough_to_list(role: Role) -> None:
    role.may('GRANT SELECT ("ClientId", "AccessTokenLifetime") ON "Clients" TO {role}')
    with open_store(role.environment()) as store:
        assert store.clients() == [Client("A1", None, 3600, None)]
        assert store.lifetimes(["A1"]) == {"A1": 3600}
        assert store.rights() == Rights(
            may_read=True,
            may_read_names=False,
            may_write=False,
            may_do_more=False,
            may_journal=None,
        )
        with pytest.raises(PermissionMissing):
            _change(store)
    assert _lifetime(role.database) == 3600


def test_no_right_at_all_names_the_role_that_has_them(role: Role) -> None:
    with open_store(role.environment()) as store:
        for call in (store.clients, lambda: store.lifetimes(["A1"]), lambda: _change(store)):
            with pytest.raises(PermissionMissing, match="permission denied") as caught:
                call()
            error = caught.value
            assert "Clients" in error.message
            assert "opskit db role --login NAME -e unit" in error.remedy
            assert (error.code, error.environment) == ("permission-missing", "unit")
            assert error.exit_code == EXIT_UNREACHABLE
        assert store.rights() == Rights(
            may_read=False,
            may_read_names=False,
            may_write=False,
            may_do_more=False,
            may_journal=None,
        )


def test_the_rights_that_the_remedy_names_are_enough_for_a_change(role: Role) -> None:
    role.may(LEAST_RIGHTS)
    with open_store(role.environment()) as store:
        assert store.clients() == [Client("A1", "Data Mart Sync", 3600, True)]
        assert store.rights() == Rights(
            may_read=True, may_read_names=True, may_write=True, may_do_more=False, may_journal=None
        )
        _change(store)
    assert _lifetime(role.database) == 1800


FORBIDDEN: list[LiteralString] = [
    'UPDATE "Clients" SET "ClientName" = \'x\'',
    'UPDATE "Clients" SET "Enabled" = false',
    'UPDATE "Clients" SET "ClientId" = \'x\'',
    'DELETE FROM "Clients"',
    'TRUNCATE "Clients" CASCADE',
    'INSERT INTO "Clients" ("ClientId") VALUES (\'x\')',
    'INSERT INTO "ClientSecrets" ("Value") VALUES (\'x\')',
    'UPDATE "ClientSecrets" SET "Value" = \'x\'',
    'DELETE FROM "ClientSecrets"',
    'ALTER TABLE "Clients" DISABLE TRIGGER ALL',
    'DROP TABLE "Clients"',
]


def test_and_for_nothing_else(role: Role) -> None:
    role.may(LEAST_RIGHTS)
    unreadable: list[LiteralString] = [
        'SELECT "Value" FROM "ClientSecrets"',
        'SELECT "PairWiseSubjectSalt" FROM "Clients"',
        'SELECT * FROM "Clients"',
    ]
    info = psycopg.conninfo.make_conninfo(role.database.conninfo, user=role.name)
    with psycopg.connect(info, autocommit=True) as connection:
        for text in [*FORBIDDEN, *unreadable]:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(text)


def test_the_sandbox_shows_a_login_with_the_least_rights(sandbox: Sandbox) -> None:
    environment = sandbox.environment("dev")
    with open_store(environment) as store:
        assert store.rights() == Rights(
            may_read=True, may_read_names=True, may_write=True, may_do_more=False, may_journal=True
        )
    assert environment.database_password is not None
    password = environment.resolve(environment.database_password).reveal()
    with psycopg.connect(
        environment.require("database"), password=password, autocommit=True
    ) as connection:
        for text in FORBIDDEN:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(text)


def test_more_rights_than_needed_are_noticed(role: Role) -> None:
    role.may(LEAST_RIGHTS)
    for grant in (
        'GRANT INSERT ("ClientId") ON "Clients" TO {role}',
        'GRANT DELETE ON "Clients" TO {role}',
        'GRANT TRUNCATE ON "Clients" TO {role}',
    ):
        role.may(grant)
        with open_store(role.environment()) as store:
            assert store.rights().may_do_more
        role.may(grant.replace("GRANT", "REVOKE").replace(" TO ", " FROM "))
    with open_store(role.environment()) as store:
        assert not store.rights().may_do_more


def test_a_schema_that_may_not_be_used_is_a_missing_right(role: Role) -> None:
    _execute(role.database, 'CREATE SCHEMA hidden; ALTER TABLE "Clients" SET SCHEMA hidden')
    role.may(LEAST_RIGHTS.replace('ON "Clients"', 'ON hidden."Clients"'))
    with open_store(role.environment(schema="hidden")) as store:
        assert not store.rights().may_read
        with pytest.raises(PermissionMissing, match="permission denied for schema hidden"):
            store.clients()
    role.may("GRANT USAGE ON SCHEMA hidden TO {role}")
    with open_store(role.environment(schema="hidden")) as store:
        assert store.rights().may_read
        assert len(store.clients()) == 1


# The table is not where it should be


def _missing(environment: Environment) -> TableMissing:
    """Return the one explanation that every way to the table gives."""
    with open_store(environment) as store:
        errors = []
        for call in (store.clients, lambda: store.lifetimes(["A1"]), store.rights):
            with pytest.raises(TableMissing) as caught:
                call()
            errors.append(caught.value)
        with pytest.raises(TableMissing):
            _change(store)
    assert len({(error.message, error.remedy) for error in errors}) == 1
    error = errors[0]
    assert (error.code, error.exit_code) == ("table-missing", EXIT_USAGE)
    assert error.environment == "unit"
    return error


def _named_schema(error: TableMissing) -> object:
    """Return the schema that the remedy names, as a reader would copy it to opskit.toml."""
    named = re.search(r"(schema = .*) under \[environments\.unit\]", error.remedy)
    assert named is not None
    return tomllib.loads(named[1])["schema"]


def test_no_such_table_anywhere(empty_database: Database) -> None:
    error = _missing(empty_database.environment())
    assert f'No table "Clients" in any schema of database {empty_database.name}' in error.message
    assert "Probably the wrong database" in error.remedy
    assert "environments.unit.database" in error.remedy


def test_a_table_in_lower_case(empty_database: Database) -> None:
    _execute(empty_database, "CREATE TABLE Clients (ClientId text, AccessTokenLifetime int)")
    error = _missing(empty_database.environment())
    assert 'there is "clients" in public' in error.message
    assert "upper from lower case" in error.remedy
    assert "schema = " not in error.remedy


@pytest.mark.parametrize(
    "schema",
    ["identity", "Identity Ü", "qu\"o'ted", "100%s", "{schema}"],
)
def test_a_table_in_another_schema(schema: str, database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    with database.connect() as connection:
        name = sql.Identifier(schema)
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(name))
        connection.execute(sql.SQL('ALTER TABLE "Clients" SET SCHEMA {}').format(name))

    error = _missing(database.environment())
    assert 'No table "Clients" in schema public; there is ' in error.message
    assert _named_schema(error) == schema

    with open_store(database.environment(schema=schema)) as store:
        assert store.rights().may_write
        assert store.clients() == [Client("A1", "Data Mart Sync", 3600, True)]
        _change(store)
        assert store.lifetimes(["A1"]) == {"A1": 1800}


def test_a_schema_that_does_not_exist_names_the_right_one(database: Database) -> None:
    error = _missing(database.environment(schema="identity"))
    assert "in schema identity; there is" in error.message
    assert _named_schema(error) == "public"


def test_the_search_path_plays_no_part(database: Database) -> None:
    """A table of the same name that a search path would find first is not touched."""
    database.add_client("A1", "Data Mart Sync", 3600)
    _execute(
        database,
        "CREATE SCHEMA decoy",
        'CREATE TABLE decoy."Clients" AS SELECT * FROM public."Clients"',
        "CREATE FUNCTION decoy.unnest(text[], int[], int[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    )
    with database.connect() as connection:
        path = sql.SQL("ALTER DATABASE {} SET search_path = decoy, public")
        connection.execute(path.format(sql.Identifier(database.name)))
    with open_store(database.environment()) as store:
        _change(store)
    with database.connect() as connection:
        query = 'SELECT p."AccessTokenLifetime", d."AccessTokenLifetime"'
        tables = 'FROM public."Clients" AS p, decoy."Clients" AS d'
        assert connection.execute(f"{query} {tables}").fetchall() == [(1800, 3600)]


def test_a_table_without_the_columns_is_not_identityservers(database: Database) -> None:
    _execute(database, 'ALTER TABLE "Clients" RENAME "AccessTokenLifetime" TO "Lifetime"')
    with open_store(database.environment()) as store, pytest.raises(TableMissing) as caught:
        store.clients()
    assert 'The table "public"."Clients" lacks a column' in caught.value.message
    assert "ClientId and AccessTokenLifetime" in caught.value.remedy


def test_a_table_without_names_is_listed_all_the_same(database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    _execute(database, 'ALTER TABLE "Clients" DROP "ClientName", DROP "Enabled"')
    with open_store(database.environment()) as store:
        assert store.clients() == [Client("A1", None, 3600, None)]
        _change(store)
    assert _lifetime(database) == 1800


def test_case_and_blanks_tell_ids_apart(database: Database) -> None:
    for client_id in ("sync", "SYNC", "sync "):
        database.add_client(client_id, "Sync", 60)
    with open_store(database.environment()) as store:
        _change(store, Change("sync ", None, 60, 90))
        assert store.lifetimes(["sync", "SYNC", "sync ", " sync"]) == {
            "sync": 60,
            "SYNC": 60,
            "sync ": 90,
        }


# Locks, read-only servers, sessions that end


def _refused(database: Database, kind: type[OpskitError]) -> OpskitError:
    with open_store(database.environment()) as store, pytest.raises(kind) as caught:
        _change(store)
    assert _lifetime(database) == 3600
    return caught.value


@pytest.mark.parametrize(
    "hold",
    [
        pytest.param("SELECT pg_advisory_lock(7236834018519)", id="environment"),
        pytest.param('SELECT 1 FROM "Clients" FOR UPDATE', id="row"),
        pytest.param('UPDATE "Clients" SET "Description" = \'x\'', id="row-changed"),
        pytest.param('LOCK TABLE "Clients" IN SHARE MODE', id="table"),
    ],
)
def test_a_lock_in_another_session_is_told_and_nothing_written(
    hold: LiteralString, database: Database
) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    with psycopg.connect(database.conninfo) as other:
        other.execute(hold)
        error = _refused(database, LockHeld)
    assert error.code == "lock-held"
    assert "pg_stat_activity" in error.remedy
    with open_store(database.environment()) as store:
        _change(store)
    assert _lifetime(database) == 1800


def test_the_lock_belongs_to_one_database(database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    with psycopg.connect(database.server.conninfo()) as other:
        other.execute("SELECT pg_advisory_lock(7236834018519)")
        with open_store(database.environment()) as store:
            _change(store)
    assert _lifetime(database) == 1800


def test_a_change_leaves_no_transaction_open(database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    with database.connect() as watch, open_store(database.environment()) as store:
        _change(store)
        query = "SELECT state FROM pg_stat_activity WHERE application_name = 'opskit'"
        mine = f"{query} AND datname = current_database()"
        assert watch.execute(mine).fetchall() == [("idle",)]


def test_the_time_to_wait_for_locks_ends_with_the_change(database: Database) -> None:
    """A lock timeout that stayed would cut short what the session does next."""
    database.add_client("A1", "Data Mart Sync", 3600)
    with open_store(database.environment()) as store:
        _change(store, lock_timeout=0.05)
        with psycopg.connect(database.conninfo) as other:
            other.execute('LOCK TABLE "Clients"')
            threading.Timer(0.3, other.commit).start()
            assert store.lifetimes(["A1"]) == {"A1": 1800}


def test_a_read_only_server_points_to_the_primary(database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    with database.connect() as connection:
        setting = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
        connection.execute(setting.format(sql.Identifier(database.name)))
    error = _refused(database, PermissionMissing)
    assert "read-only" in error.message
    assert "primary" in error.remedy
    assert error.exit_code == EXIT_UNREACHABLE


def test_a_statement_timeout_is_not_called_a_lost_connection(database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    with psycopg.connect(database.conninfo) as other, database.connect() as admin:
        other.execute("SELECT pg_advisory_lock(7236834018519)")
        setting = sql.SQL("ALTER DATABASE {} SET statement_timeout = '50ms'")
        admin.execute(setting.format(sql.Identifier(database.name)))
        error = _refused(database, OpskitError)
    assert "statement timeout" in error.message
    assert error.code != "database-gone"
    assert "went away" not in error.message


def _terminate(database: Database) -> None:
    with database.connect() as connection:
        query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {}"
        where = "application_name = 'opskit' AND datname = current_database()"
        assert connection.execute(query.format(where)).fetchall() == [(True,)]


@pytest.mark.parametrize("moment", ["before the write", "before the commit"])
def test_a_terminated_session_is_told_and_nothing_written(moment: str, database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)

    def change(store: ClientStore) -> None:
        with store.change() as transaction:
            transaction.lock_clients([A1])
            if moment == "before the write":
                _terminate(database)
            transaction.write([A1])
            _terminate(database)

    with (
        open_store(database.environment()) as store,
        pytest.raises(UnreachableError, match="went away") as caught,
    ):
        change(store)
    error = caught.value
    assert (error.code, error.exit_code) == ("database-gone", EXIT_UNREACHABLE)
    assert "opskit lifetime list -e unit" in error.remedy
    assert _lifetime(database) == 3600


def test_a_session_that_was_idle_too_long_is_told(database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    with open_store(database.environment()) as store:
        _terminate(database)
        with pytest.raises(UnreachableError) as caught:
            store.clients()
    assert caught.value.code == "database-gone"


def test_an_integer_overflow_is_an_error_of_opskits(database: Database) -> None:
    database.add_client("A1", "Data Mart Sync", 3600)
    with open_store(database.environment()) as store, pytest.raises(OpskitError):
        _change(store, Change("A1", None, 3600, 2**31))
    assert _lifetime(database) == 3600


def test_a_null_character_in_an_id_is_an_error_of_opskits(database: Database) -> None:
    with open_store(database.environment()) as store, pytest.raises(OpskitError):
        store.lifetimes(["a\0b"])


def test_the_server_tells_its_version(database: Database) -> None:
    with open_store(database.environment()) as store, database.connect() as connection:
        version = connection.info.server_version
        assert store.server() == f"PostgreSQL {version // 10_000}.{version % 10_000}"


# Connecting


def test_the_connection_ends_with_its_block(database: Database) -> None:
    def fail() -> None:
        with open_store(database.environment()):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with database.connect() as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'opskit'"
        count = f"{query} AND datname = current_database() AND state IS NOT NULL"
        for _ in range(50):
            ((left,),) = connection.execute(count).fetchall()
            if left == 0:
                break
            connection.execute("SELECT pg_sleep(0.02), pg_stat_clear_snapshot()")
        assert left == 0


@pytest.mark.parametrize("password_key", [True, False])
def test_the_address_may_be_a_reference(password_key: bool, database: Database) -> None:
    user = f"postgres:{database.server.password}" if not password_key else "postgres"
    url = f"postgresql://{user}@127.0.0.1:{database.server.port}/{database.name}"
    (database.folder / "url").write_text(url)
    environment = database.environment(database={"file": "url"})
    with open_store(environment) as store:
        assert store.clients() == []


def test_tls_is_verified_beyond_the_own_machine(database: Database) -> None:
    """127.1 is the own machine too, but by a name that could be anybody's."""
    url = f"postgresql://postgres@127.1:{database.server.port}/{database.name}"
    with (
        pytest.raises(UnreachableError, match="No verified TLS connection") as caught,
        open_store(database.environment(database=url)),
    ):
        pass
    error = caught.value
    assert (error.code, error.exit_code) == ("database-tls", EXIT_UNREACHABLE)
    assert "ca_file" in error.remedy
    assert "sslmode=" in error.remedy
    for way_out in ({"database": f"{url}?sslmode=disable"}, {"database": url, "insecure": True}):
        with open_store(database.environment(**way_out)) as store:
            assert store.clients() == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter%zz2@127.0.0.1:1/d",
        "postgresql://u:hun@ter2@127.0.0.1:1/d",
        "postgresql://u:hun#ter2@127.0.0.1:1/d",
        "postgresql://u:hun/ter2@127.0.0.1:1/d",
        "postgresql://u:hun?ter2@127.0.0.1:1/d",
        "postgresql://u:hunter2@127.0.0.1:port/d",
        "postgresql://u:hunter2@127.0.0.1:1/d?unknown=1",
        "postgresql://u:hunter2@[::1/d",
    ],
)
def test_a_malformed_address_shows_nothing_of_its_password(
    url: str, empty_environment: Callable[[str], Environment]
) -> None:
    with pytest.raises(OpskitError) as caught, open_store(empty_environment(url)):
        pass
    error = caught.value
    shown = error.message + error.remedy
    assert not re.search("hun|ter2|zz2", shown)
    assert "\n" not in error.message


def test_a_malformed_address_names_the_key(
    empty_environment: Callable[[str], Environment],
) -> None:
    url = "postgresql://u@127.0.0.1:1/d?unknown=1"
    with pytest.raises(ConfigError) as caught, open_store(empty_environment(url)):
        pass
    assert "environments.unit.database" in caught.value.message
    assert "after the ?" in caught.value.remedy
    assert caught.value.environment == "unit"


@pytest.fixture
def empty_environment(tmp_path: Path) -> Callable[[str], Environment]:
    """Makes an environment whose database is the given address, by reference."""
    from tests.conftest import environment

    def make(url: str) -> Environment:
        (tmp_path / "url").write_text(url)
        return environment(tmp_path, database={"file": "url"})

    return make


# The statements


def _without_comments(text: str) -> str:
    return "\n".join(line.partition("--")[0] for line in text.splitlines())


@pytest.fixture(params=sorted(path.name for path in STATEMENTS.glob("*.sql")))
def statement_file(request: pytest.FixtureRequest) -> Path:
    return STATEMENTS / str(request.param)


def test_each_statement_is_executed_by_the_adapter(statement_file: Path) -> None:
    (folder,) = opskit.db.__path__
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(folder).glob("*.py"))
    assert f'"{statement_file.stem}"' in sources
    assert statement("postgresql", statement_file.stem) == statement_file.read_text("utf-8")


def test_each_statement_says_what_it_is_for(statement_file: Path) -> None:
    assert statement_file.read_text("utf-8").startswith("-- ")


WRITES = {
    "update_lifetimes": ["UPDATE"],
    # These two in opskit's own schema.
    "insert_journal": ["INSERT"],
    "update_verification": ["UPDATE"],
}


def test_only_one_statement_writes_to_the_table_of_others(statement_file: Path) -> None:
    text = _without_comments(statement_file.read_text("utf-8")).upper()
    text = re.sub(r"'[^']*'", "''", text)  # the names of rights are no statements
    text = re.sub(r"\bFOR UPDATE\b", "", text)
    words = r"\b(INSERT|UPDATE|DELETE|MERGE|TRUNCATE|DROP|ALTER|CREATE|GRANT|REVOKE|COPY|CALL|DO)\b"
    assert re.findall(words, text) == WRITES.get(statement_file.stem, [])
    if statement_file.stem != "update_lifetimes" and statement_file.stem in WRITES:
        assert '"OPSKIT"."LIFETIME_CHANGE"' in text


def test_a_statement_is_one_statement_with_bound_values(statement_file: Path) -> None:
    text = _without_comments(statement_file.read_text("utf-8"))
    assert ";" not in text
    assert set(re.findall(r"\{(.*?)\}", text)) <= {"schema"}


def test_a_server_that_vanishes_while_we_wait_is_found_out(database: Database) -> None:
    given = connection_parameters(database.environment(timeout="7s"), "postgresql://u@localhost/d")
    alive = ("keepalives_idle", "keepalives_interval", "keepalives_count")
    assert [given[name] for name in alive] == [7, 5, 3]
    own = connection_parameters(
        database.environment(), "postgresql://u@localhost/d?keepalives_idle=60"
    )
    assert own["keepalives_idle"] == "60"


def test_a_lock_is_no_longer_waited_for_once_that_is_cancelled(database: Database) -> None:
    """The server is told, so that nothing of the change stays behind on it."""
    ended = threading.Event()

    def wait() -> None:
        with suppress(Interrupted), store.change(lock_timeout=600):
            pass
        ended.set()

    environment, waits = database.environment(), PostgresInstallation(database).somebody_waits
    with open_store(environment) as holder, holder.change(), open_store(environment) as store:
        waiting = threading.Thread(target=wait)
        waiting.start()
        while not waits():
            time.sleep(0.02)
        assert store.cancel()
        assert ended.wait(20)
        assert not waits()
