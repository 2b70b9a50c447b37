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


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.UNAVAILABLE, "3s are over"),
        (Fault.LOGIN_REDIRECT, "(attempt 1 was the last: waiting cannot mend odata4)"),
    ],
)
def test_only_what_may_heal_is_checked_again(
    collection: Collection, sandbox: Sandbox, by_file: Path, fault: Fault, said: str
) -> None:
    sandbox.fault(fault)
    some = {"opskit_hosts": "dev", "opskit_wait": "3s"}
    checked = run(collection, "post_deploy_smoke", by_file, **some)
    assert recap(checked, "failed") == {"dev": 1}
    assert said in checked.text


NOBODY = "No environment matches "


def test_nothing_to_check_is_a_failure(
    collection: Collection, untouched: Sandbox, by_file: Path
) -> None:
    for playbook in ("post_deploy_smoke", "tune_lifetimes"):
        mistyped = run(collection, playbook, by_file, opskit_hosts="prdo")
        assert mistyped.code != 0
        assert f"{NOBODY}prdo. Correct the name" in mistyped.text
        limited = run(collection, playbook, by_file, "--limit", "dev", opskit_hosts="prod")
        assert limited.code != 0
        assert f"{NOBODY}prod and --limit dev. " in limited.text
    listed = by_file.parent / "limit"
    listed.write_text("dev\n", encoding="utf-8")
    from_file = run(collection, "post_deploy_smoke", by_file, "--limit", f"@{listed}")
    assert recap(from_file, "ok") == {"dev": 3}


@pytest.mark.parametrize("limited", [(), ("--limit", "dev")])
def test_an_inventory_that_cannot_be_read_is_a_failure(
    collection: Collection, tmp_path: Path, limited: tuple[str, ...]
) -> None:
    (tmp_path / "opskit.toml").write_text('[environments.dev]\nruntime = "auot"\n')
    source = tmp_path / "opskit.yml"
    shutil.copy(ROOT / "examples" / "by_file" / "opskit.yml", source)
    checked = run(collection, "post_deploy_smoke", source, *limited)
    assert checked.code != 0
    assert "runtime: expected one of auto, framework, net" in checked.text
    assert f"{NOBODY}all" in checked.text


def test_the_examples_settings_stop_any_playbook(collection: Collection, tmp_path: Path) -> None:
    by_file, inline_ = (ROOT / "examples" / name / "ansible.cfg" for name in ("by_file", "inline"))
    assert by_file.read_bytes() == inline_.read_bytes()
    settings = {"ANSIBLE_CONFIG": str(by_file)}
    (tmp_path / "own.yml").write_text(json.dumps([{"hosts": "all", "gather_facts": False}]))
    (tmp_path / "fine.ini").write_text("dev\n")
    (tmp_path / "opskit.yml").write_text("plugin: opskit.creatio.environments\n")
    sources = [tmp_path / "opskit.yml", tmp_path / "fine.ini"]
    for used, limit in ((sources[:1], "all"), (sources, "all"), (sources[1:], "dev,prdo")):
        arguments = [part for source in used for part in ("-i", source)]
        arguments += ["--limit", limit, tmp_path / "own.yml"]
        # Without the settings, all of these end well.
        assert collection.call("ansible-playbook", *arguments).code == 0
        assert collection.call("ansible-playbook", *arguments, variables=settings).code != 0


def test_the_command_is_where_it_is_said_to_be(
    collection: Collection, sandbox: Sandbox, by_file: Path
) -> None:
    elsewhere = {"opskit_hosts": "dev", "opskit_path": "/nowhere/opskit"}
    for playbook in ("post_deploy_smoke", "tune_lifetimes"):
        nowhere = run(collection, playbook, by_file, **elsewhere)
        assert nowhere.code != 0
        assert "There is no program /nowhere/opskit." in nowhere.text
    # Without that it is found on the PATH.
    where = ("-i", by_file, "--limit", "dev", "opskit.creatio.post_deploy_smoke")
    found = collection.call("ansible-playbook", *where)
    assert found.code == 0, found.text
    assert "There is no program" not in found.text


@pytest.fixture
def by_waves(sandbox: Sandbox, tmp_path: Path) -> Path:
    """The sample inventory of a sandbox whose first wave has two environments."""
    shutil.copytree(ROOT / "examples" / "by_file", tmp_path / "waves")
    text = sandbox.config.read_text("utf-8")
    assert text.count("wave = 2") == 1
    text = text.replace("wave = 2", "wave = 1")
    # Its secrets stay where they are, and so does the authority's certificate.
    text = text.replace('file = "', f'file = "{sandbox.folder.as_posix()}/')
    (tmp_path / "waves" / "opskit.toml").write_text(text, encoding="utf-8")
    return tmp_path / "waves" / "opskit.yml"


def batches(played: Played) -> list[set[str]]:
    """The environments that were changed at once, in the order of the batches."""
    plays = played.text.split("PLAY [Tune the lifetimes of tokens]")[1:]
    return [set(re.findall(r"(?m)^changed: \[(\w+)\]", play)) for play in plays]


def test_a_wave_goes_at_once_and_is_undone_at_once(
    collection: Collection, sandbox: Sandbox, by_waves: Path
) -> None:
    looked = ("--check", "--limit", "dev,test,prod")
    planned = run(collection, "tune_lifetimes", by_waves, *looked, opskit_smoke=False)
    assert batches(planned) == [{"dev", "test"}, {"prod"}]
    limited = run(collection, "tune_lifetimes", by_waves, "--check", "--limit", "test,prod")
    assert batches(limited) == [{"test"}, {"prod"}]

    sandbox.fault(Fault.SECRET_WRONG)
    wanted = {"opskit_confirm_protected": True, "opskit_revert_on_failure": True}
    failed = run(collection, "tune_lifetimes", by_waves, **wanted)
    assert failed.code != 0
    # The undo is a task that changed something, also where no fresh token proves it.
    assert recap(failed, "changed") == {"dev": 1, "test": 2}
    assert recap(failed, "failed") == {"dev": 1, "test": 1}
    assert lifetimes(sandbox) == [3600, 3600, 3600]
    last = failed.text[failed.text.index("TASK [Stop here]") :]
    assert "the secret is not the one that is stored" in last
    assert "Data Mart Sync from 1800 s to 3600 s, which no fresh token proves." in last
    assert "Another environment of this wave failed." in last
    assert "One or more items failed" not in last


def test_lower_waves_go_first(collection: Collection, untouched: Sandbox, by_waves: Path) -> None:
    refused = run(
        collection, "tune_lifetimes", by_waves, "--check", opskit_hosts="prod,dev", opskit_serial=1
    )
    assert refused.code != 0
    assert "prod, dev, which is not that of their waves" in refused.text
    assert "TASK [Change the lifetimes]" not in refused.text


def test_an_undo_that_fails_does_not_hide_why(
    collection: Collection, sandbox: Sandbox, by_file: Path, tmp_path: Path
) -> None:
    sandbox.fault(Fault.SECRET_WRONG)
    program = tmp_path / "opskit"
    program.write_text(
        "#!/bin/sh\n"  # somebody else is faster than the undo
        f'[ "$1" = revert ] && "{OPSKIT}" lifetime set "Data Mart Sync" 2h -e dev --no-verify '
        f'-c "{sandbox.config}" >"{tmp_path}/other"\n'
        f'exec "{OPSKIT}" "$@"\n'
    )
    program.chmod(0o700)
    wanted = {"opskit_revert_on_failure": True, "opskit_path": str(program)}
    failed = run(collection, "tune_lifetimes", by_file, "--limit", "dev", **wanted)
    assert recap(failed, "failed") == {"dev": 2}
    last = failed.text[failed.text.index("TASK [Stop here]") :]
    assert "the secret is not the one that is stored" in last
    assert "Not put back: change set 20" in last
    assert "Data Mart Sync had 1800 s and has 7200 s now." in last
    assert lifetimes(sandbox)[0] == 7200


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ("", "Nothing says what dev is. Set opskit_config"),
        ("opskit_config=opskit.toml", "opskit_lifetimes does not say what to change."),
        (
            "opskit_config=opskit.toml opskit_lifetimes=\"[{'client': 'Data Mart Sync'}]\"",
            "opskit_lifetimes does not say what to change.",
        ),
    ],
)
def test_what_is_missing_is_said(
    collection: Collection, tmp_path: Path, variables: str, said: str
) -> None:
    inventory = tmp_path / "hosts.ini"
    inventory.write_text(f"dev ansible_connection=local {variables}\n", encoding="utf-8")
    asked = run(collection, "tune_lifetimes", inventory)
    assert recap(asked, "failed") == {"dev": 1}
    assert said in asked.text
    if not variables:
        assert said in run(collection, "post_deploy_smoke", inventory).text
