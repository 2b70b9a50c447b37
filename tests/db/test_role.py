# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The role that a DBA makes for opskit's login is enough for everything, and for nothing else."""

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from opskit.db.store import Rights, open_store
from opskit.diagnosis.refusals import name_cause
from opskit.errors import OpskitError
from opskit.explain import finding
from opskit.export.role import role_script
from opskit.models import Finding
from opskit.secrets import Secret
from tests.cli.conftest import Ran, run
from tests.db.operators import CLIENT, Operator, mssql_operator, postgresql_operator

ROOT = Path(__file__).parents[2]
LIFETIMES = '[[clients]]\nclient = "Data Mart Sync"\nlifetime = "30m"\n'


@pytest.fixture(scope="module", params=["postgresql", "mssql"])
def login(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operator]:
    """The login, on each engine, for all tests of this module."""
    folder = tmp_path_factory.mktemp("operator")
    if request.param == "postgresql":
        server, template = request.getfixturevalue("server"), request.getfixturevalue("template")
        made = postgresql_operator(server, template, folder)
    else:
        made = mssql_operator(request.getfixturevalue("mssql_server"), folder)
    with made as operator:
        (operator.config.parent / "lifetimes.toml").write_text(LIFETIMES, "utf-8")
        yield operator


@pytest.fixture
def operator(login: Operator) -> Operator:
    """The login, with the client at 3600 s and an empty journal."""
    login.prepare()
    return login


def opskit(operator: Operator, *arguments: str) -> Ran:
    return run(*arguments, config=operator.config, cwd=operator.config.parent)


def succeeded(operator: Operator, *arguments: str) -> Any:
    """Run a command that must find all well; return its data."""
    ran = opskit(operator, *arguments, "-o", "json")
    assert ran.code == 0, ran.all
    return ran.json()["data"]


def lifetime(operator: Operator) -> int:
    with open_store(operator.environment) as store:
        return store.lifetimes([CLIENT])[CLIENT]


def test_it_is_enough_to_change_prove_tell_and_undo(operator: Operator) -> None:
    def done(data: Any) -> tuple[str, str]:
        (change_set,) = data["change_sets"]
        assert {check["status"] for check in change_set["checks"]} == {"pass"}
        return change_set["outcome"], change_set["id"]

    change = ("lifetime", "set", CLIENT, "20m", "-e", "unit")
    (tried,) = succeeded(operator, *change, "--dry-run")["change_sets"]
    assert (tried["outcome"], lifetime(operator)) == ("dry-run", 3600)
    outcome, change_set = done(succeeded(operator, *change))
    assert (outcome, lifetime(operator)) == ("changed", 1200)
    done(succeeded(operator, "revert", change_set))
    assert lifetime(operator) == 3600

    plan = succeeded(operator, "plan", "--out", "plan.json")
    (script,) = succeeded(operator, "export", "sql", "plan.json", "--out-dir", "sql")["scripts"]
    assert plan["hash"] in (operator.config.parent / script["path"]).read_text("utf-8")
    applied = succeeded(operator, "apply", "plan.json", "--smoke")
    done(applied)
    assert {check["status"] for one in applied["smoke"] for check in one["checks"]} == {"pass"}
    assert lifetime(operator) == 1800
    done(succeeded(operator, "revert", "--plan", plan["hash"]))
    assert lifetime(operator) == 3600

    entries = succeeded(operator, "history")["entries"]
    assert [(entry["old"], entry["new"]) for entry in reversed(entries)] == [
        *((3600, 1200), (1200, 3600)),
        *((3600, 1800), (1800, 3600)),
    ]
    assert {(entry["login"], entry["verification"]) for entry in entries} == {
        (operator.name, "proved")
    }


def test_it_is_enough_to_look_and_to_check(operator: Operator) -> None:
    (listed,) = succeeded(operator, "lifetime", "list")["environments"]
    assert [client["name"] for client in listed["clients"]] == ["Data Mart Sync"]
    for command in ("verify", "smoke"):
        (report,) = succeeded(operator, command)["environments"]
        assert not {check["status"] for check in report["checks"]} & {"fail", "skipped"}
    (report,) = succeeded(operator, "doctor")["environments"]
    statuses = {check["id"]: check["status"] for check in report["checks"]}
    assert statuses.pop("database.diagnosis") in {"skipped", "pass"}
    assert {"database.login", "database.read", "database.write"} <= set(statuses)
    assert set(statuses.values()) == {"pass"}
    with open_store(operator.environment) as store:
        assert store.rights() == Rights(
            may_read=True,
            may_read_names=True,
            may_write=True,
            may_do_more=False,
            may_journal=True,
        )


def test_it_sees_the_journal_and_cannot_make_or_remove_it(operator: Operator) -> None:
    upgrade = ("db", "upgrade", "-e", "unit")
    (done,) = succeeded(operator, *upgrade)["environments"]
    assert done["before"] == done["after"] is not None
    assert succeeded(operator, "db", "current")["environments"][0]["status"] == "current"
    _refused(operator, "db", "downgrade", remedy="opskit db downgrade --sql -e unit")
    _refused(operator, "db", "role", "--diagnosis", remedy="opskit db role --sql -e unit")
    operator.remove_journal()
    try:
        assert succeeded(operator, "db", "current")["environments"][0]["status"] == "missing"
        _refused(operator, "db", "upgrade", remedy="opskit db upgrade --sql -e unit")
        ran = opskit(operator, "lifetime", "set", CLIENT, "20m", "-e", "unit", "-o", "json")
        assert ran.error_codes() == ["journal-missing"]
        assert lifetime(operator) == 3600
    finally:
        operator.make_journal()


def _refused(operator: Operator, *command: str, remedy: str) -> None:
    """Run a command that lacks a right, and is told how a DBA does the same."""
    ran = opskit(operator, *command, "-e", "unit", "--yes", "-o", "json")
    assert ran.code == 3, ran.all
    (error,) = ran.json()["errors"]
    assert error["code"] == "permission-missing"
    assert remedy in error["remedy"]


# What belongs to a DBA, as each engine writes it. All of it works for one, or proves nothing.

_ENTRY = "change_set, environment, client_id, old_lifetime, new_lifetime, actor, tool_version"
_VALUES = "'c2', 'unit', 'A1', 1, 2, 'me', '0'"
_MADE = f"INSERT INTO opskit.lifetime_change ({_ENTRY}) VALUES ({_VALUES})"

_FORGED_ID = (
    f"INSERT INTO opskit.lifetime_change (id, {_ENTRY}) OVERRIDING SYSTEM VALUE "
    f"VALUES (7, {_VALUES})"
)

FORBIDDEN = [
    'UPDATE "Clients" SET "ClientName" = \'x\'',
    'UPDATE "Clients" SET "ClientId" = \'x\'',
    'UPDATE "Clients" SET "Description" = \'x\'',
    'UPDATE "Clients" SET "AccessTokenLifetime" = 1, "IdentityTokenLifetime" = 1',
    'DELETE FROM "Clients"',
    'DROP TABLE "ClientSecrets"',
    *(
        statement
        for table, column in {
            "ClientSecrets": "Value",
            "ClientScopes": "Scope",
            "ClientGrantTypes": "GrantType",
        }.items()
        for statement in (
            f'SELECT "{column}" FROM "{table}"',
            f'UPDATE "{table}" SET "{column}" = \'x\'',
            f'DELETE FROM "{table}"',
            f'TRUNCATE TABLE "{table}"',
        )
    ),
    'INSERT INTO "ClientScopes" ("ClientId", "Scope") SELECT "Id", \'x\' FROM "Clients"',
    'INSERT INTO "ClientGrantTypes" ("ClientId", "GrantType") SELECT "Id", \'x\' FROM "Clients"',
    'SELECT "Description" FROM "Clients"',
    'SELECT * FROM "Clients"',
    'SELECT * FROM "__EFMigrationsHistory"',
    "INSERT INTO \"__EFMigrationsHistory\" VALUES ('x', 'x')",
    'UPDATE "__EFMigrationsHistory" SET "ProductVersion" = \'x\'',
    'DELETE FROM "__EFMigrationsHistory"',
    "UPDATE opskit.lifetime_change SET actor = 'somebody'",
    "UPDATE opskit.lifetime_change SET new_lifetime = 1",
    "UPDATE opskit.lifetime_change SET login = 'somebody'",
    "DELETE FROM opskit.lifetime_change",
    "TRUNCATE TABLE opskit.lifetime_change",
    "DROP TABLE opskit.lifetime_change",
    "UPDATE opskit.alembic_version SET version_num = '9999'",
    "DELETE FROM opskit.alembic_version",
    "INSERT INTO opskit.alembic_version VALUES ('9999')",
    "CREATE TABLE opskit.mine (x int)",
    "CREATE SCHEMA mine",
]
ONLY = {
    "postgresql": [
        'INSERT INTO "Clients" SELECT * FROM "Clients" WHERE false',
        'INSERT INTO "ClientSecrets" SELECT * FROM "ClientSecrets" WHERE false',
        'TRUNCATE "Clients" CASCADE',
        'ALTER TABLE "Clients" ADD COLUMN x int',
        f"INSERT INTO opskit.lifetime_change ({_ENTRY}, login) VALUES ({_VALUES}, 'somebody')",
        f"INSERT INTO opskit.lifetime_change ({_ENTRY}, changed_at) VALUES ({_VALUES}, now())",
        f"INSERT INTO opskit.lifetime_change ({_ENTRY}, verification) VALUES ({_VALUES}, 'proved')",
        _FORGED_ID,
        "CREATE TABLE public.mine (x int)",
        "CREATE ROLE mine",
    ],
    "mssql": [
        "INSERT INTO [Clients] ([ClientId]) VALUES (N'x')",
        "INSERT INTO [ClientSecrets] ([Value], [Type], [ClientId]) VALUES (N'x', N'x', 1)",
        "ALTER TABLE [Clients] ADD [x] int NULL",
        "CREATE TABLE dbo.mine (x int)",
        "CREATE ROLE mine",
    ],
}


def test_it_is_enough_for_nothing_else(operator: Operator) -> None:
    statements = (*FORBIDDEN, *ONLY[operator.site.dialect])
    with operator.session() as execute:
        execute(_MADE)
        before = _content(operator)
        for statement in statements:
            operator.site.rolled_back(statement)
        _all_refused(execute, *statements)
    assert _content(operator) == before


def _all_refused(execute: Callable[[str], None], *statements: str) -> None:
    def answer(statement: str) -> str:
        try:
            execute(statement)
        except OpskitError as error:
            return error.message
        return "done"

    answers = {statement: answer(statement) for statement in statements}
    refused = [s for s, words in answers.items() if re.search("permission|must be owner", words)]
    assert refused == list(statements), answers


def _content(operator: Operator) -> Sequence[object]:
    """Return which tables there are, and all that lies in them."""
    query = operator.site.query
    tables = query(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_schema IN ('public', 'dbo', 'opskit') ORDER BY 1, 2"
    )
    rows = [query(f'SELECT * FROM "{schema}"."{name}"') for schema, name in tables]
    return [tables, *(sorted(map(repr, content)) for content in rows)]


REFUSED = finding("invalid-client", "400 invalid_client for client A1")
UNREAD = (
    "Clients.RequireClientSecret, Clients.ProtocolType, ClientSecrets, ClientGrantTypes, "
    "ClientScopes"
)


def cause(operator: Operator) -> Finding:
    where = operator.environment
    secret = Secret("secret-of-A1")
    return asyncio.run(name_cause(where, where.require_client(), secret, REFUSED))


def test_the_optional_block_is_enough_to_explain_a_refusal(operator: Operator) -> None:
    found = cause(operator)
    assert found.id == "invalid-client"
    assert found.evidence == (
        "Clients: Data Mart Sync, enabled, AccessTokenLifetime 3600 s.",
        f"Not readable with this login: {UNREAD}; see opskit db role --diagnosis.",
    )
    operator.site.query('UPDATE "Clients" SET "AccessTokenLifetime" = 0')
    assert cause(operator).id == "lifetime-not-positive"

    operator.fill()
    operator.allow_diagnosis()
    found = cause(operator)
    assert found.id == "client-sound"
    assert not any("Not readable" in words for words in found.evidence)
    (report,) = succeeded(operator, "doctor")["environments"]
    assert {check["status"] for check in report["checks"]} == {"pass"}
    operator.site.query('DELETE FROM "ClientGrantTypes"')
    (smoked,) = opskit(operator, "smoke", "-o", "json").json()["data"]["environments"]
    assert smoked["checks"][0]["finding"]["id"] == "grant-missing"
    with operator.session() as execute:
        _all_refused(
            execute,
            'SELECT "Description" FROM "ClientSecrets"',
            'SELECT "Description" FROM "Clients"',
            'UPDATE "ClientSecrets" SET "Expiration" = NULL',
            'DELETE FROM "ClientScopes"',
        )


def test_nobody_can_log_in_with_the_role_itself(operator: Operator) -> None:
    if operator.site.dialect == "mssql":
        query = "SELECT type FROM sys.database_principals WHERE name = 'opskit_operator'"
        assert operator.site.query(query) == [("R",)]
    else:
        query = (
            "SELECT rolcanlogin, rolinherit, rolcreatedb FROM pg_roles "
            "WHERE rolname = 'opskit_operator'"
        )
        assert operator.site.query(query) == [(False, True, False)]


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
