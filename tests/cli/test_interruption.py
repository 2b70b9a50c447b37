# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C while a database keeps a change waiting, on each engine: it ends, and tells the truth."""

import select
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from opskit.db.store import open_store
from opskit.interruption import Stop
from opskit.journal_schema import REVISION
from opskit.models import Change
from opskit.progress import silent
from tests.cli.conftest import Ran, posix_only, run, run_and_interrupt, run_at_terminal
from tests.conftest import Database
from tests.db.installations import Installation, PostgresInstallation

pytestmark = posix_only

SOON = 20  # seconds, for a machine that is busy; the locks are waited for much longer
SOONER = 7  # seconds, for reading, which waits for a lock for 10 at the most
OPTIONS = ("--yes", "--no-verify", "--lock-timeout", "10m")
SET = ("lifetime", "set", "Sync", "20m", "-e", "unit", *OPTIONS)


@pytest.fixture
def config(installation: Installation) -> Path:
    """The configuration for a database with a client (3600 s) and an empty journal."""
    installation.add_client("A1", "Sync", 3600)
    installation.make_journal()
    return installation.environment().folder / "opskit.toml"


@contextmanager
def _hold_lock(installation: Installation) -> Iterator[None]:
    """Be another change that is under way."""
    with open_store(installation.environment()) as store, store.change():
        yield


def _interrupted(
    installation: Installation,
    held: AbstractContextManager[object],
    arguments: Sequence[str],
    *,
    times: int = 1,
    seconds: float = SOON,
) -> Ran:
    """Press Ctrl-C while the command waits for what is held."""
    config = installation.environment().folder / "opskit.toml"
    with held:
        return run_and_interrupt(
            *arguments,
            config=config,
            when=installation.somebody_waits,
            seconds=seconds,
            times=times,
        )


def _state(installation: Installation) -> tuple[int, int]:
    """Return the client's lifetime and the number of journal entries, when all have ended."""
    with open_store(installation.environment()) as store:
        with store.change(lock_timeout=20) as transaction:
            lifetimes = transaction.lock_clients([Change("A1", None, 0, 0)])
        return lifetimes["A1"], len(store.journal())


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("times", [1, 3])
def test_set_ends_while_another_change_is_under_way(installation: Installation, times: int) -> None:
    ran = _interrupted(installation, _hold_lock(installation), SET, times=times)
    assert ran.code == 130, ran.all
    assert "error: unit: Interrupted; nothing was written" in ran.err
    assert "Traceback" not in ran.err
    assert _state(installation) == (3600, 0)


def test_a_terminal_is_told_at_once(installation: Installation, config: Path) -> None:
    """Although all of it is over in a moment, and there was nothing to show before."""
    with _hold_lock(installation):
        ran = run_at_terminal(*SET, config=config, interrupt_when=installation.somebody_waits)
    assert ran.code == 130, ran.out
    assert "stopping …" in ran.out


@pytest.mark.usefixtures("config")
def test_set_ends_while_somebody_holds_the_row(installation: Installation) -> None:
    arguments = (*SET, "-o", "json")
    ran = _interrupted(installation, installation.hold_row("A1"), arguments)
    assert ran.code == 130, ran.all
    assert ran.error_codes() == ["interrupted"]
    assert ran.json()["data"]["change_sets"] == []
    assert _state(installation) == (3600, 0)


def test_apply_ends_while_another_change_is_under_way(
    installation: Installation, config: Path
) -> None:
    desired = config.parent / "lifetimes.toml"
    desired.write_text('[[clients]]\nclient = "Sync"\nlifetime = "20m"\n', "utf-8")
    arguments = ("apply", "-f", str(desired), "-e", "unit", *OPTIONS)
    ran = _interrupted(installation, _hold_lock(installation), arguments)
    assert ran.code == 130, ran.all
    assert "unit: Interrupted; nothing was written" in ran.err
    assert _state(installation) == (3600, 0)


def test_apply_ends_while_it_compares_its_plan(installation: Installation, config: Path) -> None:
    desired, plan = config.parent / "lifetimes.toml", config.parent / "plan.json"
    desired.write_text('[[clients]]\nclient = "Sync"\nlifetime = "20m"\n', "utf-8")
    assert run("plan", "-f", str(desired), "--out", str(plan), config=config).code == 0
    arguments = ("apply", str(plan), *OPTIONS, "-o", "json")
    ran = _interrupted(installation, installation.hold_table(), arguments, seconds=SOONER)
    assert ran.code == 130, ran.all
    assert ran.json()["errors"][0]["message"] == "Interrupted; nothing was written."
    assert _state(installation) == (3600, 0)


@pytest.mark.usefixtures("config")
@pytest.mark.parametrize("arguments", [("lifetime", "list"), ("db", "current")])
def test_reading_ends_while_somebody_alters_the_table(
    arguments: Sequence[str], installation: Installation
) -> None:
    table = "Clients" if "list" in arguments else "opskit.alembic_version"
    held = installation.hold_table(table)
    ran = _interrupted(installation, held, arguments, seconds=SOONER)
    assert (ran.code, ran.out) == (130, ""), ran.all
    assert "error: Interrupted" in ran.err


def test_upgrade_and_downgrade_end_while_a_change_is_under_way(installation: Installation) -> None:
    with open_store(installation.environment()) as store:
        for command, revision in (("upgrade", None), ("downgrade", REVISION)):
            arguments = ("db", command, "-e", "unit", "--yes", "--lock-timeout", "10m")
            ran = _interrupted(installation, _hold_lock(installation), arguments)
            assert ran.code == 130, ran.all
            assert "error: unit: Interrupted; nothing was written" in ran.err
            assert store.journal_revision() == revision
            if revision is None:
                installation.make_journal()


@pytest.mark.usefixtures("config")
def test_the_role_is_not_made_while_a_change_is_under_way(installation: Installation) -> None:
    arguments = ("db", "role", "-e", "unit", "--yes", "--lock-timeout", "10m")
    ran = _interrupted(installation, _hold_lock(installation), arguments)
    assert ran.code == 130, ran.all
    assert "error: unit: Interrupted; nothing was written" in ran.err


def test_revert_ends_while_somebody_holds_the_row(installation: Installation, config: Path) -> None:
    assert run(*SET, config=config).code == 0
    with open_store(installation.environment()) as store:
        (entry,) = store.journal()
    arguments = ("revert", entry.change_set, *OPTIONS)
    ran = _interrupted(installation, installation.hold_row("A1"), arguments)
    assert ran.code == 130, ran.all
    assert "Interrupted; nothing was written" in ran.err
    assert _state(installation) == (1200, 1)


def test_apply_ends_while_the_identity_service_says_nothing(database: Database) -> None:
    installation = PostgresInstallation(database)
    installation.add_client("A1", "Sync", 3600)
    installation.make_journal()
    (database.folder / "secret").write_text("secret-of-A1", "utf-8")
    desired = database.folder / "lifetimes.toml"
    desired.write_text('[[clients]]\nclient = "Sync"\nlifetime = "20m"\n', "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        known = {"id": "A1", "secret": {"file": "secret"}}
        installation.environment(
            identity=f"http://127.0.0.1:{mute.getsockname()[1]}", clients=[known], timeout=60
        )
        ran = run_and_interrupt(
            *("apply", "-f", str(desired), "-e", "unit"),
            config=database.folder / "opskit.toml",
            when=lambda: bool(select.select([mute], [], [], 0)[0]),
            seconds=SOON,
        )
    assert ran.code == 130, ran.all
    assert "the change is committed, but no fresh token has proved it" in ran.err
    assert _state(installation) == (1200, 1)


def test_a_command_that_was_started_deaf_to_ctrl_c_stays_so() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Stop(silent).by_ctrl_c():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


# While PostgreSQL commits, which nobody can take back

_SLOW_COMMIT = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep({seconds});
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON "Clients" DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION slow();
"""


@pytest.mark.parametrize("seconds", [2, 6])  # which is waited for, and which is looked up
def test_a_commit_that_is_under_way_is_told_as_what_it_becomes(
    seconds: int, database: Database
) -> None:
    installation = PostgresInstallation(database)
    installation.add_client("A1", "Sync", 3600)
    installation.make_journal()
    with database.connect() as connection:
        connection.execute(_SLOW_COMMIT.format(seconds=seconds).encode())

        def is_committing() -> bool:
            found = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE application_name = 'opskit' "
                "AND datname = current_database() AND wait_event = 'PgSleep'"
            )
            return found.fetchone() is not None

        config = installation.environment().folder / "opskit.toml"
        ran = run_and_interrupt(*SET, config=config, when=is_committing, seconds=SOON)
    assert ran.code == 130, ran.all
    assert "the change was committed" in ran.err or "the change is committed" in ran.err
    assert "3600 s (1h)   →   1200 s (20m)" in ran.out
    assert _state(installation) == (1200, 1)
