# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit export sql`` and ``opskit export postman``."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import altered, assert_error_is_said, run, run_both
from tests.conftest import Database, Sandbox
from tests.db import make_journal
from tests.db.journal_sites import ScriptFailed, psql


@pytest.fixture
def config(untouched: Sandbox, tmp_path: Path) -> Path:
    """The sandbox's configuration, with a plan for it that changes nothing in test."""
    text = '[[clients]]\nclient = "Data Mart Sync"\nlifetime = "30m"\nenvironments = {test = "1h"}'
    (tmp_path / "lifetimes.toml").write_text(text, encoding="utf-8")
    config = altered(untouched, tmp_path)
    assert run("plan", "--out", "plan.json", config=config, cwd=tmp_path).code == 0
    return config


def test_one_script_for_each_environment_with_changes(config: Path, tmp_path: Path) -> None:
    ran = run("export", "sql", "plan.json", "--out-dir", "a/b", config=config, cwd=tmp_path)
    assert ran.code == 0
    scripts = sorted((tmp_path / "a" / "b").iterdir())
    assert [script.name.split("-")[0] for script in scripts] == ["dev", "prod"]
    lines = [line.split() for line in ran.out.splitlines()]
    assert [line[0] for line in lines] == ["dev", "test", "prod"]
    assert lines[0][1:3] == ["1", "change"]
    assert Path(lines[0][3]) == Path("a/b") / scripts[0].name
    assert "nothing to change" in ran.out
    assert "opskit verify" in ran.err
    none = run("export", "sql", "plan.json", "-e", "test", config=config, cwd=tmp_path)
    assert (none.code, none.err) == (0, "")


def test_json_and_what_the_script_says_of_itself(config: Path, tmp_path: Path) -> None:
    ran = run(
        *("export", "sql", "plan.json", "-e", "prod", "-o", "json"),
        *("--reason", "CHG-1234", "--actor", "pipeline"),
        config=config,
        cwd=tmp_path,
    )
    (script,) = ran.json()["data"]["scripts"]
    text = (tmp_path / script["path"]).read_text("utf-8")
    plan = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    for words in (plan["hash"], script["change_set"], "by pipeline", "CHG-1234", "-- opskit "):
        assert words in text
    assert f"psql -X -v ON_ERROR_STOP=1 -f {Path(script['path']).name} DATABASE" in text


def test_twice_makes_two_change_sets(config: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("export", "sql", "plan.json", "-e", "dev", config=config, cwd=tmp_path).code == 0
    assert len(list(tmp_path.glob("dev-*.sql"))) == 2


FAILING = {
    "no plan": (["nowhere.json"], "plan-file"),
    "not a plan": (["opskit.toml"], "plan-file"),
    "unknown environment": (["plan.json", "-e", "nope"], "unknown-environment"),
    "none in the plan": (["dev.json", "-e", "prod"], "unknown-environment"),
    "no such folder": (["plan.json", "--out-dir", "opskit.toml/x"], "export-file"),
    "long reason": (["plan.json", "--reason", "x" * 1001], "usage"),
}


@pytest.mark.parametrize(("arguments", "code"), FAILING.values(), ids=FAILING)
def test_what_cannot_be_exported(
    config: Path, tmp_path: Path, arguments: list[str], code: str
) -> None:
    run("plan", "-e", "dev", "--out", "dev.json", config=config, cwd=tmp_path)
    table, in_json = run_both("export", "sql", *arguments, config=config, cwd=tmp_path)
    assert table.code == 2
    assert_error_is_said(table)
    assert in_json.error_codes() == [code]
    assert not list(tmp_path.glob("*.sql"))


def test_from_the_desired_state_to_a_database_that_only_the_dba_writes(
    database: Database, tmp_path: Path
) -> None:
    make_journal(database)
    database.add_client("A1", "Data Mart Sync")
    database.environment()  # writes the opskit.toml
    config = tmp_path / "opskit.toml"
    (tmp_path / "lifetimes.toml").write_text('[defaults]\nlifetime = "30m"\n')
    assert run("plan", "--out", "p.json", config=config, cwd=tmp_path).code == 0
    assert run("export", "sql", "p.json", config=config, cwd=tmp_path).code == 0
    (script,) = tmp_path.glob("*.sql")
    psql(database, "-f", str(script))
    ran = run("plan", "--detailed-exitcode", config=config)
    assert (ran.code, "nothing to change" in ran.out) == (0, True)
    (entry,) = run("history", "-o", "json", config=config).json()["data"]["entries"]
    assert (entry["old"], entry["new"], entry["environment"]) == (3600, 1800, "unit")
    assert entry["plan_hash"] == json.loads((tmp_path / "p.json").read_text())["hash"]
    with pytest.raises(ScriptFailed, match="was run before"):
        psql(database, "-f", str(script))


COLLECTION = "opskit.postman_collection.json"


# -- postman ---------------------------------------------------------------------------------------


def test_postman_names_its_files(untouched: Sandbox, tmp_path: Path) -> None:
    arguments = ("export", "postman", "-e", "dev", "-e", "test", "--out-dir", "out")
    ran = run(*arguments, config=untouched.config, cwd=tmp_path)
    assert ran.code == 0
    out = Path("out")
    assert [line.split() for line in ran.out.splitlines()] == [
        [name, str(out / f"{name}.postman_environment.json"), str(out / COLLECTION)]
        for name in ("dev", "test")
    ]
    assert "fill in client_secret" in ran.err
    again = run(*arguments, "-o", "json", config=untouched.config, cwd=tmp_path)
    assert (again.code, again.error_codes()) == (2, ["file-exists"])
    document = run(*arguments, "--force", "-o", "json", config=untouched.config, cwd=tmp_path)
    assert [list(entry) for entry in document.json()["data"]["files"]] == [
        ["environment", "collection", "variables"]
    ] * 2


POSTMAN_FAILING = {
    "unknown environment": (["-e", "nope"], "unknown-environment"),
    "unknown client": (["--client", "Nobody"], "client-not-found"),
    "no such folder": (["--out-dir", "file/x"], "export-file"),
    "a file for a folder": (["--out-dir", "file"], "usage"),
}


@pytest.mark.parametrize(("arguments", "code"), POSTMAN_FAILING.values(), ids=POSTMAN_FAILING)
def test_what_postman_cannot_be_given(
    untouched: Sandbox, tmp_path: Path, arguments: list[str], code: str
) -> None:
    (tmp_path / "file").write_text("")
    table, in_json = run_both(
        "export", "postman", *arguments, config=untouched.config, cwd=tmp_path
    )
    assert table.code == 2
    assert_error_is_said(table)
    assert in_json.error_codes() == [code]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
