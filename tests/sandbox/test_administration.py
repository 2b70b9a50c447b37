# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What an administrator may do in Creatio, and what it means for tokens."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import NAMES, Rehearsal

URL = "OAuth20IdentityServerUrl"
SECRET = "OAuth20IdentityServerClientSecret"
QUERY = "DataService/json/SyncReply/QuerySysSettings"
POST = "DataService/json/SyncReply/PostSysSettingsValues"
CLEAR = "rest/FeatureService/ClearFeaturesCacheForAllUsers/T0F1dGgyMEludGVncmF0aW9u"


def login(one: Rehearsal, http: httpx.Client, **changed: str) -> dict[str, Any]:
    password = (one.folder / "secrets" / f"{one.name}-supervisor").read_text("ascii")
    body = {"UserName": "Supervisor", "UserPassword": password, **changed}
    url = f"{one.settings['creatio']}/ServiceModel/AuthService.svc/Login"
    answer: dict[str, Any] = http.post(url, json=body).raise_for_status().json()
    return answer


@pytest.fixture(params=NAMES)
def each(request: pytest.FixtureRequest, rehearsals: dict[str, Rehearsal]) -> Rehearsal:
    return rehearsals[request.param]


@pytest.fixture
def session(each: Rehearsal) -> Iterator[httpx.Client]:
    """Somebody who is signed in; the address and the feature are put back."""
    options: dict[str, Any] = {"verify": each.trust, "trust_env": False, "timeout": 20}
    with httpx.Client(base_url=each.api, **options) as http:
        assert login(each, http)["Code"] == 0
        http.headers["BPMCSRF"] = http.cookies["BPMCSRF"]
        yield http
        http.post(POST, json={"sysSettingsValues": {URL: each.identity}}).raise_for_status()
        switch(http, 1)


def switch(http: httpx.Client, state: int) -> None:
    (row,) = http.get("odata/Feature?$filter=Code eq 'OAuth20Integration'").json()["value"]
    answer = http.patch(f"odata/Feature({row['Id']})", json={"DefaultState": state})
    assert answer.status_code == 204
    http.get(CLEAR).raise_for_status()


def test_nobody_is_signed_in_by_a_wrong_password(dev: Rehearsal) -> None:
    with httpx.Client(trust_env=False, timeout=20) as http:
        for wrong in ({"UserPassword": "wrong"}, {"UserName": "Somebody"}):
            answer = login(dev, http, **wrong)
            assert answer["Code"] == 1
            assert answer["Message"] == "You have entered an invalid username or password."
        assert not http.cookies
        # Neither is a token a session.
        asked = http.post(f"{dev.api}/{QUERY}", json={}, headers=dev.bearer())
        assert asked.status_code == 302


def test_a_session_wants_its_header(session: httpx.Client) -> None:
    body = {"sysSettingsNameCollection": [URL]}
    assert session.post(QUERY, json=body).status_code == 200
    forged = session.post(QUERY, json=body, headers={"BPMCSRF": "forged"})
    assert (forged.status_code, "BPMCSRF" in forged.text) == (403, True)


def test_settings(each: Rehearsal, session: httpx.Client) -> None:
    values = {URL: "http://127.0.0.1:1", SECRET: "hush-hush", "Nothing": "x"}
    saved = session.post(POST, json={"isPersonal": False, "sysSettingsValues": values}).json()
    assert saved == {"saveResult": {URL: True, SECRET: True, "Nothing": False}, "success": False}
    found = session.post(QUERY, json={"sysSettingsNameCollection": list(values)}).json()
    assert found["values"][URL]["value"] == "http://127.0.0.1:1"
    assert found["values"][SECRET]["value"] == ""
    assert found["notFoundSettings"] == ["Nothing"]

    assert each.odata4().status_code == 401
    health = f"{each.api}/api/OAuthHealthCheck"
    assert (
        session.get(health).json()["Message"].endswith("OAuth20IdentityServerUrl is unavailable.")
    )
    session.post(POST, json={"sysSettingsValues": {URL: ""}})
    assert session.get(health).json()["Message"].endswith("ServerUrl is empty.")
    session.post(POST, json={"sysSettingsValues": {URL: each.identity + "/"}})
    assert each.odata4().status_code == 200


def test_the_feature(each: Rehearsal, session: httpx.Client) -> None:
    switch(session, 0)
    assert each.odata4().status_code == 302
    switch(session, 1)
    assert each.odata4().status_code == 200
    for method, path, body, status in (
        ("POST", "odata/Feature", {"Code": "New", "Name": "New", "DefaultState": 1}, 201),
        ("POST", "odata/Feature", {"Code": "New", "DefaultState": 1}, 400),
        ("PATCH", "odata/Feature(nobody)", {"DefaultState": 1}, 404),
        ("PATCH", "odata/Feature(nobody)", {"DefaultState": True}, 400),
    ):
        assert session.request(method, path, json=body).status_code == status
