# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit db``, in processes of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.journal_schema import REVISION, upgrade
from tests.cli.conftest import (
    assert_error_is_said,
    posix_only,
    run,
    run_at_terminal,
    run_both,
)
from tests.cli.test_startup import PROGRAM, modules_of
from tests.conftest import Database, Sandbox
from tests.db.journal_sites import psql

UP, DOWN = ("db", "upgrade"), ("db", "downgrade")


@pytest.fixture
def config(database: Database) -> Path:
    database.environment()
    return database.folder / "opskit.toml"


@pytest.fixture
def protected(database: Database) -> Path:
    database.environment(protected=True)
    return database.folder / "opskit.toml"


@pytest.fixture
def own_sandbox(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox, whose journals are put back afterwards."""
    yield sandbox
    names = ("dev", "test", "prod")
    assert upgrade([sandbox.environment(name) for name in names])[1] == []


def test_there_and_back_in_the_sandbox(own_sandbox: Sandbox) -> None:
    config = own_sandbox.config
    for ran in run_both("db", "current", config=config):
        assert (ran.code, ran.out.count(REVISION)) == (0, 3 if "{" not in ran.out else 6)
    ran = run(*DOWN, "-e", "dev", "-e", "test", "--yes", config=config)
    assert ran.out.splitlines()[0].startswith("dev  journal removed, with ")
    assert (ran.code, len(ran.out.splitlines())) == (0, 2)
    ran = run("db", "current", "-e", "dev", config=config)
    assert "no journal: opskit db upgrade -e dev" in ran.out
    ran = run(*UP, "--all-envs", "--yes", "-o", "json", config=config)
    assert ran.json()["data"]["environments"] == [
        {"environment": "dev", "before": None, "after": REVISION, "removed": 0},
        {"environment": "test", "before": None, "after": REVISION, "removed": 0},
        {"environment": "prod", "before": REVISION, "after": REVISION, "removed": 0},
    ]


def test_the_role_of_the_sandbox_keeps_its_journal_only(untouched: Sandbox) -> None:
    ran = run("doctor", "-e", "dev", "-o", "json", config=untouched.config)
    checks = {c["id"]: c["status"] for c in ran.json()["data"]["environments"][0]["checks"]}
    assert checks["database.least_privilege"] == "pass"


@pytest.mark.parametrize("command", [UP, DOWN])
def test_a_write_wants_to_be_told_where(command: tuple[str, str], config: Path) -> None:
    ran = run(*command, config=config)
    assert ran.code == 2
    assert_error_is_said(ran)
    assert "--all-envs" in ran.err


def test_upgrade_asks_nothing_where_nothing_is_protected(config: Path) -> None:
    ran = run(*UP, "-e", "unit", config=config)
    assert (ran.code, ran.out) == (0, f"unit  journal made, at {REVISION}\n")
    ran = run(*UP, "-e", "unit", config=config)
    assert (ran.code, ran.out) == (0, f"unit  up to date, at {REVISION}: nothing to do\n")


def test_protected_and_no_terminal(protected: Path) -> None:
    for command in (UP, DOWN):
        ran = run(*command, "-e", "unit", config=protected)
        assert ran.code == 2
        assert_error_is_said(ran)
        assert "unit" in ran.err
        assert "--yes" in ran.err
        assert run(*command, "-e", "unit", "-o", "json", config=protected).error_codes() == [
            "protected"
        ]
    assert run(*UP, "-e", "unit", "-y", config=protected).code == 0


def test_downgrade_asks_everywhere(config: Path) -> None:
    run(*UP, "-e", "unit", config=config)
    ran = run(*DOWN, "-e", "unit", config=config)
    assert ran.code == 2
    assert "would lose all records" in ran.err
    assert REVISION in run("db", "current", config=config).out
    ran = run(*DOWN, "-e", "unit", "--yes", config=config)
    assert (ran.code, ran.out) == (0, "unit  journal removed, with 0 records\n")


@posix_only
def test_at_a_terminal(protected: Path, database: Database) -> None:
    ran = run_at_terminal(*UP, "-e", "unit", config=protected, answer="n\n")
    assert ran.code == 130
    assert "unit is protected. Make or update its journal?" in ran.out
    assert "Nothing was written." in ran.out
    assert run_at_terminal(*UP, "-e", "unit", config=protected, answer="y\n").code == 0
    psql(
        database,
        "-c",
        "INSERT INTO opskit.lifetime_change (change_set, environment, client_id, old_lifetime,"
        " new_lifetime, actor, tool_version) VALUES ('c', 'unit', 'A1', 1, 2, 'me', '0')",
    )
    ran = run_at_terminal(*DOWN, "-e", "unit", config=protected, answer="n\n")
    assert ran.code == 130
    assert "Remove the journal of unit with its 1 record?" in ran.out
    ran = run_at_terminal(*DOWN, "-e", "unit", config=protected, answer="y\n")
    assert ran.code == 0
    assert "journal removed, with 1 record" in ran.out


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"])
@pytest.mark.parametrize("command", [UP, DOWN])
def test_the_script_needs_no_configuration(
    command: tuple[str, str], dialect: str, tmp_path: Path
) -> None:
    ran = run(*command, "--sql", "--dialect", dialect, cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("-- opskit ")
    as_json = run(*command, "--sql", "--dialect", dialect, "-o", "json", cwd=tmp_path)
    data = as_json.json()["data"]
    assert data == {"dialect": dialect, "sql": ran.out}


def test_a_dba_runs_what_is_printed(config: Path, database: Database) -> None:
    ran = run(*UP, "--sql", "-e", "unit", config=config)
    psql(database, "-q", "-f", "-", stdin=ran.out)
    assert f"unit          {REVISION}" in run("db", "current", config=config).out
    psql(database, "-q", "-f", "-", stdin=run(*DOWN, "--sql", "-e", "unit", config=config).out)
    assert "no journal" in run("db", "current", config=config).out


@posix_only
def test_a_narrow_terminal_does_not_break_the_script(config: Path) -> None:
    ran = run_at_terminal(*UP, "--sql", "-e", "unit", config=config, columns=40)
    piped = run(*UP, "--sql", "-e", "unit", config=config)
    assert ran.out == piped.out


def test_which_dialect(config: Path, tmp_path: Path) -> None:
    ran = run(*UP, "--sql", config=config)
    assert ran.code == 2
    assert "--dialect postgresql" in ran.err
    ran = run(*UP, "--dialect", "mssql", cwd=tmp_path)
    assert ran.code == 2
    assert "Add --sql" in ran.err


def test_a_newer_journal(config: Path, database: Database) -> None:
    run(*UP, "-e", "unit", config=config)
    psql(database, "-c", "UPDATE opskit.alembic_version SET version_num = '9999'")
    ran = run(*UP, "-e", "unit", "-o", "json", config=config)
    assert (ran.code, ran.error_codes()) == (2, ["journal-newer"])
    assert "update opskit" in run("db", "current", config=config).out


def test_history_needs_nothing(tmp_path: Path) -> None:
    ran = run("db", "history", cwd=tmp_path)
    assert ran.code == 0
    assert REVISION in ran.out


def test_only_migrations_import_alembic(config: Path) -> None:
    heavy = {"alembic", "sqlalchemy", "mako"}
    assert not {"psycopg", *heavy} & modules_of(PROGRAM, "db", "upgrade", "--help")
    assert not heavy & modules_of(PROGRAM, "db", "current", config=config)
    assert {"alembic"} <= modules_of(PROGRAM, "db", "history")
    script = modules_of(PROGRAM, "db", "upgrade", "--sql", "--dialect", "mssql")
    assert not {"psycopg", "pyodbc"} & script
