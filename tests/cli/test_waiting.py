# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What a pipeline sees of waiting, time limits, Ctrl-C and fleets."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from opskit.cli.progress import PlainDisplay
from opskit.progress import Step
from opskit.sandbox import lifecycle
from opskit.sandbox.faults import Fault
from tests.cli.conftest import Ran, command, posix_only, run, run_at_terminal, surroundings
from tests.conftest import Sandbox
from tests.fleet_server import FleetServer

SECRET = {"FLEET_SECRET": "correct horse battery staple"}


def mended_when_it_waits(sandbox: Sandbox, *arguments: str) -> Ran:
    """Run the command, and clear the faults of dev once it says that it waits."""
    with subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=surroundings(sandbox.config),
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        lifecycle.clear_faults(sandbox.folder, ["dev"])
        out, more = process.communicate(timeout=60)
    return Ran(process.returncode, out, said + more)


def test_an_instance_that_restarts_is_waited_for(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.UNAVAILABLE)
    ran = mended_when_it_waits(sandbox, "smoke", "-e", "dev", "--wait", "1m")
    assert ran.code == 0
    assert re.match(r"dev  8 passed  \d attempts in \d+ s\n", ran.out)
    assert re.match(r"dev: waiting: .*503.* (\d+s|1m) left\n", ran.err)


@pytest.mark.parametrize("fault", [Fault.ODATA_REBUILDING, Fault.ROUTES_RELOADING])
def test_what_a_deploy_leaves_for_a_minute_is_waited_for(sandbox: Sandbox, fault: Fault) -> None:
    sandbox.fault(fault)
    ran = mended_when_it_waits(sandbox, "smoke", "-e", "dev", "--wait", "1m", "-o", "json")
    (dev,) = ran.json()["data"]["environments"]
    assert dev["attempts"] > 1
    assert dev["waited"] > 0
    assert dev["gave_up"] is None


def test_it_is_said_that_waiting_cannot_mend_it(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.INVALID_SCOPE)
    ran = run("verify", "-e", "dev", "--wait", "10m", config=sandbox.config)
    assert ran.code == 1
    assert "\n  gave up: waiting cannot mend token.post\n" in ran.out


def test_repeated_checks_show_how_long_they_take(untouched: Sandbox) -> None:
    ran = run("smoke", "-e", "dev", "--repeat", "3", config=untouched.config)
    assert ran.code == 0
    times = r"3 runs, ms: least \d+, p50 \d+, p90 \d+, p99 \d+, most \d+"
    assert len(re.findall(times, ran.out)) == 7  # the runtime is configured


def test_what_is_not_over_in_time_is_an_error(tmp_path: Path) -> None:
    with FleetServer() as server:
        server.hanging.add("e1")
        path = server.config(tmp_path, 3)
        arguments = ("smoke", "--all-envs", "--time-limit", "3s", "-o", "json")
        ran = run(*arguments, config=path, env=SECRET)
    document = ran.json()
    assert ran.code == 3
    assert [one["environment"] for one in document["data"]["environments"]] == ["e0", "e2"]
    (error,) = document["errors"]
    assert (error["code"], error["environment"]) == ("time-limit", "e1")
    assert "--time-limit" in error["remedy"]


def test_the_time_limit_holds_for_a_slow_vault_too(tmp_path: Path) -> None:
    (tmp_path / "vault.py").write_text("import time; time.sleep(50)")
    secret = f'command = "{Path(sys.executable).as_posix()} vault.py"'
    started = time.monotonic()
    with FleetServer() as server:
        path = server.config(tmp_path, 2, secret=secret)
        ran = run("verify", "--time-limit", "1s", "-o", "json", config=path)
    assert (ran.code, ran.error_codes()) == (3, ["time-limit", "time-limit"])
    assert time.monotonic() - started < 40


@posix_only
def test_after_ctrl_c_what_is_over_is_shown(tmp_path: Path) -> None:
    with FleetServer() as server:
        server.hanging.add("e2")
        path = server.config(tmp_path, 4)
        with subprocess.Popen(
            command("smoke", "--wait", "5m", "-o", "json"),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=surroundings(path, SECRET),
        ) as process:
            while sum(server.asked.values()) < 3 * 6 + 1:
                assert process.poll() is None
                time.sleep(0.02)
            time.sleep(0.3)  # the last answers arrive
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
    document = json.loads(out)
    assert process.returncode == 130
    assert [one["environment"] for one in document["data"]["environments"]] == ["e0", "e1", "e3"]
    (error,) = document["errors"]
    assert (error["code"], error["environment"]) == ("interrupted", "e2")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--wait", "-1s"],
        ["--wait", "soon"],
        ["--retry", "-1"],
        ["--timeout", "0"],
        ["--time-limit", "0s"],
        ["-j", "0"],
        ["--repeat", "0"],
        ["--all-envs", "-e", "dev"],
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "opskit.toml").write_text("[environments.dev]\n")
    ran = run("smoke", *arguments, config=tmp_path / "opskit.toml")
    assert (ran.code, ran.out) == (2, "")
    assert "error: " in ran.err


@posix_only
def test_a_fleet_fits_a_terminal(tmp_path: Path) -> None:
    with FleetServer() as server:
        server.hanging |= {f"e{number}" for number in range(50)}
        path = server.config(tmp_path, 60)
        arguments = ("smoke", "-j", "40", "--time-limit", "3s", "-o", "json")
        ran = run_at_terminal(*arguments, config=path, env=SECRET)
    drawn, _, document = ran.out.partition("{")
    assert "60 environments: " in drawn
    assert "40 under way" in drawn
    assert re.search(r"and \d+ more", drawn)
    frames = drawn.split("60 environments: ")
    assert max(frame.count("checking") for frame in frames) < 24
    assert len(json.loads("{" + document)["errors"]) == 60  # all places are taken


def test_a_fleet_does_not_flood_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    display = PlainDisplay()
    few = [(Step(f"e{number}", "waiting: 503.", 60), 2.0) for number in range(10)]
    display.show(few)
    display.show(few)
    assert capsys.readouterr().err.splitlines() == [
        f"e{number}: waiting: 503. 1m left" for number in range(10)
    ]
    display.show([(Step(f"e{number}", "waiting: 503.", 60), 2.0) for number in range(200)])
    assert capsys.readouterr().err.count("\n") <= 1
