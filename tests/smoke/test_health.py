# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Creatio's own health checks: made beside all else, without a token."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opskit.models import Check, Status
from opskit.sandbox import pages
from tests.scripted_server import (
    DATA_PATHS,
    HANG_UP,
    OAUTH_HEALTH,
    PING,
    TOKEN,
    Received,
    Reply,
    ScriptedServer,
    html_reply,
    json_reply,
    redirect_reply,
    script_creatio,
    script_identity,
    text_reply,
    token,
)
from tests.smoke import HEALTH, PATHS, smoked, unit

DATA_REQUESTS = [
    ("GET" if name.startswith("odata") else "POST", path) for name, path in DATA_PATHS.items()
]
NAMED = list(zip(HEALTH, (PING, OAUTH_HEALTH), strict=True))
REFUSED = (
    "Can't retrieve access_token for system actions from IdentityService specified in system "
    "setting OAuth20IdentityServerUrl."
)


@pytest.fixture
def creatio() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server)
        yield server


def asked(server: ScriptedServer, folder: Path, path: str, reply: Reply, **smoke: object) -> Check:
    server.script("GET", path, reply)
    checks = smoked(unit(folder, server, smoke=smoke))
    assert {checks[one].status for one in PATHS} == {Status.PASS}
    return checks[HEALTH[(PING, OAUTH_HEALTH).index(path)]]


def ended(check: Check) -> tuple[Status, str]:
    return check.status, check.finding.id if check.finding else ""


def test_they_pass_and_get_no_token(creatio: ScriptedServer, tmp_path: Path) -> None:
    checks = smoked(unit(tmp_path, creatio))
    assert [ended(checks[one]) for one in HEALTH] == [(Status.PASS, "")] * 2
    assert checks["health.oauth"].summary == "no problem with the Identity Service"
    for path in (PING, OAUTH_HEALTH):
        (request,) = creatio.requests(path)
        assert (request.method, request.authorization) == ("GET", "")


def test_they_lie_below_the_api(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server, "/0")
        checks = smoked(unit(tmp_path, server, runtime="auto"))
        assert {check.status for check in checks.values()} == {Status.PASS}
        assert len(server.requests(f"/0{OAUTH_HEALTH}")) == 1


@pytest.mark.parametrize(
    ("words", "finding"),
    [
        ("System setting OAuth20IdentityServerUrl is empty.", "identity-url-empty"),
        (
            "IdentityService specified in system setting OAuth20IdentityServerUrl is unavailable.",
            "identity-unavailable",
        ),
        (REFUSED, "system-token-refused"),
        ("System setting OAuth20IdentityServerClientId is empty.", "oauth-problem"),
    ],
)
@pytest.mark.parametrize("status", [500, 200])
def test_each_problem_has_its_finding(
    creatio: ScriptedServer, tmp_path: Path, words: str, finding: str, status: int
) -> None:
    reply = json_reply({"HasProblem": True, "Message": words}, status)
    check = asked(creatio, tmp_path, OAUTH_HEALTH, reply)
    assert ended(check) == (Status.FAIL, finding)
    assert f"{status}: " in check.summary
    assert words in check.summary
    assert check.finding is not None
    assert check.finding.remedy


@pytest.mark.parametrize("path", [PING, OAUTH_HEALTH])
@pytest.mark.parametrize(
    "reply",
    [
        Reply(404),
        html_reply("<html>Not found</html>", 404),
        html_reply(pages.IIS_NOT_FOUND, 404),
        json_reply({"Message": "no"}, 404),
    ],
    ids=["empty", "page", "page of IIS", "json"],
)
def test_older_versions_have_none(
    creatio: ScriptedServer, tmp_path: Path, path: str, reply: Reply
) -> None:
    check = asked(creatio, tmp_path, path, reply)
    assert ended(check) == (Status.UNSUPPORTED, "health-absent")
    assert "404" in check.summary


IIS_404 = html_reply(pages.IIS_NOT_FOUND, 404)


@pytest.mark.parametrize("token_refused", [False, True])
def test_iis_that_has_no_creatio_there_speaks_of_no_version(
    creatio: ScriptedServer, tmp_path: Path, token_refused: bool
) -> None:
    for method, path in (("GET", PING), ("GET", OAUTH_HEALTH), *DATA_REQUESTS):
        creatio.script(method, path, IIS_404)
    if token_refused:
        creatio.script("POST", TOKEN, json_reply({"error": "invalid_client"}, 400))
    checks = smoked(unit(tmp_path, creatio))
    assert [ended(checks[one]) for one in HEALTH] == [(Status.FAIL, "iis-not-found")] * 2
    assert "File or directory not found" in checks["health.ping"].summary


@pytest.mark.parametrize("runtime", ["net", "auto"])
def test_iis_speaks_of_the_path_where_creatio_is_there(
    creatio: ScriptedServer, tmp_path: Path, runtime: str
) -> None:
    """A page that was found out, a refusal in Creatio's own words, or the other health check."""
    creatio.script("GET", OAUTH_HEALTH, IIS_404)
    if runtime == "net":
        refusal = json_reply({"success": False, "errorInfo": {"message": "No."}})
        creatio.script("POST", DATA_PATHS["dataservice"], refusal)
    for method, path in [("GET", PING), *DATA_REQUESTS]:
        if runtime == "auto" or path != DATA_PATHS["dataservice"]:
            creatio.script(method, path, IIS_404)
    checks = smoked(unit(tmp_path, creatio, runtime=runtime))
    assert [ended(checks[one]) for one in HEALTH] == [(Status.UNSUPPORTED, "health-absent")] * 2


def test_one_health_check_answers_for_the_other(creatio: ScriptedServer, tmp_path: Path) -> None:
    creatio.script("GET", OAUTH_HEALTH, IIS_404)
    creatio.script("POST", TOKEN, json_reply({"error": "invalid_client"}, 400))
    checks = smoked(unit(tmp_path, creatio))
    assert [checks[one].status for one in HEALTH] == [Status.PASS, Status.UNSUPPORTED]


def test_a_health_check_below_a_wrong_prefix(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server, "/0")
        for method, path in (("GET", PING), ("GET", OAUTH_HEALTH), *DATA_REQUESTS):
            server.script(method, path, IIS_404)
        checks = smoked(unit(tmp_path, server))
    assert {ended(checks[one]) for one in (*HEALTH, *PATHS)} == {(Status.FAIL, "prefix-wrong")}


@pytest.mark.parametrize(("name", "path"), NAMED)
def test_where_it_is_required_its_absence_fails(
    creatio: ScriptedServer, tmp_path: Path, name: str, path: str
) -> None:
    check = asked(creatio, tmp_path, path, Reply(404), require=[name])
    assert ended(check) == (Status.FAIL, "health-absent")


@pytest.mark.parametrize(
    ("reply", "ping", "oauth"),
    [
        (Reply(503), "restarting", "restarting"),
        (html_reply(), "gateway-page", "gateway-page"),
        (html_reply(status=404), "gateway-page", "gateway-page"),
        (html_reply("<html>Hello</html>"), "web-page", "web-page"),
        (redirect_reply("/Login/Login.html"), "login-redirect", "login-redirect"),
        (json_reply({"Message": "no"}, 500), "unexpected-status", "unexpected-status"),
        (HANG_UP, "connection-failed", "connection-failed"),
        (text_reply("fine"), "", "not-json"),
        (Reply(200), "", "not-json"),
        (json_reply({"HasProblem": "no"}), "", "unexpected-shape"),
        (json_reply([]), "", "unexpected-shape"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_any_other_answer(
    creatio: ScriptedServer, tmp_path: Path, reply: Reply, ping: str, oauth: str
) -> None:
    for path, finding in ((PING, ping), (OAUTH_HEALTH, oauth)):
        check = asked(creatio, tmp_path, path, reply)
        assert ended(check) == (Status.FAIL if finding else Status.PASS, finding)


@pytest.mark.parametrize(("name", "path"), NAMED)
def test_they_can_be_skipped(creatio: ScriptedServer, tmp_path: Path, name: str, path: str) -> None:
    check = asked(creatio, tmp_path, path, Reply(503), skip=[name])
    assert (ended(check), check.summary) == ((Status.SKIPPED, ""), "skip in opskit.toml")
    assert creatio.requests(path) == []


def test_they_are_under_way_while_the_token_is_obtained(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    all_there = threading.Barrier(3)

    def meeting(reply: Reply) -> Callable[[Received], Reply]:
        def script(_request: Received) -> Reply:
            all_there.wait(timeout=10)
            return reply

        return script

    creatio.script("POST", TOKEN, meeting(token()))
    creatio.script("GET", PING, meeting(text_reply("Pong")))
    creatio.script("GET", OAUTH_HEALTH, meeting(json_reply({"HasProblem": False})))
    checks = smoked(unit(tmp_path, creatio))
    assert {check.status for check in checks.values()} == {Status.PASS}


def test_without_a_token_they_still_say_something(creatio: ScriptedServer, tmp_path: Path) -> None:
    creatio.script("POST", TOKEN, json_reply({"error": "invalid_client"}, 400))
    checks = smoked(unit(tmp_path, creatio))
    assert [ended(checks[one]) for one in HEALTH] == [(Status.PASS, "")] * 2


def test_a_required_one_fails_where_nobody_knows_where_it_is(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    creatio.script("GET", "/Login/Login.html", Reply(404))
    where = unit(tmp_path, creatio, runtime="auto", smoke={"require": ["health.oauth"]})
    checks = smoked(where)
    assert ended(checks["health.oauth"]) == (Status.FAIL, "runtime-unknown")
    assert checks["health.oauth"].summary == "It is required, and the runtime is not known."
    assert ended(checks["health.ping"]) == (Status.SKIPPED, "")
