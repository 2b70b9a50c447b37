# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which finding an unexpected answer leads to, whichever service it came from."""

import json

import pytest

from opskit.diagnosis.answers import diagnose
from opskit.http import MAX_BODY, Answer
from opskit.models import Finding
from opskit.secrets import Secret
from tests.scripted_server import LOGIN_HTML

RELOADING = (
    '{"ExceptionMessage": "Collection was modified; enumeration operation may not execute."}'
)


def answer(
    status: int = 200,
    body: str = "{}",
    kind: str = "application/json",
    *,
    complete: bool = True,
    **headers: str,
) -> Answer:
    content = {"content-type": kind, **headers}
    return Answer(status, content, body.encode(), complete, elapsed=0.1)


def found(came: Answer) -> Finding:
    finding = diagnose(came)
    assert finding is not None
    return finding


@pytest.mark.parametrize("body", ["{}", "[]", '"text"', "0"])
def test_json_with_200_is_fine(body: str) -> None:
    assert diagnose(answer(body=body)) is None


@pytest.mark.parametrize(
    ("came", "finding_id", "words"),
    [
        (answer(502, "", ""), "restarting", "502"),
        (answer(503, "<html>503</html>", "text/html"), "restarting", "503"),
        (answer(504), "restarting", "504"),
        (answer(500, RELOADING), "routes-reloading", "500: "),
        (answer(400, RELOADING.upper()), "routes-reloading", "400: "),
        (answer(200, LOGIN_HTML, "text/html"), "login-page", "200"),
        (answer(200, '<html><a href="/Login/NuiLogin.aspx">', "text/html"), "login-page", "200"),
        (answer(200, "<html>One moment</html>", "text/html"), "web-page", "One moment"),
        (answer(200, "<!doctype html><p>Hm", "application/json"), "web-page", "Hm"),
        (answer(200, "fine", "text/plain"), "not-json", "text/plain: fine"),
        (answer(200, "{}", ""), "not-json", "no content type: {}"),
        (answer(200, "{", "application/json"), "not-json", "application/json: {"),
        (answer(200, "", "application/json"), "not-json", "an empty body"),
        (answer(200, "[1", complete=False), "answer-too-large", "MB"),
        (answer(400, '{"a": "why"}'), "unexpected-status", '400: {"a": "why"}'),
        (answer(404, ""), "unexpected-status", "404 with an empty body"),
        (answer(500, "<html>Runtime Error", "text/html"), "unexpected-status", "Runtime Error"),
        (answer(204, ""), "unexpected-status", "204"),
    ],
)
def test_each_answer_has_its_finding(came: Answer, finding_id: str, words: str) -> None:
    finding = found(came)
    assert finding.id == finding_id
    assert words in finding.symptom
    assert not finding.unreachable, "there was an answer"


@pytest.mark.parametrize(
    "location",
    [
        "/Login/NuiLogin.aspx?ReturnUrl=%2fodata%2fAccount",
        "https://creatio.example/Login/Login.html",
        "/0/login/nuilogin.aspx",
        "/SignIn?ReturnUrl=%2f",
    ],
)
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_to_the_login_page_is_told_apart(status: int, location: str) -> None:
    finding = found(answer(status, "", location=location))
    assert finding.id == "login-redirect"
    assert finding.symptom.startswith(f"{status} to the login page: ")


@pytest.mark.parametrize("location", ["https://other.example/odata", "/", "http://[::1/"])
def test_any_other_redirect_names_its_target(location: str) -> None:
    finding = found(answer(301, "", location=location))
    assert (finding.id, finding.symptom) == ("redirect", f"301 to {location}")


def test_a_redirect_without_a_target_is_told() -> None:
    assert "no Location header" in found(answer(302, "")).symptom


def test_the_size_that_was_read_is_named() -> None:
    came = answer(body=" " * MAX_BODY, complete=False)
    assert found(came).symptom == "Stopped reading after 2 MB."


def test_data_that_speaks_of_a_modified_collection_is_fine() -> None:
    rows = {"value": [{"Notes": "Customer asks: Collection was modified, what now?"}]}
    assert diagnose(answer(body=json.dumps(rows))) is None


@pytest.mark.parametrize(
    "came",
    [
        answer(500, "you sent secret-in-diagnose"),
        answer(200, "you sent secret-in-diagnose", "text/plain"),
        answer(200, "<html>secret-in-diagnose", "text/html"),
        answer(302, "", location="/elsewhere?token=secret-in-diagnose"),
        answer(302, "", location="/Login/Login.html?ReturnUrl=secret-in-diagnose"),
        answer(500, "Collection was modified secret-in-diagnose"),
    ],
)
def test_no_finding_repeats_a_secret(came: Answer) -> None:
    Secret("secret-in-diagnose")
    assert "secret-in-diagnose" not in str(diagnose(came))
