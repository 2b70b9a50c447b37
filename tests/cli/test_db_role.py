# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit db role``, in processes of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import assert_error_is_said, posix_only, run, run_at_terminal
from tests.cli.test_startup import PROGRAM, modules_of
from tests.conftest import Database
from tests.db import make_journal
from tests.db.journal_sites import psql
from tests.test_operator_role import drop_role

ROLE = ("db", "role")


@pytest.fixture
def config(database: Database) -> Iterator[Path]:
    """A protected environment with a journal and a DBA's login."""
    make_journal(database)
    drop_role(database)
    database.environment(protected=True)
    yield database.folder / "opskit.toml"
    drop_role(database)


def test_what_it_says(config: Path) -> None:
    ran = run(*ROLE, "-e", "unit", "--dry-run", config=config)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("unit  dry run, rolled back; it would add:\n  INSERT on opskit.")
    ran = run(*ROLE, "-e", "unit", "--yes", "--diagnosis", "-o", "json", config=config)
    (one,) = ran.json()["data"]["environments"]
    assert (one["environment"], one["outcome"]) == ("unit", "changed")
    assert 'SELECT on public."ClientScopes" ("Scope")' in one["gained"]
    ran = run(*ROLE, "-e", "unit", "--yes", config=config)
    assert (ran.code, ran.out) == (0, "unit  the role has all that it needs: nothing to do\n")


def test_a_login_that_nobody_knows(config: Path) -> None:
    ran = run(*ROLE, "-e", "unit", "--yes", "--login", "nobody at all", config=config)
    assert ran.code == 2
    assert_error_is_said(ran)
    assert "CREATE ROLE" in ran.err


def test_it_wants_to_be_told_where(config: Path) -> None:
    ran = run(*ROLE, config=config)
    assert ran.code == 2
    assert_error_is_said(ran)
    assert "--all-envs" in ran.err


def test_protected_and_no_terminal(config: Path) -> None:
    ran = run(*ROLE, "-e", "unit", "-o", "json", config=config)
    assert (ran.code, ran.error_codes()) == (2, ["protected"])


@posix_only
def test_at_a_terminal(config: Path) -> None:
    ran = run_at_terminal(*ROLE, "-e", "unit", config=config, answer="n\n")
    assert ran.code == 130
    assert "unit is protected. Give rights to opskit_operator?" in ran.out
    ran = run_at_terminal(*ROLE, "-e", "unit", config=config, answer="y\n")
    assert (ran.code, "added:" in ran.out) == (0, True)
    ran = run_at_terminal(*ROLE, "-e", "unit", config=config)
    assert (ran.code, "protected" in ran.out) == (0, False)


def test_a_dba_runs_what_is_printed(config: Path, database: Database) -> None:
    printed = run(*ROLE, "-e", "unit", "--sql", "--login", "postgres", config=config)
    assert printed.out.startswith("-- opskit ")
    psql(database, "-q", "-f", "-", stdin=printed.out)
    ran = run(*ROLE, "-e", "unit", "--login", "postgres", "--dry-run", config=config)
    assert "nothing to do" in ran.out


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"])
def test_the_script_needs_no_configuration_and_no_driver(dialect: str, tmp_path: Path) -> None:
    printing = (*ROLE, "--sql", "--dialect", dialect, "--login", "o'p")
    ran = run(*printing, cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    data = run(*printing, "-o", "json", cwd=tmp_path).json()["data"]
    assert data == {"dialect": dialect, "sql": ran.out}
    own = {"postgresql": ('"public"."Clients"', '"o\'p"'), "mssql": ("[dbo].[Clients]", "N'o''p'")}
    assert all(text in ran.out for text in own[dialect])
    assert "ClientSecrets" not in ran.out
    assert not {"psycopg", "pyodbc", "alembic", "sqlalchemy"} & modules_of(PROGRAM, *printing)


def test_which_dialect(config: Path, tmp_path: Path) -> None:
    ran = run(*ROLE, "--sql", config=config)
    assert (ran.code, "--dialect postgresql" in ran.err) == (2, True)
    ran = run(*ROLE, "--dialect", "mssql", cwd=tmp_path)
    assert (ran.code, "Add --sql" in ran.err) == (2, True)
