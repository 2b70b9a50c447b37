# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The role creatio_oauth on the sandbox's Creatio, with and without /0."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.ansible.conftest import Collection, Played
from tests.ansible.test_playbooks import recap
from tests.cli.conftest import run
from tests.conftest import Sandbox

URL = "OAuth20IdentityServerUrl"
CLIENT = "OAuth20IdentityServerClientId"
CLIENT_SECRET = "a client secret, as given"
ELSEWHERE = "http://127.0.0.1:1"


@dataclass
class Administrator:
    """Somebody who is signed in at a Creatio of the sandbox and does things by hand."""

    creatio: str
    identity: str
    runtime: str
    password: str
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=30))

    @property
    def api(self) -> str:
        return self.creatio + ("/0" if self.runtime == "framework" else "")

    def sign_in(self) -> None:
        login = {"UserName": "Supervisor", "UserPassword": self.password}
        url = f"{self.creatio}/ServiceModel/AuthService.svc/Login"
        assert self.http.post(url, json=login).json()["Code"] == 0
        self.http.headers["BPMCSRF"] = self.http.cookies["BPMCSRF"]

    def settings(self) -> Mapping[str, str]:
        asked = {"sysSettingsNameCollection": [URL, CLIENT]}
        url = f"{self.api}/DataService/json/SyncReply/QuerySysSettings"
        values = self.http.post(url, json=asked).json()["values"]
        return {code: one["value"] for code, one in values.items()}

    def set(self, **values: str) -> None:
        body = {"isPersonal": False, "sysSettingsValues": values}
        url = f"{self.api}/DataService/json/SyncReply/PostSysSettingsValues"
        assert self.http.post(url, json=body).json()["success"]

    def feature(self, state: int) -> None:
        (row,) = self.http.get(f"{self.api}/odata/Feature").json()["value"]
        url = f"{self.api}/odata/Feature({row['Id']})"
        assert self.http.patch(url, json={"DefaultState": state}).status_code == 204
        cache = "rest/FeatureService/ClearFeaturesCacheForAllUsers"
        assert self.http.get(f"{self.api}/{cache}/T0F1dGgyMEludGVncmF0aW9u").is_success


@pytest.fixture
def hands(sandbox: Sandbox) -> Iterator[Mapping[str, Administrator]]:
    """The administrators of dev, and of test below /0; what was there before is put back."""
    everybody, before = {}, {}
    for name, runtime in (("dev", "net"), ("test", "framework")):
        environment = sandbox.environment(name)
        one = Administrator(
            environment.require("creatio"),
            environment.require("identity"),
            runtime,
            (sandbox.folder / "secrets" / f"{name}-supervisor").read_text("utf-8"),
        )
        one.sign_in()
        everybody[name], before[name] = one, one.settings()
    yield everybody
    for name, one in everybody.items():
        one.set(**before[name])
        one.feature(1)
        one.http.close()


def given(one: Administrator, **variables: object) -> dict[str, object]:
    """The role's variables for one host; what is None is left out."""
    everything: dict[str, object] = {
        "creatio_oauth_creatio": one.creatio + "/",
        "creatio_oauth_runtime": one.runtime,
        "creatio_oauth_password": one.password,
        "creatio_oauth_identity": one.identity,
        "creatio_oauth_client_id": "IdServiceUser",
        "creatio_oauth_client_secret": CLIENT_SECRET,
        **variables,
    }
    return {name: value for name, value in everything.items() if value is not None}


@dataclass(frozen=True)
class Role:
    """The role, played for several hosts at once. No secret may stand in what it prints."""

    collection: Collection
    folder: Path
    hands: Mapping[str, Administrator]

    def play(self, hosts: Mapping[str, Mapping[str, object]], *arguments: str) -> Played:
        playbook = {
            "hosts": "all",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
            "roles": ["opskit.creatio.creatio_oauth"],
        }
        (self.folder / "connect.yml").write_text(json.dumps([playbook]), encoding="utf-8")
        (self.folder / "hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}), "utf-8")
        options = ("-i", str(self.folder / "hosts.json"), "-vvv", "--diff", *arguments)
        played = self.collection.call("ansible-playbook", *options, self.folder / "connect.yml")
        for one in self.hands.values():
            for secret in (one.password, CLIENT_SECRET, *one.http.cookies.values()):
                assert secret not in played.text
        assert "BPMLOADER" not in played.text
        return played


@pytest.fixture
def role(collection: Collection, tmp_path: Path, hands: Mapping[str, Administrator]) -> Role:
    return Role(collection, tmp_path, hands)


def outcome(played: Played) -> dict[str, tuple[int, int]]:
    """How many tasks changed something, and how many failed, on each host."""
    changed, failed = recap(played, "changed"), recap(played, "failed")
    return {host: (changed[host], failed[host]) for host in changed}


def test_what_differs_is_set_once(hands: Mapping[str, Administrator], role: Role) -> None:
    before = {name: one.settings() for name, one in hands.items()}
    hosts = {name: given(one) for name, one in hands.items()}
    once, unchanged = dict.fromkeys(hands, (1, 0)), dict.fromkeys(hands, (0, 0))

    assert outcome(planned := role.play(hosts, "--check")) == once, planned.text
    assert f"{CLIENT}: {before['dev'][CLIENT]} → IdServiceUser" in planned.text
    assert {name: one.settings() for name, one in hands.items()} == before

    assert outcome(done := role.play(hosts)) == once, done.text
    for one in hands.values():
        assert one.settings() == {URL: one.identity, CLIENT: "IdServiceUser"}
    # The secret is not needed as long as the client stays.
    hosts = {n: given(one, creatio_oauth_client_secret=None) for n, one in hands.items()}
    assert outcome(again := role.play(hosts)) == unchanged, again.text


def test_what_is_changed_by_hand_is_mended(
    sandbox: Sandbox, hands: Mapping[str, Administrator], role: Role
) -> None:
    dev = hands["dev"]
    smoke = ("smoke", "-e", "dev", "-o", "json")
    hosts = {"dev": given(dev, creatio_oauth_client_id=dev.settings()[CLIENT])}

    dev.feature(0)
    red = run(*smoke, config=sandbox.config)
    assert (red.code, "integration-off" in red.out) == (1, True)
    dev.set(**{URL: ELSEWHERE})
    assert outcome(planned := role.play(hosts, "--check")) == {"dev": (2, 0)}, planned.text
    assert "OAuth20Integration: off → on" in planned.text
    assert f"{URL}: {ELSEWHERE} → {dev.identity}" in planned.text

    hosts["dev"]["creatio_oauth_feature"] = False
    assert outcome(some := role.play(hosts)) == {"dev": (1, 0)}, some.text
    assert "integration-off" in run(*smoke, config=sandbox.config).out
    hosts["dev"]["creatio_oauth_feature"] = True
    assert outcome(mended := role.play(hosts)) == {"dev": (1, 0)}, mended.text
    assert run(*smoke, config=sandbox.config).code == 0


def test_what_cannot_be_done_is_said(hands: Mapping[str, Administrator], role: Role) -> None:
    dev = hands["dev"]
    before = dev.settings()
    wrong: dict[str, tuple[Mapping[str, object], str]] = {
        "password": ({"creatio_oauth_password": "a wrong one"}, "You have entered an invalid"),
        "runtime": ({"creatio_oauth_runtime": "framework"}, "answers 302 when it is asked"),
        "address": ({"creatio_oauth_creatio": ELSEWHERE}, f"{ELSEWHERE} gives no answer"),
        "page": ({"creatio_oauth_creatio": f"{dev.creatio}/Login"}, "not as the sign-in of"),
        "secret": ({"creatio_oauth_client_secret": None}, "Nothing was changed. Give creatio_"),
    }
    # Beside them, one that is asked for the secret alone.
    same = given(dev, creatio_oauth_client_id=before[CLIENT], creatio_oauth_update_secret=True)
    played = role.play({name: given(dev, **it) for name, (it, _) in wrong.items()} | {"same": same})

    assert outcome(played) == {**dict.fromkeys(wrong, (0, 1)), "same": (1, 0)}, played.text
    for name, (_, words) in wrong.items():
        (said,) = re.findall(rf"(?ms)^fatal: \[{name}\].*?^}}", played.text)
        assert words in said
        assert "creatio_oauth_" in said
    assert "a wrong one" not in played.text
    assert dev.settings() == before


def test_check_mode_before_there_is_a_creatio(
    hands: Mapping[str, Administrator], role: Role
) -> None:
    hosts = {"dev": given(hands["dev"], creatio_oauth_creatio=ELSEWHERE)}
    planned = role.play(hosts, "--check")
    assert outcome(planned) == {"dev": (0, 0)}
    assert "what would be changed cannot be said" in planned.text
