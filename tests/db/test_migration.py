# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The journal's tables: the same cases for both engines, online and as a DBA's script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.db.journal_script import downgrade_script, upgrade_script
from opskit.db.migration import open_migration, revisions
from opskit.db.statements import statement
from opskit.errors import JournalMissing, LockHeld
from opskit.journal_schema import REVISION
from tests.conftest import Database
from tests.db.journal_sites import (
    MssqlSite,
    PostgresSite,
    ScriptFailed,
    Site,
    at_once,
    without_drivers,
)
from tests.db.mssql_server import new_mssql_database

ROOT = Path(__file__).parents[2]
COLUMNS = [
    ("id", "NO", None),
    ("change_set", "NO", 40),
    ("changed_at", "NO", None),
    ("environment", "NO", 200),
    ("client_id", "NO", 200),
    ("client_name", "YES", 200),
    ("old_lifetime", "NO", None),
    ("new_lifetime", "NO", None),
    ("actor", "NO", 200),
    ("login", "NO", 200),
    ("reason", "YES", 1000),
    ("tool_version", "NO", 50),
    ("plan_hash", "YES", 64),
    ("reverts", "YES", 40),
    ("verification", "NO", 20),
]
INSERT = """
    INSERT INTO opskit.lifetime_change
      (change_set, environment, client_id, old_lifetime, new_lifetime, actor, tool_version)
    VALUES ('c1', 'dev', 'A1', {old}, {new}, 'me', '0')
"""


@pytest.fixture(params=["postgresql", "mssql"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    if request.param == "postgresql":
        yield PostgresSite(request.getfixturevalue("empty_database"))
    else:
        server = request.getfixturevalue("mssql_server")
        with new_mssql_database(server, tmp_path) as database:
            yield MssqlSite(database)


def upgrade(site: Site, lock_timeout: float = 30) -> str | None:
    """Migrate as `db upgrade` does; return what was there before."""
    with open_migration(site.environment(), lock_timeout=lock_timeout) as migration:
        before = migration.revision
        if before != REVISION:
            migration.upgrade()
    return before


def downgrade(site: Site) -> None:
    with open_migration(site.environment(), lock_timeout=30) as migration:
        migration.downgrade()


def columns(site: Site) -> list[tuple[object, ...]]:
    found = site.query(
        "SELECT column_name, is_nullable, character_maximum_length, data_type "
        "FROM information_schema.columns "
        "WHERE table_schema = 'opskit' AND table_name = 'lifetime_change' "
        "ORDER BY ordinal_position"
    )
    assert {row[3] for row in found} <= {
        *("bigint", "integer", "character varying", "timestamp with time zone"),
        *("int", "nvarchar", "datetime2"),
    }
    return [row[:3] for row in found]


def names(site: Site) -> dict[str, list[str]]:
    """What online and script must both have made."""
    checks = (
        "SELECT constraint_name FROM information_schema.table_constraints "
        "WHERE table_schema = 'opskit' AND constraint_name NOT LIKE '%not_null' ORDER BY 1"
    )
    indexes = (
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'opskit' ORDER BY 1"
        if site.dialect == "postgresql"
        else "SELECT name FROM sys.indexes WHERE object_id = OBJECT_ID('opskit.lifetime_change') "
        "ORDER BY 1"
    )
    return {
        "constraints": [str(name) for (name,) in site.query(checks)],
        "indexes": [str(name) for (name,) in site.query(indexes)],
    }


def test_the_tables(site: Site) -> None:
    assert upgrade(site) is None
    assert columns(site) == COLUMNS
    assert site.query("SELECT version_num FROM opskit.alembic_version") == [(REVISION,)]
    site.query(INSERT.format(old=3600, new=1800))
    ((number, verification, login, fresh),) = site.query(
        "SELECT id, verification, login, CASE WHEN changed_at > {} THEN 1 ELSE 0 END "
        "FROM opskit.lifetime_change".format(
            "now() - interval '1 minute'"
            if site.dialect == "postgresql"
            else "DATEADD(minute, -1, SYSUTCDATETIME())"
        )
    )
    assert (number, verification, fresh) == (1, "pending", 1)
    assert login == site.login


@pytest.mark.parametrize(
    "broken",
    [
        INSERT.format(old=3600, new=0),
        "UPDATE opskit.lifetime_change SET verification = 'perhaps'",
    ],
)
def test_what_cannot_be_true_is_not_taken(site: Site, broken: str) -> None:
    upgrade(site)
    site.query(INSERT.format(old=0, new=1800))  # a lifetime that somebody broke, being mended
    with pytest.raises(Exception, match="ck_lifetime_change_"):
        site.query(broken)


def test_it_goes_without_a_trace(site: Site) -> None:
    upgrade(site)
    downgrade(site)
    assert not site.has_schema()
    assert upgrade(site) is None
    assert columns(site) == COLUMNS


def test_a_schema_with_something_else_in_it_stays(site: Site) -> None:
    upgrade(site)
    site.query("CREATE TABLE opskit.mine (x int)")
    downgrade(site)
    assert site.query("SELECT x FROM opskit.mine") == []
    assert columns(site) == []
    site.run(upgrade_script(site.dialect))
    site.run(downgrade_script(site.dialect))
    assert site.query("SELECT x FROM opskit.mine") == []


def test_the_script_makes_the_same(site: Site) -> None:
    site.run(upgrade_script(site.dialect))
    by_script = columns(site), names(site)
    assert upgrade(site) == REVISION
    site.run(downgrade_script(site.dialect))
    assert not site.has_schema()
    upgrade(site)
    assert by_script == (columns(site), names(site))


def test_the_script_may_run_again(site: Site) -> None:
    site.run(downgrade_script(site.dialect))
    assert not site.has_schema()
    for _ in range(2):
        site.run(upgrade_script(site.dialect))
    site.query(INSERT.format(old=3600, new=1800))
    site.run(upgrade_script(site.dialect))
    assert site.query("SELECT client_id FROM opskit.lifetime_change") == [("A1",)]


def test_a_journal_of_a_newer_opskit_is_left_alone(site: Site) -> None:
    upgrade(site)
    site.query("UPDATE opskit.alembic_version SET version_num = '9999'")
    for work in (upgrade, downgrade):
        with pytest.raises(JournalMissing, match="revision 9999, which only a newer") as caught:
            work(site)
        assert caught.value.code == "journal-newer"
    for script in (upgrade_script, downgrade_script):
        with pytest.raises(ScriptFailed, match="does not know"):
            site.run(script(site.dialect))
    assert columns(site) == COLUMNS
    assert site.query("SELECT version_num FROM opskit.alembic_version") == [("9999",)]


def test_several_at_once(site: Site) -> None:
    assert sorted(at_once(lambda: upgrade(site)), key=str) == [*[REVISION] * 3, None]
    downgrade(site)
    at_once(lambda: site.run(upgrade_script(site.dialect)))
    assert columns(site) == COLUMNS


def test_it_waits_for_a_change_only_so_long(site: Site) -> None:
    with (
        open_migration(site.environment(), lock_timeout=30),
        pytest.raises(LockHeld),
    ):
        upgrade(site, lock_timeout=0.1)
    assert not site.has_schema()


def test_a_failure_leaves_nothing(site: Site) -> None:
    site.query("CREATE SCHEMA opskit")
    site.query("CREATE TABLE opskit.lifetime_change (x int)")
    with pytest.raises(Exception, match="lifetime_change"):
        upgrade(site)
    assert site.query("SELECT x FROM opskit.lifetime_change") == []
    with pytest.raises(Exception, match="alembic_version"):
        site.query("SELECT 1 FROM opskit.alembic_version")


def test_a_script_that_fails_leaves_nothing(site: Site) -> None:
    site.query("CREATE SCHEMA opskit")
    site.query("CREATE TABLE opskit.lifetime_change (x int)")
    with pytest.raises(ScriptFailed, match="lifetime_change"):
        site.run(upgrade_script(site.dialect))
    with pytest.raises(Exception, match="alembic_version"):
        site.query("SELECT 1 FROM opskit.alembic_version")


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"])
@pytest.mark.parametrize("name", ["upgrade", "downgrade"])
def test_the_script_needs_no_driver(dialect: str, name: str) -> None:
    program = f"from opskit.db.journal_script import *\nprint({name}_script({dialect!r}), end='')"
    script = without_drivers(program)
    assert script == (upgrade_script if name == "upgrade" else downgrade_script)(dialect)
    assert script.count("COMMIT;") == 1
    assert script.endswith("COMMIT;\n" if dialect == "postgresql" else "COMMIT;\nGO\n")
    assert script.count("\nGO\n") == (dialect == "mssql")


@pytest.mark.parametrize("dialect", ["postgresql", "mssql"])
def test_the_scripts_take_the_lock_of_changes(dialect: str) -> None:
    lock = r"pg_advisory_xact_lock\(\d+\)|@resource \S+ = N'opskit ' \+ DB_NAME\(\)"
    (taken,) = re.findall(lock, statement(dialect, "lock_environment"))
    for script in (upgrade_script(dialect), downgrade_script(dialect)):
        assert re.findall(lock, script) == [taken]


def test_the_constant_is_the_newest_revision() -> None:
    known = list(revisions())
    assert known == [f"{number:04}" for number in range(1, len(known) + 1)]
    assert known[-1] == REVISION
    assert all(revisions().values())


@pytest.mark.parametrize("engine", ["postgresql", "mssql"])
def test_each_statement_of_the_setup_says_what_it_is_for(engine: str) -> None:
    files = sorted((ROOT / "sql" / engine / "setup").glob("*.sql"))
    sources = ("migration", "statements", "postgres" if engine == "postgresql" else "mssql")
    executed = "".join((ROOT / "opskit" / "db" / f"{name}.py").read_text() for name in sources)
    for file in files:
        assert file.read_text("utf-8").startswith("-- ")
        assert re.search(rf"\b{file.stem}\b", executed)
    others = (ROOT / "sql").glob("*/setup/*.sql")
    assert {file.name for file in files} == {file.name for file in others}


def test_creatio_s_tables_appear_in_none_of_it(database: Database) -> None:
    catalogue = (
        "SELECT c.oid, c.relname, c.relacl::text, c.xmin::text FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'public' ORDER BY 1"
    )
    site = PostgresSite(database)
    before = site.query(catalogue)
    upgrade(site)
    downgrade(site)
    assert site.query(catalogue) == before
