# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The role creatio_oauth on the sandbox's Creatio, with and without /0."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
def hands(sandbox: Sandbox, request: pytest.FixtureRequest) -> Iterator[Administrator]:
    """The administrator of one environment; what was there before is put back."""
    name = getattr(request, "param", "dev")
    environment = sandbox.environment(name)
    one = Administrator(
        environment.require("creatio"),
        environment.require("identity"),
        "framework" if name == "test" else "net",
        (sandbox.folder / "secrets" / f"{name}-supervisor").read_text("utf-8"),
    )
    with one.http:
        one.sign_in()
        before = one.settings()
        yield one
        one.set(**before)
        one.feature(1)


def play(
    collection: Collection,
    hands: Administrator,
    folder: Path,
    *arguments: str,
    **variables: object,
) -> Played:
    given: dict[str, Any] = {
        "creatio_oauth_creatio": hands.creatio + "/",
        "creatio_oauth_runtime": hands.runtime,
        "creatio_oauth_password": hands.password,
        "creatio_oauth_identity": hands.identity,
        "creatio_oauth_client_id": "IdServiceUser",
        "creatio_oauth_client_secret": CLIENT_SECRET,
        **variables,
    }
    playbook = {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "roles": ["opskit.creatio.creatio_oauth"],
    }
    path = folder / "connect.yml"
    path.write_text(json.dumps([playbook]), encoding="utf-8")
    private = folder / "given.json"
    private.write_text(json.dumps({k: v for k, v in given.items() if v is not None}), "utf-8")
    options = ("-i", "creatio,", "-e", f"@{private}", "-vvv", "--diff")
    played = collection.call("ansible-playbook", *options, *arguments, path)
    for secret in (hands.password, CLIENT_SECRET, *hands.http.cookies.values()):
        assert secret not in played.text
    assert "BPMLOADER" not in played.text
    return played


def outcome(played: Played) -> tuple[int, int]:
    """How many tasks changed something, and how many failed."""
    return recap(played, "changed")["creatio"], recap(played, "failed")["creatio"]


@pytest.mark.parametrize("hands", ["dev", "test"], indirect=True)
def test_what_differs_is_set_once(
    collection: Collection, hands: Administrator, tmp_path: Path
) -> None:
    before = hands.settings()
    assert outcome(planned := play(collection, hands, tmp_path, "--check")) == (1, 0), planned.text
    assert f"{CLIENT}: {before[CLIENT]} → IdServiceUser" in planned.text
    assert hands.settings() == before

    assert outcome(done := play(collection, hands, tmp_path)) == (1, 0), done.text
    assert hands.settings() == {URL: hands.identity, CLIENT: "IdServiceUser"}
    without = {"creatio_oauth_client_secret": None}
    assert outcome(again := play(collection, hands, tmp_path, **without)) == (0, 0), again.text


def test_by_hand_it_is_red_and_the_role_mends_it(
    collection: Collection, sandbox: Sandbox, hands: Administrator, tmp_path: Path
) -> None:
    hands.set(**{CLIENT: "IdServiceUser"})
    hands.feature(0)
    smoke = ("smoke", "-e", "dev", "-o", "json")
    red = run(*smoke, config=sandbox.config)
    assert (red.code, "integration-off" in red.out) == (1, True)

    assert outcome(planned := play(collection, hands, tmp_path, "--check")) == (1, 0), planned.text
    assert "OAuth20Integration: off → on" in planned.text
    left = {"creatio_oauth_feature": False}
    assert outcome(alone := play(collection, hands, tmp_path, **left)) == (0, 0), alone.text
    assert run(*smoke, config=sandbox.config).code == 1
    assert outcome(mended := play(collection, hands, tmp_path)) == (1, 0), mended.text
    assert run(*smoke, config=sandbox.config).code == 0

    hands.set(**{URL: ELSEWHERE})
    red = run(*smoke, config=sandbox.config)
    assert (red.code, "identity-unavailable" in red.out) == (1, True)
    assert outcome(mended := play(collection, hands, tmp_path)) == (1, 0), mended.text
    assert f"{URL}: {ELSEWHERE} → {hands.identity}" in mended.text
    assert run(*smoke, config=sandbox.config).code == 0


def test_the_secret_is_sent_when_asked(
    collection: Collection, hands: Administrator, tmp_path: Path
) -> None:
    same = {"creatio_oauth_client_id": hands.settings()[CLIENT]}
    asked = {**same, "creatio_oauth_update_secret": True}
    assert outcome(play(collection, hands, tmp_path, **same)) == (0, 0)
    assert outcome(play(collection, hands, tmp_path, **asked)) == (1, 0)
    unknown = play(collection, hands, tmp_path, **{**asked, "creatio_oauth_client_secret": None})
    assert outcome(unknown) == (0, 1)
    assert "Nothing was changed. Give creatio_oauth_client_secret." in unknown.text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"creatio_oauth_password": "a wrong password"}, "You have entered an invalid username"),
        ({"creatio_oauth_runtime": "framework"}, "answers 302 when it is asked for its system"),
        ({"creatio_oauth_creatio": ELSEWHERE}, "gives no answer"),
    ],
)
def test_what_cannot_be_done_is_said(
    collection: Collection,
    hands: Administrator,
    tmp_path: Path,
    wrong: Mapping[str, str],
    words: str,
) -> None:
    before = hands.settings()
    failed = play(collection, hands, tmp_path, **wrong)
    assert outcome(failed) == (0, 1)
    assert words in failed.text
    assert "Check creatio_oauth_" in failed.text
    assert "a wrong password" not in failed.text
    assert hands.settings() == before


def test_check_mode_before_there_is_a_creatio(
    collection: Collection, hands: Administrator, tmp_path: Path
) -> None:
    nothing = {"creatio_oauth_creatio": ELSEWHERE}
    planned = play(collection, hands, tmp_path, "--check", **nothing)
    assert outcome(planned) == (0, 0)
    assert "what would be changed cannot be said" in planned.text
