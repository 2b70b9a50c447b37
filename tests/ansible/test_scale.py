# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The check after a deploy with many hosts: all at once, and each for itself."""

from pathlib import Path

import pytest

from tests.ansible.conftest import Collection
from tests.ansible.test_playbooks import recap, run
from tests.fleet_server import FleetServer
from tests.scripted_server import DATA_PATHS, redirect_reply

HOSTS = 20


def test_twenty_hosts_and_a_broken_one(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_SECRET", "correct horse battery staple")
    inventory = tmp_path / "opskit.yml"
    inventory.write_text("plugin: opskit.creatio.environments\n", encoding="utf-8")
    with FleetServer(gather=8) as server:  # nobody gets an answer before 8 have asked
        server.config(tmp_path, HOSTS)
        login = redirect_reply("/Login/Login.html")
        server.broken["e7"] = dict.fromkeys(DATA_PATHS.values(), login)
        # It ends its first check only when another has begun its second.
        server.behind.add("e3")
        at_once = ("--forks", "10")
        checked = run(collection, "post_deploy_smoke", inventory, *at_once, opskit_wait="0")

    names = [f"e{number}" for number in range(HOSTS)]
    assert recap(checked, "failed") == {name: int(name == "e7") for name in names}, checked.text
    assert recap(checked, "ok") == {name: 3 - (name == "e7") for name in names}
    assert "e7: 4 of 8 checks failed." in checked.text
    assert "Turn the feature OAuth20Integration on in Creatio." in checked.text
    assert checked.text.count("checks failed.") == checked.text.count("e7: 4 of 8 checks failed.")
    assert 8 <= server.together <= 10
    assert {server.asked[name] for name in names if name != "e7"} == {12}
    assert server.asked["e7"] >= 12


def test_the_identity_service_may_be_left_out(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEET_SECRET", "correct horse battery staple")
    inventory = tmp_path / "opskit.yml"
    inventory.write_text("plugin: opskit.creatio.environments\n", encoding="utf-8")
    with FleetServer() as server:
        server.config(tmp_path, 1)
        checked = run(collection, "post_deploy_smoke", inventory, opskit_verify=False)
    assert checked.code == 0, checked.text
    assert (recap(checked, "ok"), recap(checked, "skipped")) == ({"e0": 2}, {"e0": 1})
    assert server.asked == {"e0": 8}
