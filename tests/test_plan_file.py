# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The plan file: whole or not there, readable, and refused when it is not what was saved."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from opskit.errors import EXIT_USAGE, UsageError
from opskit.models import Change, Client, EnvironmentPlan, Plan, Violation
from opskit.plan import plan_hash
from opskit.plan_file import load_plan, save_plan
from tests.cli.conftest import posix_only

ENVIRONMENTS = [
    EnvironmentPlan(
        "dev",
        1,
        [Change("A1", 'Überweisung "№1" \\ 日本\n', 3600, 1800), Change("B2", None, 60, 60)],
        [Client("C3", None, 900, None)],
        ["No*"],
        [Violation("A1", "x", 1800, True, "too short")],
    ),
    EnvironmentPlan("prod", 2, []),
]
PLAN = Plan(ENVIRONMENTS, plan_hash(ENVIRONMENTS), policy_overridden=True)
KNOWN = ["dev", "test", "prod"]


def _refusal(path: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load_plan(path, KNOWN)
    assert (caught.value.code, caught.value.exit_code) == ("plan-file", EXIT_USAGE)
    assert str(path) in caught.value.message
    assert caught.value.remedy
    return caught.value


def test_what_was_saved_is_what_is_loaded(tmp_path: Path) -> None:
    saved = save_plan(PLAN, tmp_path / "plan.json")
    assert saved.path == str(tmp_path / "plan.json")
    loaded = load_plan(tmp_path / "plan.json", KNOWN)
    assert loaded.hash == PLAN.hash
    assert loaded.policy_overridden
    assert loaded.path == saved.path
    assert [list(one.observed) for one in loaded.environments] == [
        list(one.observed) for one in PLAN.environments
    ]
    assert list(loaded.environments[0].violations) == list(ENVIRONMENTS[0].violations)
    assert list(loaded.environments[0].unmanaged) == list(ENVIRONMENTS[0].unmanaged)


def test_it_can_be_read_and_compared(tmp_path: Path) -> None:
    save_plan(PLAN, tmp_path / "plan.json")
    text = (tmp_path / "plan.json").read_text("utf-8")
    document = json.loads(text)
    assert list(document)[:4] == ["opskit_plan", "opskit", "created", "hash"]
    assert document["opskit_plan"] == 1
    assert document["created"].endswith("Z")
    (line,) = [line for line in text.splitlines() if '"A1"' in line and "observed" not in line][:1]
    assert json.loads(line.rstrip(","))["new"] == 1800
    assert "Überweisung" in line


def test_an_empty_plan_is_a_plan(tmp_path: Path) -> None:
    save_plan(Plan([], plan_hash([])), tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json", KNOWN).environments == ()


def test_an_older_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("old")
    save_plan(PLAN, tmp_path / "plan.json")
    assert load_plan(tmp_path / "plan.json", KNOWN).hash == PLAN.hash
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


@pytest.mark.parametrize("name", ["nowhere/plan.json", "folder"])
def test_a_place_that_cannot_be_written_is_named(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="cannot be written") as caught:
        save_plan(PLAN, tmp_path / name)
    assert caught.value.code == "plan-file"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@posix_only
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "plan.json")
    save_plan(PLAN, tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert load_plan(tmp_path / "plan.json", KNOWN).hash == PLAN.hash


@posix_only
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with ThreadPoolExecutor() as pool:
        read = pool.submit((tmp_path / "pipe").read_text, "utf-8")
        save_plan(PLAN, tmp_path / "pipe")
        assert json.loads(read.result())["hash"] == PLAN.hash
    assert (tmp_path / "pipe").is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


# Files that are refused


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b"{}", b'"x"', b"\xff\xfe"),
        *(b'{"opskit_plan": "1"}', b'{"opskit_plan": 0}', b'{"opskit_plan": -1}'),
        b'{"opskit_plan": 1, "x": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_plan(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(content)
    assert "is not a plan" in _refusal(tmp_path / "plan.json").message


@pytest.mark.parametrize("name", ["nowhere.json", "."])
def test_what_cannot_be_read(name: str, tmp_path: Path) -> None:
    assert "cannot be read" in _refusal(tmp_path / name).message


def _edited(folder: Path, edit: Callable[[Any], object]) -> UsageError:
    save_plan(PLAN, folder / "plan.json")
    document = json.loads((folder / "plan.json").read_text("utf-8"))
    edit(document)
    (folder / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    return _refusal(folder / "plan.json")


def test_a_newer_form(tmp_path: Path) -> None:
    error = _edited(tmp_path, lambda d: d.update(opskit_plan=2, opskit="9.0", environments="?"))
    assert "was written by opskit 9.0" in error.message


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d["environments"][0]["observed"][0].update(new=1799),
        lambda d: d["environments"][0]["observed"][0].update(old=1),
        lambda d: d["environments"][0]["observed"].pop(),
        lambda d: d["environments"][0].update(wave=7),
        lambda d: d["environments"][0].update(violations=[]),
        lambda d: d["environments"][0]["violations"][0].update(planned=False),
        lambda d: d["environments"].pop(),
        lambda d: d.update(hash="0" * 64),
    ],
)
def test_what_was_edited(edit: Callable[[Any], object], tmp_path: Path) -> None:
    error = _edited(tmp_path, edit)
    assert "was edited after it was made" in error.message
    assert "lan anew" in error.remedy


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.pop("environments"),
        lambda d: d.pop("hash"),
        lambda d: d["environments"][0]["observed"][0].update(new="1799"),
        lambda d: d["environments"][0]["observed"][0].pop("old"),
    ],
)
def test_what_is_not_whole(edit: Callable[[Any], object], tmp_path: Path) -> None:
    assert "is not a whole plan" in _edited(tmp_path, edit).message


@pytest.mark.parametrize("new", [0, -1, 2**31])
def test_a_lifetime_that_no_plan_holds(new: int, tmp_path: Path) -> None:
    environments = [EnvironmentPlan("dev", 1, [Change("A", None, 1, new)])]
    save_plan(Plan(environments, plan_hash(environments)), tmp_path / "plan.json")
    _refusal(tmp_path / "plan.json")


def test_environments_that_opskit_toml_lacks(tmp_path: Path) -> None:
    save_plan(PLAN, tmp_path / "plan.json")
    with pytest.raises(UsageError, match=r"is for prod, and opskit\.toml has no such") as caught:
        load_plan(tmp_path / "plan.json", ["dev", "test"])
    assert "dev, test" in caught.value.remedy
