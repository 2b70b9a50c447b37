# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The playbooks with the sample inventories, on the sandbox."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opskit.sandbox.catalog import INTEGRATIONS
from opskit.sandbox.faults import Fault
from tests.ansible.conftest import OPSKIT, ROOT, Collection, Played
from tests.ansible.test_modules import inline
from tests.cli.conftest import secrets_of
from tests.conftest import ENVIRONMENTS, Sandbox

DATA_MART = next(one for one in INTEGRATIONS if one.name == "Data Mart Sync")


def recap(played: Played, what: str) -> dict[str, int]:
    """How often something happened on each host that was met."""
    lines = re.findall(rf"(?m)^(\w+) +: .*\b{what}=(\d+)", played.text)
    return {host: int(count) for host, count in lines}


def lifetimes(sandbox: Sandbox) -> list[int]:
    return [sandbox.lifetimes(name)[DATA_MART.client_id(name)] for name in ENVIRONMENTS]


def run(
    collection: Collection, playbook: str, inventory: Path, *more: str, **variables: object
) -> Played:
    extra = json.dumps({"opskit_path": str(OPSKIT), **variables})
    where = ("-i", inventory, "-e", extra)
    return collection.call("ansible-playbook", *where, *more, f"opskit.creatio.{playbook}")


@pytest.fixture
def by_file(sandbox: Sandbox, tmp_path: Path) -> Path:
    """The sample inventory, beside an opskit.toml."""
    shutil.copytree(ROOT / "examples" / "by_file", tmp_path / "inventory")
    # A symbolic link to it would have its secrets looked for beside the link.
    with (tmp_path / "inventory" / "opskit.yml").open("a", encoding="utf-8") as file:
        file.write(f"config: {sandbox.config}\n")
    return tmp_path / "inventory" / "opskit.yml"


def test_a_plan_a_failure_and_a_rollout(
    collection: Collection, sandbox: Sandbox, by_file: Path
) -> None:
    looked = ("--check", "--diff")
    planned = run(collection, "tune_lifetimes", by_file, *looked, opskit_smoke=False)
    assert planned.code == 0, planned.text
    assert recap(planned, "changed") == {"dev": 1, "test": 1, "prod": 1}
    order = re.findall(r"(?m)^changed: \[(\w+)\] => \(item=Data Mart Sync\)", planned.text)
    assert order == ["dev", "test", "prod"]
    assert planned.text.count('-            "lifetime": 3600') == 3
    assert lifetimes(sandbox) == [3600, 3600, 3600]

    sandbox.fault(Fault.LOGIN_REDIRECT, "test")
    wanted = {"opskit_confirm_protected": True, "opskit_revert_on_failure": True}
    failed = run(collection, "tune_lifetimes", by_file, **wanted)
    assert failed.code != 0
    assert recap(failed, "failed") == {"dev": 0, "test": 1}
    assert "OAuth20Integration" in failed.text
    assert lifetimes(sandbox) == [1800, 3600, 3600]

    unproved = {**wanted, "opskit_smoke": False}
    done = run(collection, "tune_lifetimes", by_file, **unproved)
    assert done.code == 0, done.text
    assert recap(done, "changed") == {"dev": 0, "test": 1, "prod": 1}
    assert lifetimes(sandbox) == [1800, 1800, 900]


def test_a_failure_undoes_all_that_went_at_once(
    collection: Collection, sandbox: Sandbox, by_file: Path
) -> None:
    sandbox.fault(Fault.LOGIN_REDIRECT, "test")
    wanted = {"opskit_serial": 2, "opskit_revert_on_failure": True}
    failed = run(collection, "tune_lifetimes", by_file, **wanted)
    assert recap(failed, "changed") == {"dev": 2, "test": 2}
    assert lifetimes(sandbox) == [3600, 3600, 3600]


def test_a_protected_environment_stops_the_rollout(
    collection: Collection, sandbox: Sandbox, by_file: Path
) -> None:
    refused = run(collection, "tune_lifetimes", by_file, opskit_hosts="protected")
    assert recap(refused, "failed") == {"prod": 1}
    assert "confirm_protected: true" in refused.text
    assert lifetimes(sandbox) == [3600, 3600, 3600]


def test_secrets_from_a_vault(collection: Collection, sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "inventory"
    shutil.copytree(ROOT / "examples" / "inline", folder)
    options: Mapping[str, Any] = inline(sandbox, "dev")
    client = options["clients"][0]
    hosts = (folder / "hosts.yml").read_text("utf-8")
    for example, real in {
        "postgresql://opskit@db.example.com:5432/identity": options["database"],
        "https://creatio-is.example.com": options["identity"],
        "https://creatio.example.com": options["creatio"],
        "FEDCBA9876543210FEDCBA9876543210": client["id"],
    }.items():
        assert example in hosts
        hosts = hosts.replace(example, real)
    (folder / "hosts.yml").write_text(hosts, encoding="utf-8")
    sample = folder / "host_vars" / "dev" / "vault.yml.sample"
    vault = sample.with_suffix("")
    vault.write_text(
        sample.read_text("utf-8")
        .replace("change-me-too", client["secret"])
        .replace("change-me", options["database_password"]),
        encoding="utf-8",
    )
    sample.unlink()
    key = tmp_path / "key"
    key.write_text("the vault's own password")
    locked = ("--vault-password-file", str(key))
    assert collection.call("ansible-vault", "encrypt", *locked, vault).code == 0

    tuned = run(collection, "tune_lifetimes", folder / "hosts.yml", *locked, "--diff", "-vvv")
    assert tuned.code == 0, tuned.text
    assert recap(tuned, "changed") == {"dev": 1}
    assert lifetimes(sandbox)[0] == 1800
    checked = run(collection, "post_deploy_smoke", folder / "hosts.yml", *locked, "-vvv")
    assert checked.code == 0, checked.text
    for secret in secrets_of(sandbox):
        assert secret not in tuned.text + checked.text


@pytest.mark.parametrize(("fault", "retries"), [(Fault.UNAVAILABLE, 2), (Fault.LOGIN_REDIRECT, 0)])
def test_only_what_may_heal_is_checked_again(
    collection: Collection, sandbox: Sandbox, by_file: Path, fault: Fault, retries: int
) -> None:
    sandbox.fault(fault)
    some = {"opskit_hosts": "dev", "opskit_retries": 2, "opskit_delay": 0}
    checked = run(collection, "post_deploy_smoke", by_file, **some)
    assert recap(checked, "failed") == {"dev": 1}
    assert checked.text.count("FAILED - RETRYING") == retries
