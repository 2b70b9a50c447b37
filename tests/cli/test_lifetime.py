# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit lifetime list`` and ``opskit lifetime set``."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import Sequence

import pytest

from opskit.models import Change
from opskit.sandbox.catalog import INTEGRATIONS
from opskit.sandbox.faults import Fault
from opskit.verify.lifetime import prove
from tests.cli.conftest import command, plain, posix_only, run, run_at_terminal, surroundings
from tests.conftest import Sandbox

CLIENT = "Data Mart Sync"
SET = ("lifetime", "set", CLIENT)
IDS = {
    name: next(one.client_id(name) for one in INTEGRATIONS if one.name == CLIENT)
    for name in ("dev", "test", "prod")
}
COLOUR = re.compile(r"\x1b\[[0-9;]*\b(?:3[0-8]|4[0-8]|9[0-7])[0-9;]*m")


def line_with(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.strip().startswith(start))


def test_matrix(untouched: Sandbox) -> None:
    ran = run("lifetime", "list", config=untouched.config)
    assert (ran.code, ran.err) == (0, "")
    assert "\x1b" not in ran.out
    assert ran.out.split("\n", 1)[0].split() == ["client", "dev", "test", "prod"]
    assert line_with(ran.out, CLIENT).count("3600 (1h)") == 3
    assert line_with(ran.out, "Old Mobile App").count("disabled") == 3
    assert line_with(ran.out, "Legacy Reporting").count("604800 (7d) !") == 3
    assert line_with(ran.out, "Load Test Probe").split()[-2:] == ["–", "–"]
    marked = [line for line in ran.out.splitlines() if line.endswith("≠")]
    assert marked == [line_with(ran.out, "Telephony Bridge")]
    assert "≠ not the same everywhere: Telephony Bridge" in ran.out
    assert "! outside the environment's policy" in ran.out


@pytest.mark.parametrize("selector", ["data mart*", IDS["dev"]])
def test_selected_clients_of_one_environment(untouched: Sandbox, selector: str) -> None:
    ran = run("lifetime", "list", selector, "-e", "d*", config=untouched.config)
    assert ran.code == 0
    assert "ClientId" in ran.out
    assert IDS["dev"] in line_with(ran.out, CLIENT)
    assert "Billing Export" not in ran.out
    assert "≠" not in ran.out
    assert "policy" not in ran.out  # Legacy Reporting's is not asked about


def test_list_as_json(untouched: Sandbox) -> None:
    document = run("lifetime", "list", "-o", "json", config=untouched.config).json()
    assert document["command"] == "lifetime list"
    assert document["errors"] == []
    assert document["data"]["drift"] == ["Telephony Bridge"]
    dev, test, prod = document["data"]["environments"]
    assert [one["environment"] for one in (dev, test, prod)] == ["dev", "test", "prod"]
    assert len(dev["clients"]) == 7
    by_name = {client["name"]: client for client in dev["clients"]}
    wanted = {"client_id": IDS["dev"], "name": CLIENT, "lifetime": 3600, "enabled": True}
    assert by_name[CLIENT] == wanted
    assert by_name["Old Mobile App"]["enabled"] is False
    assert dev["outside_policy"] == [by_name["Legacy Reporting"]["client_id"]]


@posix_only
@pytest.mark.parametrize(
    ("arguments", "columns"),
    [
        (["lifetime", "list"], 80),
        ([*SET, "30m", "-e", "dev", "--dry-run"], 60),
    ],
)
def test_colour_and_width_of_a_terminal(
    untouched: Sandbox, arguments: Sequence[str], columns: int
) -> None:
    ran = run_at_terminal(*arguments, config=untouched.config, columns=columns)
    assert ran.code == 0
    assert COLOUR.search(ran.out)
    assert max(map(len, plain(ran.out).splitlines())) <= columns


@posix_only
@pytest.mark.parametrize("selector", [CLIENT, "Nobody"])
def test_no_color_is_honoured_at_a_terminal(untouched: Sandbox, selector: str) -> None:
    arguments = ("lifetime", "list", selector)
    ran = run_at_terminal(*arguments, config=untouched.config, env={"NO_COLOR": "1"})
    assert selector in ran.out
    assert not COLOUR.search(ran.out)


@posix_only
@pytest.mark.parametrize(
    "arguments", [["list"], ["list", "-o", "json"], ["list", "Nobody", "-o", "json"]]
)
def test_a_closed_pipe_is_no_accident(untouched: Sandbox, arguments: Sequence[str]) -> None:
    """As in `opskit lifetime list | head -1`, once head has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            command("lifetime", *arguments),
            stdout=writing,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=surroundings(untouched.config),
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.stderr == ""


def test_a_change_and_its_repetition(sandbox: Sandbox) -> None:
    ran = run(*SET, "30m", "-e", "dev", config=sandbox.config)
    assert (ran.code, ran.err) == (0, "")
    assert re.match(r"dev  changed  change set \d{8}-\d{6}-[0-9a-f]{8}\n", ran.out)
    row = line_with(ran.out, CLIENT)
    assert re.search(rf"{IDS['dev']} +3600 s \(1h\) +→ +1800 s \(30m\)", row)
    assert "the database holds 1800 s" in line_with(ran.out, "✓  lifetime.read_back")
    assert "lives 1800 s (30m)" in line_with(ran.out, "✓  lifetime.fresh_token")
    assert sandbox.lifetimes("dev")[IDS["dev"]] == 1800

    again = run(*SET, "30m", "-e", "dev", config=sandbox.config)
    assert again.code == 0
    assert again.out.startswith("dev  already so, nothing to do\n")


def test_a_change_as_json(sandbox: Sandbox) -> None:
    arguments = (*SET, "90m", "-e", "dev", "--expect", "1h", "--no-journal", "-o", "json")
    ran = run(*arguments, config=sandbox.config)
    assert (ran.code, ran.err) == (0, "")
    (change_set,) = ran.json()["data"]["change_sets"]
    assert (change_set["environment"], change_set["outcome"]) == ("dev", "changed")
    wanted = {"client_id": IDS["dev"], "name": CLIENT, "old": 3600, "new": 5400}
    assert change_set["changes"] == [wanted]
    checks = {check["id"]: check["status"] for check in change_set["checks"]}
    assert checks == {"lifetime.read_back": "pass", "lifetime.fresh_token": "pass"}


def test_dry_run_over_several_environments(untouched: Sandbox) -> None:
    before = {name: untouched.lifetimes(name) for name in IDS}
    ran = run(*SET, "30m", "--all-envs", "--dry-run", config=untouched.config)
    assert ran.code == 0
    assert ran.out.count("dry run: rolled back, nothing was written") == 3
    assert "1800 s (30m)" in ran.out
    assert {name: untouched.lifetimes(name) for name in IDS} == before


def test_a_glob_names_environments(sandbox: Sandbox) -> None:
    ran = run(*SET, "2m", "-e", "*e*", "--no-verify", config=sandbox.config)
    assert ran.code == 0
    assert "lifetime.read_back" in ran.out
    assert "lifetime.fresh_token" not in ran.out
    assert "! under 5m" in ran.out
    assert [sandbox.lifetimes(name)[IDS[name]] for name in IDS] == [120, 120, 3600]


def test_all_matches(sandbox: Sandbox) -> None:
    arguments = ("lifetime", "set", "*", "2d", "-e", "dev", "--all-matches", "--override-policy")
    ran = run(*arguments, "--no-verify", config=sandbox.config)
    assert ran.code == 0
    assert "outside the policy" in ran.out
    assert set(sandbox.lifetimes("dev").values()) == {2 * 86_400}


def test_nobody_to_ask_about_a_protected_environment(untouched: Sandbox) -> None:
    before = untouched.lifetimes("prod")
    ran = run(*SET, "30m", "-e", "prod", config=untouched.config, stdin="y\n")
    assert ran.code == 2
    assert "Nothing was written" in ran.err
    assert "--yes" in ran.err
    assert untouched.lifetimes("prod") == before


def test_nothing_is_written_anywhere_when_one_environment_must_refuse(
    untouched: Sandbox,
) -> None:
    before = {name: untouched.lifetimes(name) for name in ("dev", "test", "prod")}
    protected = run(*SET, "30m", "--all-envs", config=untouched.config, stdin="")
    assert (protected.code, protected.out) == (2, "")
    probe = ("lifetime", "set", "Load Test Probe", "20m", "--all-envs", "--yes")
    absent = run(*probe, config=untouched.config)
    assert (absent.code, absent.out) == (2, "")
    assert "No client matches 'Load Test Probe' in test" in absent.err
    both = run(*SET, "30m", "-e", "dev", "--all-envs", config=untouched.config)
    assert (both.code, both.out) == (2, "")
    assert "exclude each other" in both.err
    assert {name: untouched.lifetimes(name) for name in before} == before


def test_yes_for_a_protected_environment(sandbox: Sandbox) -> None:
    assert run(*SET, "30m", "-e", "prod", "--yes", config=sandbox.config).code == 0
    assert sandbox.lifetimes("prod")[IDS["prod"]] == 1800


@posix_only
@pytest.mark.parametrize(("answer", "code", "after"), [("y", 0, 1800), ("n", 130, 3600)])
def test_an_answer_for_a_protected_environment(
    sandbox: Sandbox, answer: str, code: int, after: int
) -> None:
    ran = run_at_terminal(*SET, "30m", "-e", "prod", config=sandbox.config, answer=f"{answer}\n")
    assert "prod is protected. Change it? [y/N]" in ran.out
    assert ran.code == code
    assert ("Nothing was written" in ran.out) is (code == 130)
    assert sandbox.lifetimes("prod")[IDS["prod"]] == after


@pytest.fixture
def cached(sandbox: Sandbox) -> Sandbox:
    """The sandbox whose dev goes on to give Data Mart Sync tokens of an hour."""
    sandbox.fault(Fault.CACHE)
    assert asyncio.run(prove(sandbox.environment(), [Change(IDS["dev"], CLIENT, 3600, 3600)]))
    return sandbox


def test_a_cache_that_gives_the_old_lifetime(cached: Sandbox) -> None:
    ran = run(*SET, "30m", "-e", "dev", config=cached.config)
    assert ran.code == 1
    assert "cached client" in ran.out
    assert cached.lifetimes("dev")[IDS["dev"]] == 1800


@posix_only
def test_an_interrupt_while_waiting_for_the_cache(cached: Sandbox) -> None:
    with subprocess.Popen(
        command(*SET, "40m", "-e", "dev", "--wait", "60s"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=surroundings(cached.config),
    ) as process:
        assert process.stderr is not None
        assert "A fresh token lives 3600 s" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "3600 s (1h)   →   2400 s (40m)" in out
    assert "Interrupted: the change is committed" in err
    assert "   do: " in err
    assert "Traceback" not in err
    assert cached.lifetimes("dev")[IDS["dev"]] == 2400
