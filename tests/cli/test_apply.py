# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit apply``: from a plan on Monday to the undo a month later."""

from pathlib import Path

import pytest

from opskit.sandbox.faults import Fault
from tests.cli.conftest import posix_only, run, run_at_terminal, run_both
from tests.cli.test_lifetime import CLIENT, IDS
from tests.conftest import Sandbox

LIFETIMES = f"""
[[clients]]
client = "{CLIENT}"
lifetime = "30m"
environments = {{ prod = "15m" }}
"""


@pytest.fixture
def desired(tmp_path: Path) -> Path:
    path = tmp_path / "lifetimes.toml"
    path.write_text(LIFETIMES, encoding="utf-8")
    return path


@pytest.fixture
def saved(untouched: Sandbox, desired: Path, tmp_path: Path) -> Path:
    """A plan for the sandbox as it is before each test."""
    path = tmp_path / "plan.json"
    ran = run("plan", "-f", str(desired), "--out", str(path), config=untouched.config)
    assert ran.code == 0
    return path


def _present(sandbox: Sandbox) -> list[int]:
    return [sandbox.lifetimes(name)[IDS[name]] for name in IDS]


def test_planned_moved_planned_anew_applied_asked_about_and_undone(
    sandbox: Sandbox, desired: Path, saved: Path
) -> None:
    config = sandbox.config
    by_hand = ("lifetime", "set", CLIENT, "50m", "-e", "test", "--no-journal")
    assert run(*by_hand, config=config).code == 0

    stale = run("apply", str(saved), "--yes", config=config)
    assert stale.code == 4
    assert "planned from 3600 s, has 3000 s now" in stale.err
    assert "Nothing was written." in stale.err
    assert "not started: dev, test, prod" in stale.out
    assert _present(sandbox) == [3600, 3000, 3600]

    again = ("plan", "-f", str(desired), "--out", str(saved), "--detailed-exitcode")
    assert run(*again, config=config).code == 5
    why = ("--reason", "security review", "--actor", "grace of apply")
    applied = run("apply", str(saved), "--yes", "--smoke", *why, config=config)
    assert (applied.code, applied.err) == (0, "")
    assert applied.out.count("lifetime.fresh_token") == 3
    assert "lives 900 s (15m), as the database says" in applied.out
    assert _present(sandbox) == [1800, 1800, 900]
    assert run(*again, config=config).code == 0

    asked = run(
        "history", "--actor", "grace of apply", "--since", "1h", "-o", "json", config=config
    )
    entries = {entry["environment"]: entry for entry in asked.json()["data"]["entries"]}
    assert list(entries) == ["prod", "test", "dev"]
    assert {entry["reason"] for entry in entries.values()} == {"security review"}
    assert {entry["verification"] for entry in entries.values()} == {"proved"}
    assert len({entry["plan_hash"] for entry in entries.values()}) == 1

    undo = applied.out.splitlines()[-1].removeprefix("to undo it: opskit ")
    undone = run(*undo.split(), "--yes", config=config)
    assert (undone.code, undone.err) == (0, "")
    assert _present(sandbox) == [3600, 3000, 3600]


def test_the_desired_state_in_one_go(sandbox: Sandbox, desired: Path) -> None:
    ran = run(
        "apply", "-f", str(desired), "-e", "dev", "-e", "test", "-o", "json", config=sandbox.config
    )
    assert ran.code == 0
    data = ran.json()["data"]
    assert [one["environment"] for one in data["change_sets"]] == ["dev", "test"]
    assert (data["not_started"], data["smoke"], data["reverted"]) == ([], [], [])
    assert _present(sandbox) == [1800, 1800, 3600]


def test_a_part_of_a_plan(sandbox: Sandbox, saved: Path) -> None:
    assert run("apply", str(saved), "-e", "dev", config=sandbox.config).code == 0
    assert _present(sandbox) == [1800, 3600, 3600]
    none = run("apply", str(saved), "-e", "nowhere", config=sandbox.config)
    assert none.code == 2


def test_a_failed_wave_is_undone(sandbox: Sandbox, saved: Path) -> None:
    sandbox.fault(Fault.LOGIN_REDIRECT, "test")
    ran = run("apply", str(saved), "--yes", "--smoke", "--revert-on-failure", config=sandbox.config)
    assert ran.code == 1
    assert "changed back, which reverts " in ran.out
    assert "not started: prod" in ran.out
    assert _present(sandbox) == [1800, 3600, 3600]


def test_without_a_plan_the_environments_are_named(untouched: Sandbox, desired: Path) -> None:
    table, json = run_both("apply", "-f", str(desired), config=untouched.config)
    assert (table.code, table.out) == (2, "")
    assert "--all-envs" in table.err
    assert json.error_codes() == ["environment-missing"]


def test_a_plan_and_a_desired_state_exclude_each_other(
    untouched: Sandbox, desired: Path, saved: Path
) -> None:
    ran = run("apply", str(saved), "-f", str(desired), config=untouched.config)
    assert (ran.code, ran.out) == (2, "")
    assert "exclude each other" in ran.err


def test_nobody_to_ask(untouched: Sandbox, saved: Path) -> None:
    ran = run("apply", str(saved), config=untouched.config)
    assert (ran.code, ran.out) == (2, "")
    assert "prod is protected" in ran.err
    assert _present(untouched) == [3600, 3600, 3600]


@posix_only
@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 130)])
def test_the_question_comes_before_the_first_write(
    sandbox: Sandbox, saved: Path, answer: str, code: int
) -> None:
    ran = run_at_terminal("apply", str(saved), config=sandbox.config, answer=f"{answer}\n")
    assert ran.code == code
    assert f"prod: {CLIENT}  3600 s → 900 s" in ran.out
    assert ran.out.count("Change it? [y/N]") == 1
    assert _present(sandbox) == ([1800, 1800, 900] if code == 0 else [3600, 3600, 3600])
