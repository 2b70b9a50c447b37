# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit plan``."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import (
    altered,
    assert_error_is_said,
    plain,
    run,
    run_at_terminal,
    run_both,
)
from tests.conftest import Sandbox

CLIENT = "Data Mart Sync"
ENTRY = f'[[clients]]\nclient = "{CLIENT}"\nlifetime = "30m"\n'


@pytest.fixture
def config(untouched: Sandbox, tmp_path: Path) -> Path:
    """The sandbox's configuration, with a desired state beside it."""
    (tmp_path / "lifetimes.toml").write_text(ENTRY, encoding="utf-8")
    return altered(untouched, tmp_path)


def test_table(config: Path) -> None:
    ran = run("plan", config=config)
    assert (ran.code, ran.err) == (0, "")
    lines = [line.strip() for line in ran.out.splitlines()]
    assert [line for line in lines if "wave" in line] == [
        "dev  wave 1",
        "test  wave 2",
        "prod  wave 3",
    ]
    assert ran.out.count("3600 s (1h) → 1800 s (30m)") == 3
    assert lines[2].startswith("unmanaged: Billing Export, Legacy Reporting,")
    assert "3 changes in 3 environments; 16 clients unmanaged" in ran.out
    assert lines[-1].startswith("plan ")
    assert "! Legacy Reporting: 604800 s (7d) now, over the maximum" in ran.out


def test_json(config: Path) -> None:
    ran = run("plan", "-o", "json", "-e", "prod", "-e", "dev", config=config)
    document = ran.json()
    assert document["command"] == "plan"
    assert [one["environment"] for one in document["data"]["environments"]] == ["dev", "prod"]
    (observed,) = document["data"]["environments"][0]["observed"]
    assert (observed["name"], observed["old"], observed["new"]) == (CLIENT, 3600, 1800)
    assert len(document["data"]["hash"]) == 64


def test_the_order_of_e_does_not_change_the_plan(config: Path) -> None:
    hashes = {
        run("plan", "-o", "json", *order, config=config).json()["data"]["hash"]
        for order in (("-e", "dev", "-e", "test"), ("-e", "test", "-e", "dev"))
    }
    assert len(hashes) == 1


@pytest.mark.parametrize(("lifetime", "code"), [("30m", 5), ("1h", 0)])
def test_pending_changes_decide_the_exit_code_when_asked(
    config: Path, lifetime: str, code: int
) -> None:
    config.with_name("lifetimes.toml").write_text(ENTRY.replace("30m", lifetime))
    table, in_json = run_both("plan", "--detailed-exitcode", config=config)
    assert (table.code, in_json.code) == (code, code)
    assert in_json.json()["errors"] == []
    assert ("nothing to change" in table.out) is (code == 0)


def test_it_is_saved(config: Path, tmp_path: Path) -> None:
    ran = run("plan", "--out", "plan.json", config=config, cwd=tmp_path)
    assert ran.code == 0
    assert ran.out.rstrip().endswith("saved to plan.json")
    document = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    assert document["hash"].startswith(ran.out.split("plan ")[1][:12])
    again = run("plan", "--out", "plan.json", "-o", "json", config=config, cwd=tmp_path)
    assert again.json()["data"]["hash"] == document["hash"]
    assert again.json()["data"]["path"] == "plan.json"


def test_the_desired_state_is_found_where_it_is_said(config: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(ENTRY.replace("30m", "20m"))
    for ran in (
        run("plan", "-f", str(other), "-e", "dev", config=config),
        run("plan", "-e", "dev", config=config, env={"OPSKIT_LIFETIMES": str(other)}),
    ):
        assert "1200 s (20m)" in ran.out


def test_without_a_desired_state(config: Path) -> None:
    config.with_name("lifetimes.toml").unlink()
    table, in_json = run_both("plan", config=config)
    assert table.code == 2
    assert_error_is_said(table)
    assert in_json.error_codes() == ["lifetimes-missing"]


def test_a_policy_that_refuses_ends_with_two_and_saves_nothing(
    config: Path, tmp_path: Path
) -> None:
    config.with_name("lifetimes.toml").write_text(ENTRY.replace("30m", "25h"))
    table = run("plan", "--out", "plan.json", "--detailed-exitcode", config=config, cwd=tmp_path)
    assert table.code == 2
    assert "✗ Data Mart Sync: 90000 s (1d 1h), over the maximum of 86400 s (1d)" in table.out
    assert "--override-policy" in table.err
    assert "Nothing was saved to plan.json" in table.err
    assert not (tmp_path / "plan.json").exists()
    in_json = run("plan", "-o", "json", config=config)
    assert in_json.error_codes() == ["policy"] * 3
    assert len(in_json.json()["data"]["environments"]) == 3


def test_a_policy_can_be_overridden(config: Path, tmp_path: Path) -> None:
    config.with_name("lifetimes.toml").write_text(ENTRY.replace("30m", "25h"))
    ran = run("plan", "--override-policy", "--out", "p", config=config, cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert "accepted by --override-policy" in ran.out
    assert json.loads((tmp_path / "p").read_text("utf-8"))["policy_overridden"] is True


@pytest.mark.parametrize("lifetime", ["0", "-5"])
def test_a_lifetime_that_locks_clients_out_is_never_accepted(config: Path, lifetime: str) -> None:
    config.with_name("lifetimes.toml").write_text(ENTRY.replace('"30m"', lifetime))
    ran = run("plan", "--override-policy", config=config)
    assert ran.code == 2
    assert "must be 1 to" in ran.err


def test_an_environment_that_cannot_be_read_ends_with_three_and_saves_nothing(
    untouched: Sandbox, tmp_path: Path
) -> None:
    url = str(untouched.environment("test").database)
    config = altered(untouched, tmp_path, (url, "postgresql://opskit@127.0.0.1:1/identity_test"))
    (tmp_path / "lifetimes.toml").write_text(ENTRY)
    ran = run("plan", "--out", "plan.json", "--detailed-exitcode", config=config, cwd=tmp_path)
    assert ran.code == 3
    assert "dev  wave 1" in ran.out
    assert "prod  wave 3" in ran.out
    assert "Nothing was saved to plan.json" in ran.err
    assert not (tmp_path / "plan.json").exists()


def test_at_a_terminal(config: Path) -> None:
    ran = run_at_terminal("plan", "-e", "dev", config=config, columns=100)
    assert "\x1b[" in ran.out
    assert "3600 s (1h) → 1800 s (30m)" in plain(ran.out)
