# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""From dev on PostgreSQL to prod on SQL Server: planned, refused, applied, interrupted, undone.

All of it by logins that have the role opskit_operator and nothing else.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg_pool import ConnectionPool

from opskit.config import load_config
from opskit.db.store import open_store
from opskit.sandbox.clients import ClientStore
from opskit.sandbox.postgres import SUPERUSER
from tests.cli.conftest import Ran, posix_only, run, run_and_interrupt, surroundings
from tests.databases import Server, new_database
from tests.db import looked_at
from tests.db.installations import Installation, MssqlInstallation, PostgresInstallation
from tests.db.journal_sites import MssqlSite
from tests.db.mssql_server import new_mssql_database
from tests.db.operators import mssql_login, postgresql_login
from tests.identity_services import MssqlClients, identity_service

CLIENT = "Data Mart Sync"
IDS = {"dev": "SYNC-DEV", "test": "SYNC-TEST", "prod": "SYNC-PROD"}
LIFETIMES = f"""
[[clients]]
client = "{CLIENT}"
lifetime = "30m"
environments = {{ prod = "15m" }}
"""
NEW = [1800, 1800, 900]


@dataclass(frozen=True)
class Fleet:
    """Three environments in three waves, each with an Identity Service of its own."""

    folder: Path
    installations: Mapping[str, Installation]
    register: Mapping[str, Callable[[str, str, int], object]]
    identities: Mapping[str, str]

    @property
    def config(self) -> Path:
        return self.folder / "opskit.toml"

    @property
    def plan(self) -> Path:
        return self.folder / "plan.json"

    def opskit(self, *arguments: str) -> Ran:
        return run(*arguments, config=self.config)

    def make_plan(self) -> None:
        desired = self.folder / "lifetimes.toml"
        ran = self.opskit("plan", "-f", str(desired), "--out", str(self.plan))
        assert ran.code == 0, ran.all

    def rows(self) -> list[Mapping[str, Mapping[str, Any]]]:
        """Return all clients of all environments, all columns."""
        return [one.rows() for one in self.installations.values()]

    def present(self) -> list[int]:
        rows = zip(IDS.values(), self.rows(), strict=True)
        return [found[client_id]["AccessTokenLifetime"] for client_id, found in rows]

    def check(self, lifetimes: Sequence[int], entries: Sequence[int]) -> None:
        """Compare what stands in each environment, and how often its journal tells of it."""
        environments = load_config(self.config).environments
        for name, lifetime, number in zip(IDS, lifetimes, entries, strict=True):
            with open_store(environments[name]) as store:
                with store.change(lock_timeout=10) as transaction:  # whoever was killed has ended
                    assert transaction.lock_clients(looked_at(IDS[name])) == {IDS[name]: lifetime}
                told = store.journal()
            assert [(e.client_id, e.old, e.new) for e in told] == [
                (IDS[name], 3600, lifetime)
            ] * number

    def lifetime_in_token(self, name: str) -> int:
        """Ask the Identity Service as any integration does."""
        form = {
            "grant_type": "client_credentials",
            "client_id": IDS[name],
            "client_secret": f"secret-of-{IDS[name]}",
        }
        with httpx.Client(trust_env=False, timeout=20) as client:
            answer = client.post(f"{self.identities[name]}/connect/token", data=form)
        return int(answer.json()["expires_in"])


_TABLE = """
[environments.{name}]
wave = {wave}
database = {database}
identity = "{identity}"
protected = {protected}
[[environments.{name}.clients]]
id = "{client_id}"
secret = {{ file = "{name}-secret" }}
"""


@pytest.fixture(scope="module")
def places(
    server: Server, template: str, mssql_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """The three environments without clients: dev has PostgreSQL, the others SQL Server."""
    folder = tmp_path_factory.mktemp("fleet")
    installations: dict[str, Installation] = {}
    register: dict[str, Callable[[str, str, int], object]] = {}
    identities: dict[str, str] = {}
    with ExitStack() as stack:
        postgresql = stack.enter_context(new_database(server, template, folder))
        pool = stack.enter_context(ConnectionPool(postgresql.conninfo, min_size=1, open=True))
        installations["dev"] = PostgresInstallation(postgresql)
        register["dev"] = postgresql.add_client
        identities["dev"] = stack.enter_context(identity_service("dev", ClientStore(pool)))
        login = stack.enter_context(postgresql_login(postgresql))
        url = postgresql.url.replace(f"//{SUPERUSER}:", f"//{login}:")
        (folder / "dev-database").write_text(url, "utf-8")
        for name in ("test", "prod"):
            (folder / name).mkdir()
            mssql = stack.enter_context(new_mssql_database(mssql_server, folder / name))
            clients = MssqlClients(mssql)
            installations[name] = MssqlInstallation(mssql)
            register[name] = clients.register
            identities[name] = stack.enter_context(identity_service(name, clients))
            site = MssqlSite(mssql)
            operator = stack.enter_context(mssql_login(site))
            address = site.environment_for(*operator, folder / name).folder / "address"
            address.rename(folder / f"{name}-database")
        (folder / "lifetimes.toml").write_text(LIFETIMES, "utf-8")
        for name, client_id in IDS.items():
            (folder / f"{name}-secret").write_text(f"secret-of-{client_id}", "utf-8")
        tables = [
            _TABLE.format(
                name=name,
                wave=wave,
                database=f'{{ file = "{name}-database" }}',
                identity=identities[name],
                protected=str(name == "prod").lower(),
                client_id=IDS[name],
            )
            for wave, name in enumerate(IDS, start=1)
        ]
        (folder / "opskit.toml").write_text("".join(tables), "utf-8")
        yield Fleet(folder, installations, register, identities)


@pytest.fixture
def fleet(places: Fleet) -> Iterator[Fleet]:
    """The three environments with two clients each, and a plan for them as they are."""
    try:
        for name in places.installations:
            places.register[name](IDS[name], CLIENT, 3600)
            places.register[name](f"OTHER-{name}", "Billing Export", 3600)
        if not places.plan.exists():
            places.make_plan()
        yield places
    finally:
        for installation in places.installations.values():
            installation.empty()


def test_planned_moved_planned_anew_applied_told_and_undone(fleet: Fleet) -> None:
    before = fleet.rows()
    fleet.installations["prod"].set_lifetime(IDS["prod"], 3000)
    stale = fleet.opskit("apply", str(fleet.plan), "--yes")
    assert stale.code == 4
    assert f"prod: {CLIENT}, planned from 3600 s, has 3000 s now" in stale.err
    assert "not started: dev, test, prod" in stale.out
    assert fleet.present() == [3600, 3600, 3000]

    fleet.installations["prod"].set_lifetime(IDS["prod"], 3600)
    fleet.make_plan()
    applied = fleet.opskit("apply", str(fleet.plan), "--yes", "--actor", "ada")
    assert applied.code == 0, applied.all
    assert applied.out.count("lifetime.fresh_token") == 3
    assert fleet.present() == [fleet.lifetime_in_token(name) for name in IDS] == NEW

    told = fleet.opskit("history", "--actor", "ada", "-o", "json").json()["data"]["entries"]
    entries = {entry["environment"]: entry for entry in told}
    assert {name: entries[name]["client_id"] for name in entries} == IDS
    assert {entry["verification"] for entry in told} == {"proved"}
    assert len({entry["plan_hash"] for entry in told}) == 1

    undo = applied.out.splitlines()[-1].removeprefix("to undo it: opskit ")
    undone = fleet.opskit(*undo.split(), "--yes")
    assert undone.code == 0, undone.all
    assert undone.out.count("lifetime.fresh_token") == 3
    assert fleet.rows() == before
    assert [fleet.lifetime_in_token(name) for name in IDS] == [3600, 3600, 3600]


def test_of_two_applies_at_once_one_carries_out_the_plan(fleet: Fleet) -> None:
    def apply(_: int) -> Ran:
        return fleet.opskit("apply", str(fleet.plan), "--yes", "--no-verify", "--lock-timeout=30s")

    with ThreadPoolExecutor() as pool:
        ran = sorted(pool.map(apply, range(2)), key=lambda one: one.code)
    assert [one.code for one in ran] == [0, 4], [one.all for one in ran]
    fleet.check(NEW, [1, 1, 1])


# Ended from outside, in the last wave

_HELD = """
import sys
from opskit.cli import main, progress

class HeldDisplay(progress.PlainDisplay):
    def __call__(self, step):
        super().__call__(step)
        if (step.environment, step.words) == ("prod", sys.argv[1]):
            print("there", file=sys.stderr, flush=True)
            sys.stdin.readline()

progress.PlainDisplay = HeldDisplay
main(sys.argv[2:])
"""

STEPS = [
    "connecting",
    "waiting for the lock",
    "comparing with what was planned",
    "writing 1 lifetime",
    "writing the journal",
    "committing",
    "reading back",
    "noting the proof in the journal",
]


@posix_only
@pytest.mark.parametrize(
    ("at", "by"),
    # Each at every other step here; tests/test_apply.py has both at all of them, in one wave.
    list(zip(STEPS, [signal.SIGINT, signal.SIGKILL] * 4, strict=True)),
)
def test_a_signal_in_the_last_wave_leaves_all_or_nothing_of_it(
    at: str, by: signal.Signals, fleet: Fleet
) -> None:
    code, said = _ended(fleet, at, by)
    committed = STEPS.index(at) > STEPS.index("committing")
    lifetimes = NEW if committed else [*NEW[:2], 3600]
    if by is signal.SIGINT:
        assert code == 130
        assert "Interrupted" in said
        assert ("nothing was written" in said) is not committed
    fleet.check(lifetimes, [1, 1, 1 if committed else 0])


def _ended(fleet: Fleet, at: str, by: signal.Signals) -> tuple[int, str]:
    """Apply until prod comes to a step, and end it there; return its exit code and words."""
    arguments = ["apply", str(fleet.plan), "--yes", "--no-verify"]
    with subprocess.Popen(
        [sys.executable, "-c", _HELD, at, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        env=surroundings(fleet.config),
    ) as child:
        assert child.stdout is not None
        while (line := child.stdout.readline()) != "there\n":
            assert line, "it ended before that step"
        child.send_signal(by)
        time.sleep(0.2)  # until it has been noticed
        said, _ = child.communicate("\n" if by is not signal.SIGKILL else None)
    return child.returncode, said


@posix_only
def test_an_interrupt_while_the_last_wave_waits_for_a_lock(fleet: Fleet) -> None:
    ran = _interrupted_in_prod(fleet, "apply", str(fleet.plan))
    assert ran.code == 130, ran.all
    assert "error: prod: Interrupted; nothing was written" in ran.err
    fleet.check([*NEW[:2], 3600], [1, 1, 0])


@posix_only
def test_an_interrupt_while_the_last_of_several_environments_waits_for_a_lock(
    fleet: Fleet,
) -> None:
    ran = _interrupted_in_prod(fleet, "lifetime", "set", CLIENT, "30m", "--all-envs")
    assert ran.code == 130, ran.all
    assert "error: prod: Interrupted; nothing was written" in ran.err
    assert ran.out.count("changed") == 2
    fleet.check([1800, 1800, 3600], [1, 1, 0])


def _interrupted_in_prod(fleet: Fleet, *arguments: str) -> Ran:
    prod = load_config(fleet.config).environments["prod"]
    with open_store(prod) as store, store.change():
        return run_and_interrupt(
            *(*arguments, "--yes", "--no-verify", "--lock-timeout", "10m"),
            config=fleet.config,
            when=fleet.installations["prod"].somebody_waits,
            seconds=20,
        )
