# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""docs/reports.md and docs/monitoring.md: they name what there is, and their examples are right."""

import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import click
import pytest

from opskit.formats import ReportChoice
from opskit.formats.prometheus import METRICS

DOCS = Path(__file__).resolve().parents[1] / "docs"
REPORTS = (DOCS / "reports.md").read_text(encoding="utf-8")
MONITORING = (DOCS / "monitoring.md").read_text(encoding="utf-8")


def offered(name: str) -> set[str]:
    command = getattr(import_module(f"opskit.cli.{name}"), name)
    assert isinstance(command, click.Command)
    options = (option for parameter in command.params for option in parameter.opts)
    return {option for option in options if option.startswith("--report-")}


def test_each_report_is_documented_where_it_is_offered() -> None:
    rows = re.findall(r"(?m)^\| `(--report-\w+) FILE` \| ([^|]+) \|", REPORTS)
    everywhere = {"verify", "smoke", "plan", "apply"}
    documented = {
        option: everywhere if who == "all four" else set(re.findall(r"`(\w+)`", who))
        for option, who in rows
    }
    assert set(documented) == {f"--report-{choice}" for choice in ReportChoice}
    for name in everywhere:
        assert offered(name) == {option for option, who in documented.items() if name in who}


def test_each_metric_is_documented() -> None:
    assert re.findall(r"(?m)^\| `(opskit_\w+)` \|", MONITORING) == list(METRICS)


def test_the_alerts_ask_for_metrics_that_there_are() -> None:
    asked = re.findall(r"(?m)^ +expr: (.*)$", MONITORING)
    assert len(asked) == 4
    for expression in asked:
        assert set(re.findall(r"opskit_\w+", expression)) <= set(METRICS)


def units() -> Mapping[str, str]:
    return dict(re.findall(r"(?s)`/etc/systemd/system/([\w.-]+)`:\n\n```ini\n(.*?)```", MONITORING))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_the_units_are_right(tmp_path: Path) -> None:
    assert set(units()) == {"opskit-smoke.service", "opskit-smoke.timer"}
    for name, text in units().items():
        # A program that is there, or verifying ends with that it is not.
        (tmp_path / name).write_text(text.replace("/usr/local/bin/opskit", "/bin/echo"))
    paths = [str(tmp_path / name) for name in units()]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *paths],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "opskit" in line]
    assert (done.returncode, ours) == (0, [])


def test_no_unit_runs_as_root() -> None:
    assert "\nUser=opskit\n" in units()["opskit-smoke.service"]
    assert "\nNoNewPrivileges=yes\n" in units()["opskit-smoke.service"]
