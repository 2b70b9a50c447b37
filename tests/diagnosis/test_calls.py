# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Every call is refused: what Creatio's health check and the other prefix make of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.models import Check, Status
from tests.scripted_server import (
    DATA_PATHS,
    HANG_UP,
    LOGIN_HTML,
    OAUTH_HEALTH,
    Reply,
    ScriptedServer,
    closed_port,
    html_reply,
    json_reply,
    redirect_reply,
    script_creatio,
    script_identity,
    script_path,
)
from tests.smoke import PATHS, smoked, unit

UNAUTHORIZED = json_reply({"Message": "Authentication failed.", "StackTrace": None}, 401)
LOGIN = redirect_reply("/Login/NuiLogin.aspx?ReturnUrl=%2f")


def healthy() -> Reply:
    return json_reply({"HasProblem": False, "Message": ""})


def problem(words: str) -> Reply:
    return json_reply({"HasProblem": True, "Message": words}, 500)


@pytest.fixture
def creatio() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server)
        yield server


def refuse(server: ScriptedServer, reply: Reply = UNAUTHORIZED, *prefixes: str) -> None:
    for prefix in prefixes or ("",):
        for path in PATHS:
            script_path(server, path, reply, prefix)


def findings(checks: dict[str, Check]) -> set[str]:
    return {getattr(checks[path].finding, "id", "") for path in PATHS}


def evidence(checks: dict[str, Check]) -> tuple[str, ...]:
    finding = checks["odata4"].finding
    assert finding is not None
    return tuple(finding.evidence)


@pytest.mark.parametrize(
    ("health", "finding", "words"),
    [
        (healthy(), "client-unregistered", "HasProblem is false"),
        (
            problem("System setting OAuth20IdentityServerUrl is empty."),
            "identity-url-empty",
            "is empty",
        ),
        (
            problem(
                "IdentityService specified in system setting OAuth20IdentityServerUrl is "
                "unavailable."
            ),
            "identity-unavailable",
            "is unavailable",
        ),
        (
            problem("Can't retrieve access_token for system actions from IdentityService."),
            "system-token-refused",
            "system actions",
        ),
        (problem("Something else."), "oauth-problem", "Something else."),
        (Reply(404), "every-call-refused", "from Creatio 8.1.2 on"),
        (html_reply("<html>404</html>", 404), "every-call-refused", "from Creatio 8.1.2 on"),
        (LOGIN, "every-call-refused", "302 to the login page"),
        (UNAUTHORIZED, "every-call-refused", "The server answers 401"),
        (json_reply([True]), "every-call-refused", "[true]"),
        (json_reply({"HasProblem": "yes"}), "every-call-refused", '{"HasProblem": "yes"}'),
        (HANG_UP, "every-call-refused", "gave no answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_health_check_decides(
    creatio: ScriptedServer, tmp_path: Path, health: Reply, finding: str, words: str
) -> None:
    refuse(creatio)
    creatio.script("GET", OAUTH_HEALTH, health)
    checks = smoked(unit(tmp_path, creatio))
    assert findings(checks) == {finding}
    assert words in evidence(checks)[0]
    assert creatio.requests(OAUTH_HEALTH)[0].authorization == "", "it needs no token, and gets none"


@pytest.mark.parametrize("refusal", [UNAUTHORIZED, LOGIN, html_reply(LOGIN_HTML), Reply(404)])
@pytest.mark.parametrize(("prefix", "runtime"), [("/0", "net"), ("", "framework")])
def test_the_other_prefix_is_tried_once(
    tmp_path: Path, refusal: Reply, prefix: str, runtime: str
) -> None:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server, prefix)
        refuse(server, refusal, "" if prefix else "/0")
        checks = smoked(unit(tmp_path, server, runtime=runtime, smoke={"require": ["odata3"]}))
        tried = [r for p in PATHS for r in server.requests(prefix + DATA_PATHS[p])]
    assert findings(checks) == {"prefix-wrong"}
    assert evidence(checks)[1] == f"The same call below {server.url}{prefix}/ was answered."
    assert len(tried) == 1


def test_a_token_that_is_ignored_under_both_prefixes(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    refuse(creatio, LOGIN, "", "/0")
    checks = smoked(unit(tmp_path, creatio))
    assert findings(checks) == {"integration-off"}
    assert "302 to the login page" in checks["odata4"].summary
    assert evidence(checks)[1].endswith("/0/ was refused too.")


def test_a_prefix_that_does_not_answer_is_no_answer(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    refuse(creatio)
    script_path(creatio, "odata4", HANG_UP, "/0")
    assert findings(smoked(unit(tmp_path, creatio))) == {"client-unregistered"}


def test_iis_that_knows_none_of_the_paths(creatio: ScriptedServer, tmp_path: Path) -> None:
    page = "<html><h2>404 - File or directory not found.</h2>\n<h3>Gone.</h3></html>"
    refuse(creatio, html_reply(page, 404))
    checks = smoked(unit(tmp_path, creatio))
    assert findings(checks) == {"iis-not-found"}


def test_one_path_that_is_let_in_ends_the_search(creatio: ScriptedServer, tmp_path: Path) -> None:
    for path in PATHS[:3]:
        script_path(creatio, path, LOGIN)
    checks = smoked(unit(tmp_path, creatio))
    assert findings(checks) == {"login-redirect", ""}
    assert evidence(checks) == ()
    assert len(creatio.requests(OAUTH_HEALTH)) == 1


@pytest.mark.parametrize(
    "own",
    [
        {"name": "closed", "path": "rest/X", "status": 401},
        {"name": "open", "path": "rest/X"},
    ],
    ids=["expects a refusal", "takes anybody"],
)
def test_a_check_of_ones_own_proves_nothing(
    creatio: ScriptedServer, tmp_path: Path, own: dict[str, object]
) -> None:
    refuse(creatio)
    creatio.script("GET", "/rest/X", UNAUTHORIZED if "status" in own else json_reply({}))
    checks = smoked(unit(tmp_path, creatio, smoke={"checks": [own]}))
    assert checks[str(own["name"])].status is Status.PASS
    assert findings(checks) == {"client-unregistered"}


def test_an_identity_service_that_restarts_may_heal(tmp_path: Path) -> None:
    """Creatio finds it unavailable, and so does the token: nothing there is worth giving up for."""
    text = "IdentityService specified in system setting OAuth20IdentityServerUrl is unavailable."
    with ScriptedServer() as server:
        script_creatio(server)
        server.script("GET", OAUTH_HEALTH, problem(text))
        where = unit(tmp_path, server, identity=f"http://127.0.0.1:{closed_port()}")
        checks = smoked(where)
    failures = [check for check in checks.values() if check.status is Status.FAIL]
    assert {check.id for check in failures} == {"token", "health.oauth"}
    assert all(check.finding is not None and check.finding.transient for check in failures)


def test_a_service_that_is_down_is_not_asked_again(creatio: ScriptedServer, tmp_path: Path) -> None:
    refuse(creatio, Reply(503))
    assert findings(smoked(unit(tmp_path, creatio))) == {"restarting"}
    assert len(creatio.requests(OAUTH_HEALTH)) == 1


@pytest.mark.parametrize(
    ("health", "finding"),
    [
        (healthy(), "unauthorized"),
        (problem("System setting OAuth20IdentityServerUrl is empty."), "identity-url-empty"),
    ],
    ids=["sound", "problem"],
)
def test_a_single_call_says_nothing_of_the_others(
    creatio: ScriptedServer, tmp_path: Path, health: Reply, finding: str
) -> None:
    refuse(creatio)
    creatio.script("GET", OAUTH_HEALTH, health)
    checks = smoked(
        unit(tmp_path, creatio, smoke={"skip": ["odata3", "webservice", "dataservice"]})
    )
    assert [checks[path].status for path in PATHS].count(Status.SKIPPED) == 3
    assert checks["odata4"].finding is not None
    assert checks["odata4"].finding.id == finding
    assert "HasProblem" in evidence(checks)[0]
