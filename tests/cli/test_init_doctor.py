# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit init`` with the starter that it writes, and ``opskit doctor``."""

import os
import re
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opskit.config import load_config
from opskit.policy import Policy
from opskit.settings import Environment
from opskit.smoke_settings import Query, Smoke
from tests.cli.conftest import Ran, altered, assert_error_is_said, run, run_both
from tests.conftest import Database, Sandbox

STARTER = resources.files("opskit").joinpath("starter.toml").read_text("utf-8")
OPTIONAL = re.findall(r"(?m)^# (\w+ = .*)$", STARTER)


def loaded(folder: Path, text: str) -> dict[str, Environment]:
    path = folder / "opskit.toml"
    path.write_text(text, encoding="utf-8")
    return dict(load_config(path).environments)


def test_init_writes_once(tmp_path: Path) -> None:
    ran = run("init", cwd=tmp_path)
    assert (ran.code, ran.out) == (0, "Wrote opskit.toml\n")
    assert "opskit doctor" in ran.err
    path = tmp_path / "opskit.toml"
    assert path.read_text("utf-8") == STARTER
    assert list(load_config(path).environments) == ["dev", "prod"]

    path.write_text("mine")
    ran = run("init", cwd=tmp_path)
    assert ran.code == 2
    assert_error_is_said(ran)
    assert path.read_text() == "mine"


def test_init_into_a_folder_or_under_a_name(tmp_path: Path) -> None:
    document = run("init", str(tmp_path), "-o", "json").json()
    assert document["data"] == {"path": str(tmp_path / "opskit.toml")}
    assert (tmp_path / "opskit.toml").is_file()
    assert run("init", "other.toml", cwd=tmp_path).code == 0
    assert (tmp_path / "other.toml").is_file()
    nowhere = run("init", "no/such/folder.toml", cwd=tmp_path)
    assert nowhere.code == 2
    assert_error_is_said(nowhere)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="wants a folder that refuses its owner"
)
def test_init_into_an_unwritable_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    ran = run("init", cwd=tmp_path)
    tmp_path.chmod(0o700)
    assert ran.code == 2
    assert_error_is_said(ran)


@pytest.mark.parametrize("line", OPTIONAL)
def test_each_commented_line_of_the_starter_is_valid(tmp_path: Path, line: str) -> None:
    uncommented = loaded(tmp_path, STARTER.replace(f"# {line}", line, 1))
    if re.search(r"# default\b(?!:)", line):
        assert uncommented == loaded(tmp_path, STARTER)


def test_the_starter_has_optional_lines() -> None:
    keys = {line.split()[0] for line in OPTIONAL}
    assert keys == {"schema", "runtime", "scope", "ca_file", "require", "skip", "checks"}


def test_the_defaults_that_the_starter_tells(tmp_path: Path) -> None:
    prod = loaded(tmp_path, STARTER)["prod"]
    assert prod.policy.min_lifetime == Policy().min_lifetime
    assert 'max_lifetime = "4h"                       # default: 24h' in STARTER
    assert Policy().max_lifetime == 24 * 3600
    assert 'timeout = "30s"' in STARTER
    assert prod.timeout == Environment(name="bare", folder=tmp_path).timeout
    plain = msgspec.structs.replace(prod.smoke.odata4, expect=Query().expect)
    assert msgspec.structs.replace(prod.smoke, odata4=plain) == Smoke()


def checks_of(ran: Ran) -> dict[str, Any]:
    document = ran.json()
    assert document["command"] == "doctor"
    return {check["id"]: check for check in document["data"]["environments"][0]["checks"]}


def test_doctor_on_a_healthy_sandbox(untouched: Sandbox) -> None:
    table, in_json = run_both("doctor", config=untouched.config)
    assert (table.code, table.err) == (0, "")
    assert "✗" not in table.out
    assert table.out.count("✓  database.login ") == 3
    assert table.out.count("✓  database.least_privilege ") == 3
    assert ".NET Framework, API under /0" in table.out

    checks = checks_of(in_json)
    warned = [check["id"] for check in checks.values() if check["status"] != "pass"]
    assert warned == ["policy.lifetimes"]
    assert checks["policy.lifetimes"]["finding"]["id"] == "lifetimes-outside-policy"


def test_doctor_finds_a_wrong_runtime(untouched: Sandbox, tmp_path: Path) -> None:
    config = altered(untouched, tmp_path, ('runtime = "net"', 'runtime = "framework"'))
    ran = run("doctor", "-e", "dev", config=config)
    assert ran.code == 1
    assert '✗  creatio.runtime           runtime = "framework", but it is .NET' in ran.out
    assert 'set it to "auto"' in ran.out


def test_doctor_finds_missing_secrets(untouched: Sandbox, tmp_path: Path) -> None:
    config = altered(
        untouched,
        tmp_path,
        ("/dev-database", "/no-database"),
        ("/dev-billing-export", "/no-billing-export"),
    )
    ran = run("doctor", "-e", "dev", config=config)
    assert ran.code == 1
    assert "✗  secrets.database" in ran.out
    assert re.search(r"·  database.login +needs secrets.database", ran.out)
    assert "no-billing-export cannot be read" in ran.out
    assert "✓  identity.reachable" in ran.out
    assert "why  \n" not in ran.out


def test_doctor_warns_of_unverified_certificates(untouched: Sandbox, tmp_path: Path) -> None:
    config = altered(untouched, tmp_path, ("protected = true", "insecure = true"))
    ran = run("doctor", "-e", "prod", "-o", "json", config=config)
    assert ran.code == 0
    assert "warning: TLS certificates of prod are not verified" in ran.err
    assert checks_of(ran)["config.tls"]["status"] == "warn"


def test_doctor_warns_of_rights_too_wide(database: Database) -> None:
    database.environment()
    database.add_client("0123", "Only One")
    ran = run("doctor", config=database.folder / "opskit.toml")
    assert (ran.code, ran.err) == (0, "")
    assert "!  database.least_privilege  The login may insert or delete clients." in ran.out
    assert "do   Give opskit a login of its own" in ran.out
    assert "·  identity.reachable        not configured: add identity" in ran.out


def test_doctor_offline(untouched: Sandbox, tmp_path: Path) -> None:
    ran = run("doctor", "--offline", config=untouched.config)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("✓  database.driver ") == 3
    assert "database.login" not in ran.out
    config = altered(untouched, tmp_path, ("/dev-database", "/no-database"))
    assert run("doctor", "--offline", config=config).code == 1
    config.write_text("[environments.dev]\nprotect = true\n")
    ran = run("doctor", "--offline", config=config)
    assert (ran.code, "Did you mean 'protected'?" in ran.err) == (2, True)
