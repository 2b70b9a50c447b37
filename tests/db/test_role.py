# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The role that a DBA makes for opskit's login is enough for everything, and for nothing else."""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pyodbc
import pytest
from psycopg import errors, sql

from opskit.db.journal_script import upgrade_script
from opskit.db.mssql import open_connection
from opskit.db.store import Rights, open_store
from opskit.diagnosis.refusals import name_cause
from opskit.doctor import examine
from opskit.explain import finding
from opskit.export.role import role_script
from opskit.journal_schema import REVISION, upgrade
from opskit.models import Change, ChangeRecord, Finding, JournalMigration, Status, Verification
from opskit.secrets import Secret, SecretRef
from opskit.settings import Environment, KnownClient
from tests.cli.conftest import run
from tests.conftest import Database
from tests.db.installations import MssqlInstallation
from tests.db.journal_sites import MssqlSite, psql
from tests.db.mssql_server import new_mssql_database

ROOT = Path(__file__).parents[2]
CHANGE = Change("A1", "Data Mart Sync", 3600, 1800)
RECORD = ChangeRecord("c1", "unit", "me", "a reason", "0.0", plan_hash="h")


@dataclass(frozen=True)
class Operator:
    """A login that has the role and nothing else."""

    database: Database
    name: str = field(default_factory=lambda: f"operator_{secrets.token_hex(6)}")

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.database.conninfo, user=self.name, autocommit=True)

    def environment(self, **settings: object) -> Environment:
        address = f"127.0.0.1:{self.database.server.port}/{self.database.name}"
        return self.database.environment(database=f"postgresql://{self.name}@{address}", **settings)


@pytest.fixture
def operator(database: Database) -> Iterator[Operator]:
    """The login, in a database with a journal and the client A1 (3600 s)."""
    database.add_client("A1", "Data Mart Sync", 3600)
    psql(database, "-q", "-f", "-", stdin=upgrade_script("postgresql"))
    for _ in range(2):  # it is safe to run again
        psql(database, "-q", "-f", "-", stdin=role_script("postgresql", None, [], diagnosis=False))
    operator = Operator(database)
    login = sql.Identifier(operator.name)
    password = sql.Literal(database.server.password)
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(login, password))
        connection.execute(sql.SQL("GRANT opskit_operator TO {}").format(login))
        yield operator
        connection.execute("DROP OWNED BY opskit_operator")
        connection.execute(sql.SQL("DROP ROLE {}").format(login))


def journalled(environment: Environment) -> None:
    with open_store(environment) as store:
        with store.change() as transaction:
            assert transaction.lock_clients([CHANGE]) == {"A1": 3600}
            assert transaction.write([CHANGE]) == {"A1"}
            transaction.record(RECORD, [CHANGE])
        store.record_verification("c1", {"A1": Verification.PROVED})


def test_it_is_enough_for_all_that_the_store_does(operator: Operator) -> None:
    journalled(operator.environment())
    with open_store(operator.environment()) as store:
        assert [client.lifetime for client in store.clients()] == [1800]
        assert store.lifetimes(["A1"]) == {"A1": 1800}
        assert store.journal_revision() == REVISION
        (entry,) = store.journal()
        assert (entry.login, entry.actor, entry.verification) == (
            operator.name,
            "me",
            Verification.PROVED,
        )
        assert store.rights() == Rights(
            may_read=True,
            may_read_names=True,
            may_write=True,
            may_do_more=False,
            may_journal=True,
        )


def test_it_is_enough_for_the_commands(operator: Operator) -> None:
    operator.environment()
    config = operator.database.folder / "opskit.toml"
    for arguments in (
        ["lifetime", "list"],
        ["lifetime", "set", "A1", "30m", "-e", "unit", "--no-verify"],
        ["db", "current"],
        ["db", "upgrade", "-e", "unit"],
    ):
        ran = run(*arguments, "-o", "json", config=config)
        assert ran.json()["ok"], ran.all
    ran = run("doctor", "-o", "json", config=config)
    (report,) = ran.json()["data"]["environments"]
    statuses = {check["id"]: check["status"] for check in report["checks"]}
    of_the_database = {i: s for i, s in statuses.items() if i.startswith("database.")}
    assert of_the_database.pop("database.diagnosis") == "skipped"
    assert {"database.login", "database.read", "database.write"} <= set(of_the_database)
    assert set(of_the_database.values()) == {"pass"}


def test_it_sees_that_there_is_nothing_to_upgrade(operator: Operator) -> None:
    done = upgrade([operator.environment()])
    assert done[0].environments == [JournalMigration("unit", REVISION, REVISION)]
    assert done[1] == []


ENTRY = "change_set, environment, client_id, old_lifetime, new_lifetime, actor, tool_version"
VALUES = "'c2', 'unit', 'A1', 1, 2, 'me', '0'"
FORGED_ID = (
    f"INSERT INTO opskit.lifetime_change (id, {ENTRY}) OVERRIDING SYSTEM VALUE VALUES (7, {VALUES})"
)


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "Clients" SET "ClientName" = \'x\'',
        'UPDATE "Clients" SET "Enabled" = false',
        'UPDATE "Clients" SET "ClientId" = \'x\'',
        'SELECT "Description" FROM "Clients"',
        'SELECT * FROM "Clients"',
        'SELECT "Value" FROM "ClientSecrets"',
        'SELECT * FROM "__EFMigrationsHistory"',
        'INSERT INTO "Clients" ("ClientId") VALUES (\'x\')',
        'DELETE FROM "Clients"',
        'TRUNCATE "Clients" CASCADE',
        'DROP TABLE "Clients"',
        "UPDATE opskit.lifetime_change SET actor = 'somebody'",
        "UPDATE opskit.lifetime_change SET new_lifetime = 1",
        "UPDATE opskit.lifetime_change SET login = 'somebody'",
        "DELETE FROM opskit.lifetime_change",
        "TRUNCATE opskit.lifetime_change",
        f"INSERT INTO opskit.lifetime_change ({ENTRY}, login) VALUES ({VALUES}, 'somebody')",
        f"INSERT INTO opskit.lifetime_change ({ENTRY}, changed_at) VALUES ({VALUES}, now())",
        f"INSERT INTO opskit.lifetime_change ({ENTRY}, verification) VALUES ({VALUES}, 'proved')",
        FORGED_ID,
        "DROP TABLE opskit.lifetime_change",
        "UPDATE opskit.alembic_version SET version_num = '9999'",
        "DELETE FROM opskit.alembic_version",
        "CREATE TABLE opskit.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
    ],
)
def test_it_is_enough_for_nothing_else(operator: Operator, statement: str) -> None:
    with operator.connect() as connection:
        connection.execute(f"INSERT INTO opskit.lifetime_change ({ENTRY}) VALUES ({VALUES})")
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_it_holds_no_password_and_no_login(operator: Operator) -> None:
    with operator.database.connect() as connection:
        query = "SELECT rolcanlogin, rolinherit, rolcreatedb FROM pg_roles WHERE rolname = %s"
        assert connection.execute(query, ("opskit_operator",)).fetchone() == (False, True, False)


@pytest.mark.parametrize("engine", ["postgresql", "mssql"])
def test_every_right_is_in_the_script(engine: str) -> None:
    """The columns that opskit's own statement names are the ones that the role may fill."""
    script = role_script(engine, None, ["opskit"], diagnosis=False)
    assert "PASSWORD" not in script
    assert "ClientSecrets" not in script
    if engine == "postgresql":
        insert = (ROOT / "sql" / engine / "insert_journal.sql").read_text("utf-8")
        columns = insert.partition("(")[2].partition(")")[0].split()
        granted = script.partition("INSERT (")[2].partition(")")[0].split()
        assert columns == granted


REFUSED = finding("invalid-client", "400 invalid_client for client A1")
UNREAD = (
    "Clients.RequireClientSecret, Clients.ProtocolType, ClientSecrets, ClientGrantTypes, "
    "ClientScopes"
)
ASKED = KnownClient("A1", SecretRef(env="UNUSED"))


def cause(where: Environment) -> Finding:
    return asyncio.run(name_cause(where, ASKED, Secret("secret-of-A1"), REFUSED))


def test_without_the_optional_block_a_refusal_is_explained_as_far_as_it_goes(
    operator: Operator,
) -> None:
    found = cause(operator.environment())
    assert found.id == "invalid-client"
    assert found.evidence == (
        "Clients: Data Mart Sync, enabled, AccessTokenLifetime 3600 s.",
        f"Not readable with this login: {UNREAD}; see opskit db role --diagnosis.",
    )
    with operator.database.connect() as connection:
        connection.execute('UPDATE "Clients" SET "AccessTokenLifetime" = 0')
    assert cause(operator.environment()).id == "lifetime-not-positive"


def test_the_optional_block_is_enough_to_explain_a_refusal(operator: Operator) -> None:
    script = role_script("postgresql", None, [], diagnosis=True)
    psql(operator.database, "-q", "-f", "-", stdin=script)
    found = cause(operator.environment())
    assert found.id == "client-sound"
    assert not any("Not readable" in words for words in found.evidence)
    report = asyncio.run(examine(operator.environment()))
    (check,) = (one for one in report.checks if one.id == "database.diagnosis")
    assert check.status is Status.PASS
    with operator.connect() as connection:
        for forbidden in (
            'SELECT "Description" FROM "ClientSecrets"',
            'SELECT "Description" FROM "Clients"',
            'UPDATE "ClientSecrets" SET "Expiration" = NULL',
            'DELETE FROM "ClientScopes"',
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(forbidden.encode())


# SQL Server


@pytest.fixture
def mssql(mssql_server: str, tmp_path: Path) -> Iterator[tuple[MssqlSite, Environment]]:
    """A database, and an environment whose login has the role there and nothing else."""
    name, password = f"operator_{secrets.token_hex(6)}", f"Aa1!{secrets.token_hex(12)}"
    folder = tmp_path / "operator"
    folder.mkdir()
    with new_mssql_database(mssql_server, tmp_path) as database:
        site, installation = MssqlSite(database), MssqlInstallation(database)
        installation.add_client("A1", "Data Mart Sync", 3600)
        site.run(upgrade_script("mssql"))
        for _ in range(2):
            site.run(role_script("mssql", None, [], diagnosis=False))
        site.query(f"CREATE LOGIN {name} WITH PASSWORD = '{password}'")
        try:
            site.query(f"CREATE USER {name} FOR LOGIN {name}")
            site.query(f"ALTER ROLE opskit_operator ADD MEMBER {name}")
            yield site, site.environment_for(name, password, folder)
            site.query(f"DROP USER {name}")
        finally:
            site.query(f"DROP LOGIN {name}")


REFUSED_ON_SQL_SERVER = [
    "UPDATE [dbo].[Clients] SET [ClientName] = N'x'",
    "UPDATE [dbo].[Clients] SET [Enabled] = 0",
    "SELECT [Description] FROM [dbo].[Clients]",
    "SELECT [Value] FROM [dbo].[ClientSecrets]",
    "INSERT INTO [dbo].[Clients] ([ClientId], [AccessTokenLifetime]) VALUES (N'x', 1)",
    "DELETE FROM [dbo].[Clients]",
    "TRUNCATE TABLE [dbo].[Clients]",
    "DROP TABLE [dbo].[Clients]",
    "UPDATE opskit.lifetime_change SET actor = 'somebody'",
    "DELETE FROM opskit.lifetime_change",
    "TRUNCATE TABLE opskit.lifetime_change",
    "DROP TABLE opskit.lifetime_change",
    "UPDATE opskit.alembic_version SET version_num = '9999'",
    "DELETE FROM opskit.alembic_version",
    "CREATE TABLE opskit.mine (x int)",
    "CREATE TABLE dbo.mine (x int)",
    "CREATE SCHEMA mine",
]


def test_on_sql_server(mssql: tuple[MssqlSite, Environment]) -> None:
    site, where = mssql
    journalled(where)
    with open_store(where) as store:
        assert [client.name for client in store.clients()] == ["Data Mart Sync"]
        assert store.journal_revision() == REVISION
        (entry,) = store.journal()
        assert entry.login.startswith("operator_")
        assert entry.verification is Verification.PROVED
        assert store.rights() == Rights(
            may_read=True,
            may_read_names=True,
            may_write=True,
            may_do_more=False,
            may_journal=True,
        )
    assert upgrade([where])[1] == []
    for arguments in (["lifetime", "list"], ["db", "current"], ["doctor"]):
        ran = run(*arguments, "-o", "json", config=where.folder / "opskit.toml")
        assert ran.json()["ok"], ran.all
    found = cause(where)
    assert found.id == "invalid-client"
    assert f"{UNREAD}; see opskit db role" in found.evidence[-1]
    with closing(open_connection(where, where.require("database"))) as connection:
        for statement in REFUSED_ON_SQL_SERVER:
            with pytest.raises(pyodbc.Error, match=r"permission|denied|must be owner"):
                connection.execute(statement)
    site.run(role_script("mssql", None, [], diagnosis=True))
    found = cause(where)
    assert found.id == "grant-missing"
    assert "ClientSecrets: no row." in found.evidence
    assert not any("Not readable" in words for words in found.evidence)
