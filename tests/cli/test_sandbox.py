# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit sandbox``: up, status, fault and down."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.sandbox import lifecycle
from opskit.sandbox.faults import DESCRIPTIONS
from tests.cli.conftest import run, run_both
from tests.conftest import Sandbox

NAMES = ["dev", "test", "prod"]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the command puts a sandbox by default, seen from ``tmp_path``."""
    folder = tmp_path / "opskit-sandbox"
    yield folder
    lifecycle.down(folder)


def test_up_and_down_twice_each(folder: Path) -> None:
    here = folder.parent
    first = run("sandbox", "up", "--port", "0", cwd=here)
    assert first.code == 0
    assert "Started." in first.err
    use = re.search(r"opskit (lifetime list) -c (.+)", first.err)
    assert use is not None
    used = run(*use[1].split(), "-c", use[2], cwd=here)
    assert (used.code, used.err) == (0, "")
    assert "Data Mart Sync" in used.out

    again = run("sandbox", "up", "--port", "0", "-o", "json", cwd=here)
    assert "running already" in again.err
    data = again.json()["data"]
    assert data["running"] is True
    assert Path(data["config"]) == folder.resolve() / "opskit.toml"

    down = run("sandbox", "down", "-o", "json", cwd=here)
    assert "Stopped and removed." in down.err
    assert down.json()["data"]["running"] is False
    assert not folder.exists()
    nothing = run("sandbox", "down", cwd=here)
    assert nothing.code == 0
    assert "There is no sandbox" in nothing.err
    assert "No sandbox is running" in run("sandbox", "status", cwd=here).out


def test_status(untouched: Sandbox) -> None:
    ran = run("sandbox", "status", "--dir", str(untouched.folder))
    assert (ran.code, ran.err) == (0, "")
    for name in NAMES:
        assert str(untouched.environment(name).identity) in ran.out
    document = run("sandbox", "status", "--dir", str(untouched.folder), "-o", "json").json()
    assert document["command"] == "sandbox status"
    dev, test, prod = document["data"]["environments"]
    assert [one["name"] for one in (dev, test, prod)] == NAMES
    assert dev["database"] == untouched.environment("dev").database
    assert [one["runtime"] for one in (dev, test, prod)] == ["net", "framework", "net"]
    assert dev["faults"] == []


def test_list_of_faults() -> None:
    ran = run("sandbox", "fault")
    assert ran.code == 0
    lines = [line.split()[0] for line in ran.out.splitlines()]
    assert set(map(str, DESCRIPTIONS)) <= set(lines)
    document = run("sandbox", "fault", "-o", "json").json()
    assert document["data"] == json.loads(json.dumps(DESCRIPTIONS))


def test_faults_on_and_off(sandbox: Sandbox) -> None:
    folder = ("--dir", str(sandbox.folder), "-o", "json")

    def faults(*arguments: str) -> dict[str, list[str]]:
        document = run("sandbox", "fault", *arguments, *folder).json()
        assert document["command"] == "sandbox fault"
        return {one["name"]: one["faults"] for one in document["data"]["environments"]}

    on = faults("cache", "-e", "dev", "-e", "prod", "--seconds", "60")
    assert on == {"dev": ["cache"], "test": [], "prod": ["cache"]}
    assert sorted(faults("wrong-key", "-e", "dev")["dev"]) == ["cache", "wrong-key"]
    assert faults("cache", "--off", "-e", "dev")["dev"] == ["wrong-key"]
    assert faults("--off", *("-e", "dev", "-e", "prod")) == {name: [] for name in NAMES}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("fault large-type -e dev", 2, "'large-type'"),
        ("fault slow", 2, "In which environment?"),
        ("fault slow -e nope", 2, "it has dev, test, prod"),
        ("fault slow -e dev --seconds -1", 2, "must be positive"),
        ("fault large -e dev --seconds 5", 2, "takes no seconds"),
        ("fault slow -e dev", 3, "No sandbox is running"),
        ("up --port 70000", 2, "70000"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: str, code: int, words: str) -> None:
    table, in_json = run_both("sandbox", *arguments.split(), cwd=tmp_path)
    assert (table.code, table.out) == (code, "")
    assert table.err.startswith("error: ")
    assert words in table.err
    assert in_json.code == code
    assert words in in_json.json()["errors"][0]["message"]
