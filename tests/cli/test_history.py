# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit history`` and ``opskit revert``."""

import getpass
import re
import time
from pathlib import Path

import pytest

from opskit.sandbox.faults import Fault
from tests.cli.conftest import plain, posix_only, run, run_at_terminal, run_both
from tests.cli.test_lifetime import CLIENT, IDS, SET
from tests.conftest import Sandbox
from tests.scripted_server import closed_port


def _changed(sandbox: Sandbox, environment: str = "dev", *more: str) -> str:
    """Change a lifetime and return the change set's id."""
    ran = run(*SET, "30m", "-e", environment, "-y", "-o", "json", *more, config=sandbox.config)
    assert ran.code == 0
    (change_set,) = ran.json()["data"]["change_sets"]
    return str(change_set["id"])


def test_who_changed_what_and_why(sandbox: Sandbox) -> None:
    change_set = _changed(sandbox, "dev", "--reason", "security review", "--actor", "Ada L.")
    table, json = run_both("history", "-n", "1", config=sandbox.config)
    assert (table.code, table.err) == (0, "")
    heading, _, row = table.out.splitlines()
    columns = "when (UTC) change set environment client before after who token why"
    assert heading.split() == columns.split()
    for part in (change_set, "dev", CLIENT, "3600 s (1h)", "1800 s (30m)", "Ada L.", "proved"):
        assert part in row
    assert row.endswith("security review")
    (entry,) = json.json()["data"]["entries"]
    assert entry["change_set"] == change_set
    assert entry["client_id"] == IDS["dev"]
    assert (entry["old"], entry["new"]) == (3600, 1800)
    assert (entry["actor"], entry["login"]) == ("Ada L.", "opskit")
    assert (entry["reason"], entry["verification"]) == ("security review", "proved")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", entry["changed_at"])


def test_the_actor_is_the_user_without_another_word(sandbox: Sandbox) -> None:
    change_set = _changed(sandbox)
    ran = run("history", change_set, "-o", "json", config=sandbox.config)
    (entry,) = ran.json()["data"]["entries"]
    assert entry["actor"].startswith(f"{getpass.getuser()}@")


def test_a_journal_that_could_not_be_read_is_not_an_empty_one(tmp_path: Path) -> None:
    config = tmp_path / "opskit.toml"
    where = f"postgresql://opskit@127.0.0.1:{closed_port()}/identity"
    config.write_text(f'[environments.dev]\ndatabase = "{where}"\n', encoding="utf-8")
    table, json = run_both("history", config=config)
    assert (table.code, table.out) == (3, "")
    assert json.json()["data"] is None
    assert json.error_codes() == ["database-unreachable"]


def test_filters(sandbox: Sandbox) -> None:
    change_set = _changed(sandbox, "prod")

    def shown(*filters: str) -> bool:
        ran = run("history", *filters, "-o", "json", config=sandbox.config)
        assert ran.code == 0
        return change_set in {e["change_set"] for e in ran.json()["data"]["entries"]}

    assert shown("-e", "prod", "--client", "data mart*", "--since", "1h", change_set[:-2])
    assert shown("--since", "2026-01-01", "--actor", getpass.getuser()[:3])
    assert not shown("-e", "dev")
    assert not shown("--client", "Billing Export")
    assert not shown("--since", "2999-01-01T12:00")
    assert not shown("--actor", "nobody at all")
    assert not shown("1999")


@pytest.mark.parametrize("when", ["yesterday", "2026-13-01", ""])
def test_no_moment(untouched: Sandbox, when: str) -> None:
    ran = run("history", "--since", when, config=untouched.config)
    assert ran.code == 2
    assert "is no moment: write 2026-01-31" in ran.err


def test_undone_with_one_command(sandbox: Sandbox) -> None:
    change_set = _changed(sandbox)
    dry = run("revert", change_set, "--dry-run", config=sandbox.config)
    assert "dry run: rolled back" in dry.out
    assert sandbox.lifetimes("dev")[IDS["dev"]] == 1800
    ran = run("revert", change_set, "--reason", "too short after all", config=sandbox.config)
    assert (ran.code, ran.err) == (0, "")
    assert f"changed back, which reverts {change_set}" in ran.out
    assert "lives 3600 s (1h), as the database says" in ran.out
    assert sandbox.lifetimes("dev")[IDS["dev"]] == 3600
    history = run("history", "-n", "1", config=sandbox.config)
    assert f"reverts {change_set}; too short after all" in history.out


def test_somebody_changed_it_again(sandbox: Sandbox) -> None:
    change_set = _changed(sandbox)
    assert run(*SET, "20m", "-e", "dev", "--no-verify", config=sandbox.config).code == 0
    ran = run("revert", change_set, config=sandbox.config)
    assert (ran.code, ran.out) == (4, "")
    assert f"{CLIENT} had 1800 s and has 1200 s now. Nothing was written." in ran.err
    assert "--force" in ran.err
    forced = run("revert", change_set, "--force", config=sandbox.config)
    assert forced.code == 0
    assert f"! {CLIENT} had 1200 s, not the 1800 s of that change set" in forced.out
    assert sandbox.lifetimes("dev")[IDS["dev"]] == 3600


@pytest.mark.parametrize("named", ["19990101-000000-00000000", "x"])
def test_a_change_set_that_nobody_made(untouched: Sandbox, named: str) -> None:
    table, json = run_both("revert", named, config=untouched.config)
    assert table.code == 2
    assert "opskit history" in table.err
    assert json.error_codes() == ["change-set-unknown"]


def test_a_protected_environment_is_not_undone_unasked(sandbox: Sandbox) -> None:
    change_set = _changed(sandbox, "prod")
    refused = run("revert", change_set, config=sandbox.config)
    assert (refused.code, refused.out) == (2, "")
    assert "prod is protected" in refused.err
    assert sandbox.lifetimes("prod")[IDS["prod"]] == 1800
    assert run("revert", change_set, "--yes", config=sandbox.config).code == 0


def test_a_plan_is_undone_everywhere_with_one_command(sandbox: Sandbox, tmp_path: Path) -> None:
    saved = str(tmp_path / "plan.json")
    planned = run("plan", "--out", saved, "-o", "json", config=sandbox.config)
    plan = str(planned.json()["data"]["hash"])
    assert run("apply", saved, "--yes", "--no-verify", config=sandbox.config).code == 0
    assert f"plan {plan[:12]}" in run("history", config=sandbox.config).out
    refused = run("revert", "--plan", plan[:12], config=sandbox.config)
    assert (refused.code, refused.out) == (2, "")
    assert "prod is protected" in refused.err
    ran = run("revert", "--plan", plan[:12], "--yes", config=sandbox.config)
    assert (ran.code, ran.err) == (0, "")
    assert {sandbox.lifetimes(name)[IDS[name]] for name in IDS} == {3600}
    again = run("revert", "--plan", plan[:12], "--yes", config=sandbox.config)
    assert (again.code, again.out) == (0, "")
    assert again.err == "Nothing to undo: what this plan changed was put back already.\n"


@pytest.mark.parametrize("named", [[], ["x", "--plan", "y"]])
def test_either_a_change_set_or_a_plan(untouched: Sandbox, named: list[str]) -> None:
    ran = run("revert", *named, config=untouched.config)
    assert (ran.code, ran.out) == (2, "")
    assert "either a change set or, with --plan, the hash of a plan" in ran.err


@posix_only
def test_a_protected_environment_is_undone_when_confirmed(sandbox: Sandbox) -> None:
    change_set = _changed(sandbox, "prod")
    ran = run_at_terminal("revert", change_set, config=sandbox.config, answer="y\n")
    assert ran.code == 0
    assert "prod is protected. Change it? [y/N]" in ran.out
    assert sandbox.lifetimes("prod")[IDS["prod"]] == 3600


@posix_only
def test_waiting_for_a_cache_is_counted_down_at_a_terminal(sandbox: Sandbox) -> None:
    assert run("verify", "-e", "dev", config=sandbox.config).code == 0  # now the cache holds it
    sandbox.fault(Fault.CACHE, seconds=4)
    started = time.monotonic()
    ran = run_at_terminal(
        *SET, "45m", "-e", "dev", "--wait", "30s", config=sandbox.config, columns=80
    )
    assert ran.code == 0
    assert time.monotonic() - started < 20
    counted = [int(n) for n in re.findall(r" (\d+)s left", plain(ran.out))]
    assert len(counted) > 3
    assert counted == sorted(counted, reverse=True)
    assert len(set(counted)) > 2
