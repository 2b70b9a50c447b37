# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Making, updating and removing the journal in several environments."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from psycopg import sql

from opskit.db.store import open_store
from opskit.errors import (
    ConfigError,
    Interrupted,
    JournalMissing,
    LockHeld,
    OpskitError,
    PermissionMissing,
    UnreachableError,
    ValueChanged,
)
from opskit.journal_schema import (
    REVISION,
    current,
    dialect_of,
    downgrade,
    history,
    script,
    status_of,
    upgrade,
)
from opskit.models import JournalMigration, JournalState, JournalStatus
from opskit.settings import Environment
from tests.conftest import Database, Server, environment, new_database
from tests.db.journal_sites import at_once

MADE = JournalMigration("unit", None, REVISION)
NOTHING_TO_DO = JournalMigration("unit", REVISION, REVISION)
ENTRY = """
    INSERT INTO opskit.lifetime_change
      (change_set, environment, client_id, old_lifetime, new_lifetime, actor, tool_version)
    VALUES ('c1', 'unit', 'A1', 3600, 1800, 'me', '0')
"""


def state(one: Environment) -> JournalState:
    states, errors = current([one])
    assert not errors
    return states.environments[0]


def error_of(errors: Sequence[OpskitError]) -> OpskitError:
    (error,) = errors
    assert error.environment == "unit"
    assert error.message
    return error


@pytest.fixture
def unreachable(tmp_path: Path) -> Environment:
    folder = tmp_path / "unreachable"
    folder.mkdir()
    nowhere = environment(folder, database="postgresql://me@127.0.0.1:1/none")
    return msgspec.structs.replace(nowhere, name="nowhere")


def test_there_and_back(database: Database) -> None:
    unit = database.environment()
    assert state(unit) == JournalState("unit", JournalStatus.MISSING, None, REVISION)
    assert upgrade([unit]) == (type(upgrade([])[0])([MADE]), [])
    assert state(unit) == JournalState("unit", JournalStatus.CURRENT, REVISION, REVISION)
    assert upgrade([unit])[0].environments == [NOTHING_TO_DO]
    with database.connect() as connection:
        connection.execute(ENTRY)
    asked: list[int] = []
    done, errors = downgrade([unit], confirm=lambda _, entries: asked.append(entries))
    assert (done.environments, errors, asked) == (
        [JournalMigration("unit", REVISION, None, removed=1)],
        [],
        [1],
    )
    assert state(unit).status is JournalStatus.MISSING
    assert downgrade([unit])[0].environments == [JournalMigration("unit", None, None)]


def test_one_that_fails_does_not_hide_the_others(
    database: Database, unreachable: Environment
) -> None:
    both = [unreachable, database.environment()]
    for done, errors in (upgrade(both), current(both), downgrade(both)):
        assert [one.environment for one in done.environments] == ["unit"]
        (error,) = errors
        assert isinstance(error, UnreachableError)
        assert error.environment == "nowhere"


def test_an_environment_without_a_database(tmp_path: Path) -> None:
    without = environment(tmp_path, identity="http://127.0.0.1:1")
    for _, errors in (upgrade([without]), current([without]), downgrade([without])):
        assert isinstance(error_of(errors), ConfigError)


def test_no_is_an_answer(database: Database) -> None:
    def refuse(environment: Environment, entries: int) -> None:
        raise Interrupted("Not confirmed.", environment=environment.name)

    unit = database.environment()
    done, errors = upgrade([unit, unit], confirm=refuse)
    assert not done.environments
    assert isinstance(error_of(errors), Interrupted)
    assert state(unit).status is JournalStatus.MISSING
    upgrade([unit])
    done, errors = downgrade([unit], confirm=refuse)
    assert not done.environments
    assert state(unit).status is JournalStatus.CURRENT
    assert upgrade([unit], confirm=refuse)[0].environments == [NOTHING_TO_DO]


def test_ctrl_c_at_the_question(database: Database) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    done, errors = upgrade([database.environment()], confirm=interrupt)
    assert not done.environments
    assert "opskit db current -e unit" in error_of(errors).remedy


def test_records_that_came_after_the_question_are_kept(database: Database) -> None:
    unit = database.environment()
    upgrade([unit])

    def meanwhile(*_: object) -> None:
        with database.connect() as connection:
            connection.execute(ENTRY)

    done, errors = downgrade([unit], confirm=meanwhile)
    assert not done.environments
    assert isinstance(error_of(errors), ValueChanged)
    assert state(unit).status is JournalStatus.CURRENT


def test_nobody_waits_for_an_answer(database: Database) -> None:
    unit = database.environment()

    def change_meanwhile(*_: object) -> None:
        with open_store(unit) as store, store.change(lock_timeout=0.1):
            pass

    assert upgrade([unit], confirm=change_meanwhile)[1] == []
    assert downgrade([unit], confirm=change_meanwhile)[1] == []


def test_a_change_under_way_keeps_it_waiting(database: Database) -> None:
    unit = database.environment()
    with open_store(unit) as store, store.change():
        for work in (upgrade, downgrade):
            _, errors = work([unit], lock_timeout=0.1)
            assert isinstance(error_of(errors), LockHeld)
    assert state(unit).status is JournalStatus.MISSING


def test_a_newer_opskit_s_journal(database: Database) -> None:
    unit = database.environment()
    upgrade([unit])
    with database.connect() as connection:
        connection.execute("UPDATE opskit.alembic_version SET version_num = '9999'")
    assert state(unit) == JournalState("unit", JournalStatus.NEWER, "9999", REVISION)
    for work in (upgrade, downgrade):
        error = error_of(work([unit])[1])
        assert isinstance(error, JournalMissing)
        assert error.code == "journal-newer"
        assert "Update opskit" in error.remedy
    assert state(unit).revision == "9999"


def test_how_revisions_compare() -> None:
    assert status_of(None) is JournalStatus.MISSING
    assert status_of("0000") is JournalStatus.OUTDATED
    assert status_of(REVISION) is JournalStatus.CURRENT
    assert status_of("0002" if REVISION == "0001" else "9999") is JournalStatus.NEWER


@pytest.fixture
def guest(database: Database) -> Iterator[Environment]:
    """An environment whose login may connect, and no more."""
    with database.connect() as connection:
        password = sql.Literal(database.server.password)
        connection.execute(sql.SQL("CREATE ROLE guest LOGIN PASSWORD {}").format(password))
        address = f"postgresql://guest@127.0.0.1:{database.server.port}/{database.name}"
        yield database.environment(database=address)
        connection.execute("DROP SCHEMA IF EXISTS opskit CASCADE")
        connection.execute("DROP OWNED BY guest")
        connection.execute("DROP ROLE guest")


def test_without_the_right_both_ways_on_are_named(guest: Environment, database: Database) -> None:
    error = error_of(upgrade([guest])[1])
    assert isinstance(error, PermissionMissing)
    assert "permission denied for database" in error.message
    assert "opskit db upgrade --sql -e unit" in error.remedy
    assert "CREATE on the database" in error.remedy
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA opskit AUTHORIZATION postgres")
        error = error_of(upgrade([guest])[1])
        assert "permission denied for schema opskit" in error.message
        connection.execute("DROP SCHEMA opskit")
    upgrade([database.environment(database=_as_superuser(database))])
    for _, errors in (current([guest]), downgrade([guest])):
        assert isinstance(error_of(errors), PermissionMissing)


def _as_superuser(database: Database) -> str:
    return f"postgresql://postgres@127.0.0.1:{database.server.port}/{database.name}"


def test_create_on_the_database_is_enough(guest: Environment, database: Database) -> None:
    with database.connect() as connection:
        grant = sql.SQL("GRANT CREATE ON DATABASE {} TO guest")
        connection.execute(grant.format(sql.Identifier(database.name)))
    assert upgrade([guest])[0].environments == [MADE]
    assert downgrade([guest])[1] == []
    with database.connect() as connection:
        there = "SELECT 1 FROM pg_namespace WHERE nspname = 'opskit'"
        assert connection.execute(there).fetchall() == []


def test_a_schema_made_for_the_login_is_enough_and_stays(
    guest: Environment, database: Database
) -> None:
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA opskit AUTHORIZATION guest")
    for _ in range(2):
        assert upgrade([guest])[0].environments == [MADE]
        assert downgrade([guest])[1] == []


def test_threads_in_one_database_and_in_several(
    database: Database, server: Server, template: str, tmp_path: Path
) -> None:
    unit = database.environment()
    done = at_once(lambda: upgrade([unit]))
    assert [errors for _, errors in done] == [[], [], [], []]
    befores = [migrations.environments[0].before for migrations, _ in done]
    assert sorted(befores, key=str) == [REVISION, REVISION, REVISION, None]
    folder = tmp_path / "other"
    folder.mkdir()
    with new_database(server, template, folder) as other:
        queue = [unit, other.environment()]
        for migrations, errors in at_once(lambda: downgrade([queue.pop()]), times=2):
            assert (len(migrations.environments), errors) == (1, [])


def test_processes(database: Database) -> None:
    database.environment()
    program = (
        "import sys; from pathlib import Path; from opskit.config import load_config\n"
        "from opskit.journal_schema import upgrade\n"
        "done, errors = upgrade(load_config(Path(sys.argv[1])).select())\n"
        "print(done.environments[0].before, errors)"
    )
    path = str(database.folder / "opskit.toml")
    command = [sys.executable, "-c", program, path]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in processes)
    assert said == [f"{REVISION} []", f"{REVISION} []", "None []"]


def test_history_and_script(database: Database) -> None:
    assert history().revisions[-1].revision == REVISION
    assert dialect_of([database.environment()]) == "postgresql"
    assert script("upgrade", "postgresql").sql.startswith("-- opskit")
    assert "REMOVES" in script("downgrade", "mssql").sql
