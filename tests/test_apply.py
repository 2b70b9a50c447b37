# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Carrying out a plan: in waves, whole or not at all, stopped and undone where it fails."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import msgspec
import pytest

from opskit.apply import ApplyOptions, apply_plan
from opskit.db.store import open_store
from opskit.errors import EXIT_CONFLICT, EXIT_USAGE, Interrupted, LockHeld, ValueChanged
from opskit.history import read_history
from opskit.journal import Author
from opskit.lifetime import ChangeOptions
from opskit.models import Applied, Change, EnvironmentPlan, JournalEntry, Outcome, Plan, Status
from opskit.plan import plan_hash
from opskit.progress import Progress, Step
from opskit.results import Result
from opskit.sandbox import lifecycle
from opskit.sandbox.catalog import INTEGRATIONS
from opskit.sandbox.faults import Fault
from opskit.settings import Environment
from tests.conftest import ENVIRONMENTS, Sandbox, Server, new_database
from tests.db.installations import Installation, PostgresInstallation

BY_BOB = ChangeOptions(Author("bob", "quarterly review"))
QUICK = ApplyOptions(replace(BY_BOB, verify=False, lock_timeout=30))
SYNC = "Data Mart Sync"
IDS = {
    name: next(one.client_id(name) for one in INTEGRATIONS if one.name == SYNC)
    for name in ENVIRONMENTS
}


def _plan(*parts: EnvironmentPlan) -> Plan:
    return Plan(parts, plan_hash(parts))


# On the sandbox: dev, test and prod, one wave each


@pytest.fixture
def environments(sandbox: Sandbox) -> Mapping[str, Environment]:
    return {name: sandbox.environment(name) for name in ENVIRONMENTS}


@pytest.fixture
def plan(sandbox: Sandbox) -> Plan:
    """One client's lifetime halved in three waves, another one's confirmed."""
    return _plan(
        *(
            EnvironmentPlan(name, wave, [Change(IDS[name], SYNC, 3600, 1800)])
            for wave, name in enumerate(ENVIRONMENTS)
        )
    )


def _present(sandbox: Sandbox) -> dict[str, int]:
    return {name: sandbox.lifetimes(name)[IDS[name]] for name in ENVIRONMENTS}


def _journal(where: Environment, change_set: str | None) -> list[JournalEntry]:
    history, errors = read_history([where], change_set=change_set)
    assert errors == []
    return list(history.entries)


def test_wave_after_wave_is_changed_proved_and_journalled(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    told: list[str] = []
    options = ApplyOptions(BY_BOB, smoke=True)
    applied, errors = apply_plan(
        plan, environments, options, progress=lambda step: told.append(step.environment)
    )
    assert errors == []
    assert _present(sandbox) == dict.fromkeys(ENVIRONMENTS, 1800)
    assert [one.environment for one in applied.change_sets] == list(ENVIRONMENTS)
    assert [one.environment for one in applied.smoke] == list(ENVIRONMENTS)
    assert list(dict.fromkeys(told)) == list(ENVIRONMENTS)  # no wave before the other has ended
    assert (applied.plan_hash, applied.not_started, applied.reverted) == (plan.hash, [], [])
    for done in applied.change_sets:
        assert [check.status for check in done.checks] == [Status.PASS, Status.PASS]
        (entry,) = _journal(environments[done.environment], done.id)
        assert (entry.plan_hash, entry.actor) == (plan.hash, "bob")
        assert (entry.reason, entry.verification.value) == ("quarterly review", "proved")
    assert Result("apply", applied).exit_code == 0


def test_a_moved_value_refuses_the_plan_as_a_whole(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    with open_store(environments["prod"]) as store, store.change() as transaction:
        transaction.write([Change(IDS["prod"], SYNC, 3600, 7200)])
    asked: list[object] = []
    applied, (error,) = apply_plan(
        plan, environments, ApplyOptions(BY_BOB), confirm=lambda *about: asked.append(about)
    )
    assert isinstance(error, ValueChanged)
    assert (error.exit_code, error.environment) == (EXIT_CONFLICT, "prod")
    assert asked == []  # nobody is asked about what cannot begin
    assert "planned from 3600 s, has 7200 s now" in error.message
    assert _present(sandbox) == {"dev": 3600, "test": 3600, "prod": 7200}
    assert applied == Applied(plan.hash, [], not_started=list(ENVIRONMENTS))


def test_a_plan_that_was_carried_out_is_stale(
    plan: Plan, environments: Mapping[str, Environment]
) -> None:
    _, errors = apply_plan(plan, environments, QUICK)
    assert errors == []
    _, errors = apply_plan(plan, environments, QUICK)
    assert [error.exit_code for error in errors] == [EXIT_CONFLICT] * 3


def test_a_failed_proof_stops_before_the_next_wave(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    sandbox.fault(Fault.CACHE, "test")
    applied, errors = apply_plan(plan, environments, ApplyOptions(BY_BOB))
    assert errors == []
    assert _present(sandbox) == {"dev": 1800, "test": 1800, "prod": 3600}
    assert applied.not_started == ["prod"]
    assert Result("apply", applied).exit_code == 1


def test_a_failed_smoke_check_stops_before_the_next_wave(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    sandbox.fault(Fault.LOGIN_REDIRECT, "dev")
    applied, errors = apply_plan(plan, environments, ApplyOptions(BY_BOB, smoke=True))
    assert errors == []
    assert [one.environment for one in applied.smoke] == ["dev"]
    assert applied.not_started == ["test", "prod"]
    assert _present(sandbox) == {"dev": 1800, "test": 3600, "prod": 3600}
    assert Result("apply", applied).exit_code == 1


def test_a_smoke_check_waits_for_an_instance_that_warms_up(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    sandbox.fault(Fault.ROUTES_RELOADING, "dev")
    sandbox.fault(Fault.LOGIN_REDIRECT, "test")
    waits: list[str] = []

    def mended_when_waited_for(step: Step) -> None:
        if step.words.startswith("waiting: "):
            waits.append(step.environment)
            lifecycle.clear_faults(sandbox.folder, ["dev"])

    options = ApplyOptions(BY_BOB, smoke=True, smoke_wait=60)
    applied, errors = apply_plan(plan, environments, options, progress=mended_when_waited_for)
    assert (errors, set(waits)) == ([], {"dev"})
    dev, test = applied.smoke
    assert (dev.attempts, dev.gave_up) == (2, None)
    assert (test.attempts, test.gave_up) == (1, "waiting cannot mend odata4")
    assert applied.not_started == ["prod"]


def test_a_failed_wave_is_undone_on_request(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    sandbox.fault(Fault.LOGIN_REDIRECT, "test")
    options = ApplyOptions(BY_BOB, smoke=True, revert_on_failure=True)
    applied, errors = apply_plan(plan, environments, options)
    assert errors == []
    assert _present(sandbox) == {"dev": 1800, "test": 3600, "prod": 3600}
    (undone,) = applied.reverted
    done = applied.change_sets[1]
    assert (undone.environment, undone.reverts) == ("test", done.id)
    assert [check.status for check in undone.checks] == [Status.PASS, Status.PASS]
    (entry,) = _journal(environments["test"], undone.id)
    assert (entry.old, entry.new, entry.reverts) == (1800, 3600, done.id)
    assert applied.not_started == ["prod"]
    assert Result("apply", applied).exit_code == 1


def test_smoke_that_an_environment_is_not_set_up_for_is_told_before_anything(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    without = msgspec.structs.replace(environments["prod"], creatio=None)
    options = ApplyOptions(BY_BOB, smoke=True)
    _, (error,) = apply_plan(plan, {**environments, "prod": without}, options)
    assert (error.exit_code, error.environment) == (EXIT_USAGE, "prod")
    assert set(_present(sandbox).values()) == {3600}


def test_the_policy_of_today_counts(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    strict = msgspec.structs.replace(
        environments["prod"],
        policy=msgspec.structs.replace(environments["prod"].policy, min_lifetime=3000),
    )
    stricter = {**environments, "prod": strict}
    _, (error,) = apply_plan(plan, stricter, QUICK)
    assert (error.code, error.environment) == ("policy", "prod")
    assert set(_present(sandbox).values()) == {3600}
    _, errors = apply_plan(
        plan, stricter, replace(QUICK, change=replace(QUICK.change, override_policy=True))
    )
    assert errors == []
    assert set(_present(sandbox).values()) == {1800}


def test_a_dry_run_writes_nothing(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    options = replace(QUICK, change=replace(QUICK.change, dry_run=True))
    applied, errors = apply_plan(plan, environments, options)
    assert errors == []
    assert {one.outcome for one in applied.change_sets} == {Outcome.DRY_RUN}
    assert set(_present(sandbox).values()) == {3600}


# One wave of several databases


@pytest.fixture(scope="module")
def east(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    with new_database(server, template, tmp_path_factory.mktemp("east")) as database:
        yield PostgresInstallation(database)


@pytest.fixture
def wave(
    east: Installation, installation: Installation
) -> Iterator[tuple[Plan, dict[str, Environment]]]:
    """A plan for two databases at once: A1 from 3600 s to 900 s, B2 stays at 1800 s.

    One is always PostgreSQL; the other is of each engine in turn.
    """
    both = {"east": east, "west": installation}
    for one in both.values():
        one.add_client("A1", "Sync", 3600)
        one.add_client("B2", "Export", 1800)
        one.make_journal()
    observed = [Change("A1", "Sync", 3600, 900), Change("B2", "Export", 1800, 1800)]
    plan = _plan(*(EnvironmentPlan(name, 1, observed) for name in both))
    yield (
        plan,
        {name: msgspec.structs.replace(one.environment(), name=name) for name, one in both.items()},
    )
    east.clear()


def _lifetimes(environments: Mapping[str, Environment]) -> dict[str, dict[str, int]]:
    found = {}
    for name, environment in environments.items():
        with open_store(environment) as store:
            found[name] = {client.client_id: client.lifetime for client in store.clients()}
    return found


OLD = {"A1": 3600, "B2": 1800}
NEW = {"A1": 900, "B2": 1800}


def test_the_environments_of_a_wave_are_changed_at_once(
    wave: tuple[Plan, dict[str, Environment]],
) -> None:
    plan, environments = wave
    both = threading.Barrier(2, timeout=20)

    def progress(step: Step) -> None:
        if step.words == "committing":
            both.wait()  # neither gets here before the other does

    applied, errors = apply_plan(plan, environments, QUICK, progress=progress)
    assert errors == []
    assert _lifetimes(environments) == {"east": NEW, "west": NEW}
    for done in applied.change_sets:
        (entry,) = _journal(environments[done.environment], done.id)
        assert (entry.client_id, entry.old, entry.new) == ("A1", 3600, 900)


def test_a_moved_value_of_a_client_that_stays_counts_too(
    wave: tuple[Plan, dict[str, Environment]],
) -> None:
    plan, environments = wave
    with open_store(environments["west"]) as store, store.change() as transaction:
        transaction.write([Change("B2", None, 1800, 1000)])
    _, (error,) = apply_plan(plan, environments, QUICK)
    assert (error.code, error.environment) == ("value-changed", "west")
    assert _lifetimes(environments) == {"east": OLD, "west": {**OLD, "B2": 1000}}


def test_a_value_that_moves_in_the_last_moment_stops_that_environment(
    wave: tuple[Plan, dict[str, Environment]],
) -> None:
    plan, environments = wave

    def progress(step: Step) -> None:
        if step == Step("west", "connecting"):
            with open_store(environments["west"]) as store, store.change() as transaction:
                transaction.write([Change("B2", None, 1800, 1000)])

    options = replace(QUICK, revert_on_failure=True)
    applied, (error,) = apply_plan(plan, environments, options, progress=progress)
    assert (error.code, error.environment) == ("value-changed", "west")
    assert [one.environment for one in applied.reverted] == ["east"]
    assert _lifetimes(environments) == {"east": OLD, "west": {**OLD, "B2": 1000}}
    assert Result("apply", applied, [error]).exit_code == EXIT_CONFLICT


def test_a_lock_in_other_hands_is_a_conflict_of_one_environment(
    wave: tuple[Plan, dict[str, Environment]],
) -> None:
    plan, environments = wave
    quick = replace(QUICK, change=replace(QUICK.change, lock_timeout=0.2))
    with open_store(environments["west"]) as store, store.change():
        applied, (error,) = apply_plan(plan, environments, quick)
    assert isinstance(error, LockHeld)
    assert error.environment == "west"
    assert [one.environment for one in applied.change_sets] == ["east"]
    assert _lifetimes(environments) == {"east": NEW, "west": OLD}


def test_of_two_applies_at_once_one_is_refused_and_both_journals_are_right(
    wave: tuple[Plan, dict[str, Environment]],
) -> None:
    plan, environments = wave
    outcomes: list[tuple[Applied, Sequence[Exception]]] = []
    at_the_start = {name: threading.Barrier(2) for name in environments}

    def progress(step: Step) -> None:
        if step.words == "connecting":
            at_the_start[step.environment].wait(20)  # both have found the plan to be fresh

    def apply() -> None:
        outcomes.append(apply_plan(plan, environments, QUICK, progress=progress))

    threads = [threading.Thread(target=apply) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _lifetimes(environments) == {"east": NEW, "west": NEW}
    for name, environment in environments.items():
        (entry,) = _journal(environment, None)
        made = [
            one.id for done, _ in outcomes for one in done.change_sets if one.environment == name
        ]
        refused = [
            e for _, errors in outcomes for e in errors if getattr(e, "environment", "") == name
        ]
        assert made == [entry.change_set]
        assert [type(error) for error in refused] == [ValueChanged]


def test_of_two_applies_to_different_clients_one_waits_for_the_other(
    wave: tuple[Plan, dict[str, Environment]],
) -> None:
    _, environments = wave
    wanted = [Change("A1", "Sync", 3600, 900), Change("B2", "Export", 1800, 700)]
    writing, waiting = threading.Event(), threading.Event()

    def first(step: Step) -> None:
        if step.words.startswith("writing 1"):
            writing.set()
            assert waiting.wait(10)
            time.sleep(0.3)

    def second(step: Step) -> None:
        if step.words == "waiting for the lock":
            waiting.set()

    def apply(change: Change, progress: Progress) -> tuple[Applied, Sequence[Exception]]:
        plan = _plan(EnvironmentPlan("west", 1, [change]))
        patient = replace(QUICK, change=replace(QUICK.change, lock_timeout=10))
        return apply_plan(plan, environments, patient, progress=progress)

    with ThreadPoolExecutor() as pool:
        one = pool.submit(apply, wanted[0], first)
        assert writing.wait(10)
        other = pool.submit(apply, wanted[1], second)
        outcomes = one.result(), other.result()
    assert [list(errors) for _, errors in outcomes] == [[], []]
    assert _lifetimes(environments)["west"] == {"A1": 900, "B2": 700}
    later, earlier = _journal(environments["west"], None)
    assert [(e.client_id, e.old, e.new) for e in (earlier, later)] == [
        (change.client_id, change.old, change.new) for change in wanted
    ]
    assert [entry.change_set for entry in (earlier, later)] == [
        done.id for applied, _ in outcomes for done in applied.change_sets
    ]


# Ended from outside


_APPLY = """
import sys
import time
from pathlib import Path
import msgspec
from opskit.apply import ApplyOptions, apply_plan
from opskit.config import load_config
from opskit.interruption import Stop
from opskit.journal import Author
from opskit.lifetime import ChangeOptions
from opskit.models import Change, EnvironmentPlan, Plan

at = sys.argv[1]
environments = {
    name: msgspec.structs.replace(load_config(Path(path)).environments["unit"], name=name)
    for name, path in zip(("east", "west"), sys.argv[2:])
}
observed = [Change("A1", "Sync", 3600, 900), Change("B2", "Export", 1800, 1800)]
plan = Plan([EnvironmentPlan(name, 1, observed) for name in environments], "0" * 64)

def progress(step):
    if (step.environment, step.words) == ("west", at):
        print("there", flush=True)
        while not stop.asked:
            time.sleep(0.01)

stop = Stop(progress)
options = ApplyOptions(ChangeOptions(Author("ended"), verify=False))
applied, errors = apply_plan(plan, environments, options, progress=stop)
print("changed:", *sorted(one.environment for one in applied.change_sets))
for error in sorted(errors, key=lambda error: error.environment or ""):
    print(f"{error.environment}: {error.message}")
"""

BEFORE_THE_COMMIT = [
    "connecting",
    "waiting for the lock",
    "comparing with what was planned",
    "writing 1 lifetime",
    "writing the journal",
    "committing",
]
STEPS = [*BEFORE_THE_COMMIT, "reading back", "noting the proof in the journal"]


def _ended(at: str, by: signal.Signals, environments: Mapping[str, Environment]) -> str:
    """Carry out the plan in a child that a signal meets in the west ``at`` a step."""
    paths = [str(environment.folder / "opskit.toml") for environment in environments.values()]
    with subprocess.Popen(
        [sys.executable, "-c", _APPLY, at, *paths],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "there\n"
        child.send_signal(by)
        rest, _ = child.communicate(timeout=60)
    for environment in environments.values():
        with open_store(environment) as store, store.change(lock_timeout=10) as transaction:
            transaction.roll_back()  # the server has noticed the end
    return rest


def _is_whole(environment: Environment) -> bool:
    """Return whether the environment is changed; it and its journal must agree on that."""
    with open_store(environment) as store:
        lifetimes = {client.client_id: client.lifetime for client in store.clients()}
        entries = store.journal()
    assert lifetimes in (OLD, NEW)
    assert len(entries) == (1 if lifetimes == NEW else 0)
    return lifetimes == NEW


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("at", STEPS)
def test_ctrl_c_leaves_each_environment_whole_and_says_which(
    at: str, wave: tuple[Plan, dict[str, Environment]]
) -> None:
    _, environments = wave
    said = _ended(at, signal.SIGINT, environments)
    changed = {name for name, environment in environments.items() if _is_whole(environment)}
    assert ("west" in changed) is (at not in BEFORE_THE_COMMIT)
    assert said.splitlines()[0].split()[1:] == sorted(changed)
    assert "Interrupted" in said
    assert ("west: Interrupted; nothing was written" in said) is ("west" not in changed)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("at", STEPS)
def test_kill_9_leaves_each_environment_whole(
    at: str, wave: tuple[Plan, dict[str, Environment]]
) -> None:
    _, environments = wave
    _ended(at, signal.SIGKILL, environments)
    assert _is_whole(environments["west"]) is (at not in BEFORE_THE_COMMIT)
    _is_whole(environments["east"])


def test_after_an_interruption_no_wave_begins(
    wave: tuple[Plan, dict[str, Environment]],
) -> None:
    plan, environments = wave
    first, second = plan.environments
    waves = _plan(first, replace(second, wave=2))

    def progress(step: Step) -> None:
        if step.words == "writing the journal":
            raise Interrupted("stop")

    applied, (error,) = apply_plan(waves, environments, QUICK, progress=progress)
    assert "nothing was written" in error.message
    assert applied.not_started == ["west"]
    assert _lifetimes(environments) == {"east": OLD, "west": OLD}
