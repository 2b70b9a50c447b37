# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``--report-…`` and GitHub Actions, from the command line to the files."""

import json
import signal
import subprocess
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from opskit.formats import ReportChoice
from opskit.sandbox.faults import Fault
from tests.cli.conftest import (
    Ran,
    command,
    posix_only,
    run,
    secrets_of,
    surroundings,
)
from tests.conftest import Sandbox
from tests.scripted_server import DISCOVERY, Reply, ScriptedServer

FILES = ("junit", "json", "html")


def options(folder: Path, *kinds: str) -> list[str]:
    return [part for kind in kinds for part in (f"--report-{kind}", str(folder / f"report.{kind}"))]


def written(folder: Path) -> dict[str, str]:
    return {path.suffix[1:]: path.read_text("utf-8") for path in folder.glob("report.*")}


def test_smoke_writes_all_reports_beside_what_it_prints(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.fault(Fault.LOGIN_REDIRECT)
    folder = tmp_path / "new" / "folder"
    arguments = ["smoke", "-e", "dev", "-o", "json", *options(folder, *ReportChoice)]
    ran = run(*arguments, config=sandbox.config)
    assert (ran.code, ran.err) == (1, "")
    ran.json()
    reports = written(folder)
    assert set(reports) == set(ReportChoice)
    assert len(list(folder.iterdir())) == 4
    assert reports["json"] == ran.out
    assert len(list(ET.fromstring(reports["junit"]).iter("failure"))) == 4
    assert "4 of 8 checks failed in 1 of 1 environment" in reports["html"]
    assert (
        'opskit_check_success{command="smoke",environment="dev",check="odata4"} 0'
        in (reports["prometheus"])
    )
    for secret in secrets_of(sandbox):
        assert not any(secret in text for text in (*reports.values(), ran.all))


def test_verify_writes_reports_and_tables_stay_the_same(untouched: Sandbox, tmp_path: Path) -> None:
    ran = run("verify", "-e", "dev", *options(tmp_path, *ReportChoice), config=untouched.config)
    assert ran.code == 0
    assert "✓  token.post" in ran.out
    reports = written(tmp_path)
    assert set(reports) == set(ReportChoice)
    assert ET.fromstring(reports["junit"]).get("failures") == "0"
    assert "lifetime.database" in reports["html"]
    assert "1h <small>token 1h</small>" in reports["html"]
    (dev,) = json.loads(reports["json"])["data"]["environments"]
    assert (dev["client"]["in_database"], dev["client"]["in_token"]) == (3600, 3600)
    for secret in secrets_of(untouched):
        assert not any(secret in text for text in reports.values())


def lifetimes(folder: Path, lifetime: str) -> list[str]:
    path = folder / "lifetimes.toml"
    path.write_text(f'[[clients]]\nclient = "Billing Export"\nlifetime = "{lifetime}"\n')
    return ["-f", str(path)]


def test_plan_and_apply_write_reports(sandbox: Sandbox, tmp_path: Path) -> None:
    desired = lifetimes(tmp_path, "20m")
    planned = tmp_path / "planned"
    arguments = ["plan", "-e", "dev", "--detailed-exitcode", *desired, *options(planned, *FILES)]
    assert run(*arguments, config=sandbox.config).code == 5
    assert "pending: 1800 s → 1200 s" in written(planned)["junit"]
    assert "1 change pending in 1 environment" in written(planned)["html"]

    applied = tmp_path / "applied"
    arguments = ["apply", "-e", "dev", "--smoke", *desired, *options(applied, *FILES)]
    ran = run(*arguments, config=sandbox.config)
    assert ran.code == 0
    reports = written(applied)
    assert 'classname="opskit.smoke.dev" name="odata4"' in reports["junit"]
    assert "1 lifetime changed in 1 environment" in reports["html"]
    (done,) = json.loads(reports["json"])["data"]["change_sets"]
    assert done["id"] in reports["html"]
    assert 'title="' + done["changes"][0]["client_id"] + ': 1200 s"' in reports["html"]


def test_what_is_refused_is_reported_too(sandbox: Sandbox, tmp_path: Path) -> None:
    desired = lifetimes(tmp_path, "30d")
    for name in ("plan", "apply"):
        arguments = [name, "-e", "dev", *desired, *options(tmp_path / name, *FILES)]
        assert run(*arguments, config=sandbox.config).code == 2
        reports = written(tmp_path / name)
        assert 'type="policy"' in reports["junit"]
        assert json.loads(reports["json"])["errors"][0]["code"] == "policy"


def test_a_command_without_a_result_is_reported(tmp_path: Path) -> None:
    arguments = ["smoke", "-o", "json", *options(tmp_path, *ReportChoice)]
    ran = run(*arguments, config=tmp_path / "none.toml")
    assert ran.code == 2
    reports = written(tmp_path)
    assert reports["json"] == ran.out
    assert 'type="config-missing"' in reports["junit"]
    assert 'opskit_run_success{command="smoke"} 0' in reports["prometheus"]
    assert "none.toml" in reports["html"]


def test_a_report_that_cannot_be_written_takes_nothing_with_it(
    untouched: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    broken = ["--report-html", str(tmp_path / "file" / "report.html")]
    arguments = ["smoke", "-e", "dev", *options(tmp_path, "junit"), *broken]
    table = run(*arguments, config=untouched.config)
    assert table.code == 2
    assert "✓  odata4" in table.out
    assert "error: The report" in table.err
    assert "   do: Name another file" in table.err
    assert "Traceback" not in table.err
    assert 'failures="0"' in written(tmp_path)["junit"]

    ran = run(*arguments, "-o", "json", config=untouched.config)
    assert (ran.code, ran.error_codes()) == (2, ["report-file"])
    assert len(ran.json()["data"]["environments"][0]["checks"]) == 8


def test_neither_error_hides_the_other(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    broken = ["--report-json", str(tmp_path / "file" / "report.json")]
    ran = run("smoke", *broken, config=tmp_path / "none.toml")
    assert ran.code == 2
    assert "none.toml" in ran.err
    assert "error: The report" in ran.err


def test_impossible_places_are_refused_beforehand(untouched: Sandbox, tmp_path: Path) -> None:
    same = [*options(tmp_path, "junit"), "--report-html", str(tmp_path / "." / "report.junit")]
    twice = run("smoke", *same, config=untouched.config)
    assert (twice.code, twice.out) == (2, "")
    assert "--report-junit and --report-html name the same file" in twice.err
    folder = run("smoke", "--report-html", str(tmp_path), config=untouched.config)
    assert (folder.code, folder.out) == (2, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["plan", "apply"])
def test_metrics_are_for_checks(name: str) -> None:
    assert run(name, "--report-prometheus", "x.prom").code == 2


@posix_only
def test_an_interrupt_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "opskit.toml"
    with ScriptedServer() as server:
        server.script("GET", DISCOVERY, Reply(delay=60))
        path.write_text(f'[environments.dev]\nidentity = "{server.url}"\n', encoding="utf-8")
        with subprocess.Popen(
            command("verify", *options(tmp_path, *ReportChoice)),
            env=surroundings(path),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            while not server.requests(DISCOVERY) and process.poll() is None:
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    assert process.returncode == 130
    reports = written(tmp_path)
    assert 'type="interrupted"' in reports["junit"]
    assert 'opskit_run_exit_code{command="verify"} 130' in reports["prometheus"]
    assert "nterrupted" in reports["html"]


def on_github(folder: Path, *arguments: str, config: Path) -> tuple[Ran, str]:
    summary = folder / "summary.md"
    summary.write_text("from another step\n")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    return run(*arguments, config=config, env=env), summary.read_text("utf-8")


def test_github_actions(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.fault(Fault.LOGIN_REDIRECT)
    ran, summary = on_github(tmp_path, "smoke", "-e", "dev", "-o", "json", config=sandbox.config)
    assert ran.code == 1
    ran.json()  # standard output is still the one document
    (line,) = ran.err.splitlines()
    assert line.startswith("::error title=opskit%3A integration-off (dev%2C odata4%2C ")
    assert summary.startswith("from another step\n")
    assert "4 of 8 checks failed" in summary
    assert "<b>❌ integration-off</b> in dev" in summary


def test_github_actions_without_a_result(tmp_path: Path) -> None:
    ran, summary = on_github(tmp_path, "verify", config=tmp_path / "none.toml")
    assert ran.code == 2
    assert "::error title=opskit%3A config-missing::" in ran.err
    assert "none" in summary


def test_a_summary_that_cannot_be_written_fails_nothing(untouched: Sandbox, tmp_path: Path) -> None:
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path)}
    ran = run("smoke", "-e", "dev", config=untouched.config, env=env)
    assert ran.code == 0
    assert "summary cannot be written" in ran.err


def test_nothing_is_said_to_github_elsewhere(untouched: Sandbox, tmp_path: Path) -> None:
    env = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    ran = run("smoke", "-e", "dev", config=untouched.config, env=env)
    assert (ran.code, ran.err) == (0, "")
    assert list(tmp_path.iterdir()) == []
