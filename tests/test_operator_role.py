# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Making the role opskit_operator: all of it or nothing, once, and told what came of it."""

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from psycopg import sql

from opskit.db.store import open_store
from opskit.errors import (
    Interrupted,
    JournalMissing,
    LockHeld,
    OpskitError,
    PermissionMissing,
    TableMissing,
    UsageError,
)
from opskit.journal_schema import upgrade
from opskit.models import OperatorRole, Outcome
from opskit.operator_role import check_login, make_role, script
from opskit.settings import Environment
from tests.conftest import Database, Server, environment, new_database
from tests.db import make_journal
from tests.db.installations import MssqlInstallation
from tests.db.journal_sites import MssqlSite, at_once, psql
from tests.db.mssql_server import new_mssql_database

ENTRY = [
    *("actor", "change_set", "client_id", "client_name", "environment", "new_lifetime"),
    *("old_lifetime", "plan_hash", "reason", "reverts", "tool_version"),
]
DAILY = sorted(
    [
        "SELECT on opskit.alembic_version",
        "SELECT on opskit.lifetime_change",
        "UPDATE on opskit.lifetime_change (verification)",
        'UPDATE on public."Clients" ("AccessTokenLifetime")',
        "USAGE on schema opskit",
        "USAGE on schema public",
        *(f"INSERT on opskit.lifetime_change ({column})" for column in ENTRY),
        *(
            f'SELECT on public."Clients" ("{column}")'
            for column in ("AccessTokenLifetime", "ClientId", "ClientName", "Enabled", "Id")
        ),
    ]
)
OPTIONAL = sorted(
    f'SELECT on public."{table}" ("{column}")'
    for table, columns in {
        "Clients": ("RequireClientSecret", "ProtocolType"),
        "ClientSecrets": ("ClientId", "Type", "Value", "Expiration"),
        "ClientGrantTypes": ("ClientId", "GrantType"),
        "ClientScopes": ("ClientId", "Scope"),
    }.items()
    for column in columns
)
ITSELF = "the role opskit_operator"


def drop_role(database: Database) -> None:
    with database.connect() as connection:
        if connection.execute("SELECT to_regrole('opskit_operator')").fetchone() != (None,):
            connection.execute("DROP OWNED BY opskit_operator; DROP ROLE opskit_operator")


@pytest.fixture
def unit(database: Database) -> Iterator[Environment]:
    """An environment with a journal, on a server without the role, and a superuser's login."""
    make_journal(database)
    drop_role(database)
    yield database.environment()
    drop_role(database)


@pytest.fixture
def login(database: Database, unit: Environment) -> Iterator[str]:
    """A login without any right, whose name wants to be quoted."""
    name = f"Öp \"{secrets.token_hex(4)}\" 'x' {{schema}} %s"
    with database.connect() as connection:
        password = sql.Literal(database.server.password)
        create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(create.format(sql.Identifier(name), password))
        yield name
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(name)))


def as_login(database: Database, name: str) -> Environment:
    from urllib.parse import quote

    place = f"127.0.0.1:{database.server.port}/{database.name}"
    return database.environment(database=f"postgresql://{quote(name, safe='')}@{place}")


def made(
    one: Environment, *logins: str, diagnosis: bool = False, dry_run: bool = False
) -> OperatorRole:
    done, errors = make_role([one], logins=logins, diagnosis=diagnosis, dry_run=dry_run)
    assert errors == []
    return done.environments[0]


def refused(one: Environment, *logins: str, lock_timeout: float = 10.0) -> OpskitError:
    done, errors = make_role([one], logins=logins, lock_timeout=lock_timeout)
    assert done.environments == []
    (error,) = errors
    assert error.environment == one.name
    assert error.remedy
    return error


def test_it_adds_what_is_missing_and_says_so(unit: Environment) -> None:
    would = made(unit, dry_run=True)
    assert would == OperatorRole("unit", Outcome.DRY_RUN, sorted([*DAILY, ITSELF]))
    assert made(unit) == OperatorRole("unit", Outcome.CHANGED, would.gained)
    assert made(unit) == OperatorRole("unit", Outcome.UNCHANGED, [])
    assert made(unit, dry_run=True) == OperatorRole("unit", Outcome.UNCHANGED, [])
    assert made(unit, diagnosis=True) == OperatorRole("unit", Outcome.CHANGED, OPTIONAL)
    assert made(unit, diagnosis=True).gained == []


def test_what_was_taken_away_comes_back(unit: Environment, database: Database) -> None:
    made(unit)
    with database.connect() as connection:
        connection.execute('REVOKE SELECT ("Enabled") ON "Clients" FROM opskit_operator')
        connection.execute("REVOKE USAGE ON SCHEMA opskit FROM opskit_operator")
    assert made(unit).gained == ['SELECT on public."Clients" ("Enabled")', "USAGE on schema opskit"]


def test_a_login_gets_it_whatever_its_name(
    unit: Environment, database: Database, login: str
) -> None:
    its_own = as_login(database, login)
    quoted = sql.Identifier(login).as_string()
    assert made(unit, login).gained == sorted([*DAILY, ITSELF, f"the role for {quoted}"])
    assert made(unit, login).gained == []
    with open_store(its_own) as store:
        rights = store.rights()
    assert (rights.may_write, rights.may_journal, rights.may_do_more) == (True, True, False)


def test_what_is_printed_does_the_same(unit: Environment, database: Database, login: str) -> None:
    printed = script("postgresql", [unit], logins=[login], diagnosis=True)
    psql(database, "-q", "-f", "-", stdin=printed.sql)
    assert made(unit, login, diagnosis=True).outcome is Outcome.UNCHANGED


def test_who_may_not_connect_may_then(unit: Environment, database: Database, login: str) -> None:
    its_own = as_login(database, login)
    with database.connect() as connection:
        name = sql.Identifier(database.name)
        connection.execute(sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(name))
    assert f"CONNECT on database {database.name}" in made(unit, login).gained
    with open_store(its_own) as store:
        assert store.clients() == []


def test_clients_in_another_schema(unit: Environment, database: Database) -> None:
    odd = 'is "it" {login} %s'
    with database.connect() as connection:
        rename = sql.SQL("ALTER SCHEMA public RENAME TO {}")
        connection.execute(rename.format(sql.Identifier(odd)))
    error = refused(unit)
    assert isinstance(error, TableMissing)
    assert "there is one in is" in error.message
    other = database.environment(schema=odd)
    assert len(made(other).gained) == len(DAILY) + 1
    psql(database, "-q", "-f", "-", stdin=script("postgresql", [other], diagnosis=True).sql)
    assert made(other, diagnosis=True).gained == []


def test_without_a_journal(database: Database) -> None:
    unit = database.environment()
    error = refused(unit)
    assert isinstance(error, JournalMissing)
    assert error.remedy == "Make the journal first: opskit db upgrade -e unit"
    with pytest.raises(Exception, match="There is no journal yet"):
        psql(database, "-q", "-f", "-", stdin=script("postgresql", [unit]).sql)
    make_journal(database)
    with database.connect() as connection:
        connection.execute("UPDATE opskit.alembic_version SET version_num = '9999'")
    assert refused(unit).code == "journal-newer"


def test_a_login_that_is_not_there_leaves_nothing(unit: Environment, login: str) -> None:
    error = refused(unit, login, "nobody at all")
    assert (type(error), error.code) == (UsageError, "login-unknown")
    assert 'role "nobody at all" does not exist' in error.message
    assert ITSELF in made(unit, dry_run=True).gained


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"])
@pytest.mark.parametrize("name", ["", "a\nb", "a\x00", "a\u202eb", "ö" * 129, "OPSKIT_operator"])
def test_what_is_no_name_of_a_login(name: str, dialect: str) -> None:
    with pytest.raises(UsageError):
        check_login(name, dialect)
    with pytest.raises(UsageError):
        script(dialect, [], logins=[name])


def test_postgresql_shortens_no_name_silently(unit: Environment) -> None:
    assert refused(unit, "ö" * 32).code == "usage"
    check_login("ö" * 31, "postgresql")
    check_login("ö" * 32, "mssql")


def test_without_a_dbas_login(unit: Environment, database: Database, login: str) -> None:
    weak = as_login(database, login)
    error = refused(weak)
    assert isinstance(error, PermissionMissing)
    assert "permission denied" in error.message
    assert "CREATEROLE" in error.remedy
    assert "opskit db role --sql -e unit" in error.remedy


def test_a_grant_that_is_only_a_warning_counts(
    unit: Environment, database: Database, login: str
) -> None:
    """PostgreSQL warns, and goes on, where a login has a right but may not pass it on."""
    made(unit)
    drop = 'REVOKE SELECT ("Enabled") ON "Clients" FROM opskit_operator'
    weak = sql.Identifier(login)
    with database.connect() as connection:
        connection.execute(drop)
        for right in (
            'SELECT ON "Clients", opskit.lifetime_change, opskit.alembic_version',
            "USAGE ON SCHEMA public, opskit",
        ):
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.SQL(right), weak))
    error = refused(as_login(database, login))
    assert isinstance(error, PermissionMissing)
    assert "no privileges were granted" in error.message
    assert made(unit, dry_run=True).gained == ['SELECT on public."Clients" ("Enabled")']


def test_the_owner_of_all_needs_no_superuser(unit: Environment, database: Database) -> None:
    name = f"dba_{secrets.token_hex(4)}"
    dba = sql.Identifier(name)
    with database.connect() as connection:
        password = sql.Literal(database.server.password)
        create = sql.SQL("CREATE ROLE {} LOGIN CREATEROLE PASSWORD {}")
        connection.execute(create.format(dba, password))
        for what in (
            'TABLE "Clients"',
            "SCHEMA public",
            "SCHEMA opskit",
            "TABLE opskit.lifetime_change",
            "TABLE opskit.alembic_version",
        ):
            connection.execute(sql.SQL("ALTER {} OWNER TO {}").format(sql.SQL(what), dba))
        its_own = as_login(database, name)
        assert made(its_own).gained == sorted([*DAILY, ITSELF])
        assert made(its_own).outcome is Outcome.UNCHANGED
        connection.execute(sql.SQL("REASSIGN OWNED BY {0} TO postgres").format(dba))
        drop_role(database)
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(dba))


def test_it_waits_for_a_change_only_so_long(unit: Environment) -> None:
    with open_store(unit) as store, store.change():
        assert isinstance(refused(unit, lock_timeout=0.1), LockHeld)
    assert made(unit).outcome is Outcome.CHANGED


def test_no_is_an_answer_and_is_asked_only_where_something_is_missing(unit: Environment) -> None:
    def refuse(environment: Environment) -> None:
        raise Interrupted("Not confirmed.", environment=environment.name)

    done, errors = make_role([unit, unit], confirm=refuse)
    assert (done.environments, [error.code for error in errors]) == ([], ["interrupted"])
    assert made(unit).outcome is Outcome.CHANGED
    assert make_role([unit], confirm=refuse)[1] == []


def test_one_that_fails_does_not_hide_the_others(unit: Environment, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    without = environment(tmp_path / "without", identity="http://127.0.0.1:1")
    done, errors = make_role([without, unit])
    assert [one.environment for one in done.environments] == ["unit"]
    assert [error.code for error in errors] == ["config"]


def test_two_databases_of_a_server_at_once(
    unit: Environment, server: Server, template: str, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    with new_database(server, template, folder) as other:
        make_journal(other)
        queue = [unit, other.environment()]
        gained = [set(one.gained) for one in at_once(lambda: made(queue.pop()), times=2)]
    # The role is the server's: one of them made it, the other may have found it.
    assert all(set(DAILY) <= one for one in gained)
    assert ITSELF in set.union(*gained)


def test_schemas_that_differ_get_scripts_of_their_own(tmp_path: Path) -> None:
    config: Sequence[Environment] = [
        environment(tmp_path, database="postgresql://h/d", schema=schema) for schema in ("a", "b")
    ]
    with pytest.raises(UsageError, match="different schemas"):
        script("postgresql", config)
    assert 'ON "a"."Clients"' in script("postgresql", config[:1]).sql


# SQL Server


@pytest.fixture
def mssql(mssql_server: str, tmp_path: Path) -> Iterator[tuple[MssqlSite, str, str]]:
    """A database with a journal, and a login without a user there, with its password."""
    name, password = f"op é' {secrets.token_hex(6)}", f"Aa1!{secrets.token_hex(12)}"
    quoted = "[" + name.replace("]", "]]") + "]"
    with new_mssql_database(mssql_server, tmp_path) as database:
        site = MssqlSite(database)
        MssqlInstallation(database).add_client("A1", "Data Mart Sync", 3600)
        assert upgrade([site.environment()])[1] == []
        site.query(f"CREATE LOGIN {quoted} WITH PASSWORD = '{password}'")
        try:
            yield site, name, password
            site.query(f"DROP USER IF EXISTS {quoted}")
        finally:
            site.query(f"DROP LOGIN {quoted}")


def test_on_sql_server(mssql: tuple[MssqlSite, str, str], tmp_path: Path) -> None:
    site, name, password = mssql
    unit = site.environment()
    assert refused(unit, name, "nobody at all").code == "login-unknown"
    would = made(unit, name, dry_run=True)
    assert would.outcome is Outcome.DRY_RUN
    assert {ITSELF, f"the role for {name}"} <= set(would.gained)
    assert made(unit, name).gained == would.gained
    assert made(unit, name).outcome is Outcome.UNCHANGED
    made(unit, diagnosis=True)
    folder = tmp_path / "its-own"
    folder.mkdir()
    its_own = site.environment_for(name, "{" + password + "}", folder)
    with open_store(its_own) as store:
        rights = store.rights()
        assert (rights.may_write, rights.may_journal, rights.may_do_more) == (True, True, False)
        assert store.client_details("A1", ("", "")).unread == []
    # With a login to give it to, because Babelfish lets a GRANT without the right to it pass.
    error = refused(its_own, name)
    assert isinstance(error, PermissionMissing)
    assert "db_owner" in error.remedy
    site.run(script("mssql", [unit], logins=[name], diagnosis=True).sql)
    assert made(unit, name, diagnosis=True).outcome is Outcome.UNCHANGED
