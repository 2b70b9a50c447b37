# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""smoke as a whole: one token for four calls, the runtime, what is skipped, and what is kept."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from opskit.errors import ClientNotFound, ConfigError, SecretError
from opskit.models import Check, Status
from opskit.sandbox.faults import Fault
from opskit.smoke import smoke
from tests.conftest import ENVIRONMENTS, Sandbox, environment
from tests.scripted_server import (
    DATA_PATHS,
    DISCOVERY,
    FRAMEWORK_LOGIN,
    HANG_UP,
    HEALTHY,
    LOGIN_HTML,
    NET_LOGIN,
    OAUTH_HEALTH,
    PING,
    TOKEN,
    Received,
    Reply,
    ScriptedServer,
    closed_port,
    default_key,
    discovery,
    endless_reply,
    html_reply,
    in_turn,
    json_reply,
    redirect_reply,
    script_creatio,
    script_identity,
    script_path,
    text_reply,
    token,
)
from tests.smoke import CLIENT, HEALTH, PATHS, SECRET, smoked, unit

UNAUTHORIZED = json_reply({"Message": "Authentication failed.", "StackTrace": None}, 401)


@pytest.fixture
def creatio() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server)
        yield server


def found(checks: dict[str, Check], *statuses: Status) -> dict[str, str]:
    """Return the finding of each check that ended in one of ``statuses``."""
    wanted = [check for check in checks.values() if check.status in statuses]
    return {check.id: check.finding.id if check.finding else "" for check in wanted}


def all_pass(checks: dict[str, Check]) -> bool:
    return {check.status for check in checks.values()} == {Status.PASS}


def only_with(*tokens: str, otherwise: Reply, reply: Reply) -> Callable[[Received], Reply]:
    """Give ``reply`` to calls that bring one of ``tokens``."""

    def script(request: Received) -> Reply:
        known = request.authorization.removeprefix("Bearer ") in tokens
        return reply if known else otherwise

    return script


# -- all of it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_sandbox_passes(sandbox: Sandbox, name: str) -> None:
    checks = smoked(sandbox.environment(name))
    assert all_pass(checks), found(checks, *Status)
    assert checks["token"].summary.startswith("expires in ")
    assert all(checks[path].elapsed is not None for path in PATHS)


def test_one_token_serves_all_calls_on_few_connections(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    assert all_pass(smoked(unit(tmp_path, creatio)))
    calls = [request for path in PATHS for request in creatio.requests(DATA_PATHS[path])]
    assert len({request.authorization for request in calls}) == 1
    assert len(creatio.received) == 8, "discovery, token, two health checks, four calls"
    assert creatio.connections <= 6


def test_the_token_goes_to_the_data_paths_only(creatio: ScriptedServer, tmp_path: Path) -> None:
    assert all_pass(smoked(unit(tmp_path, creatio, runtime="auto")))
    with_token = {r.path for r in creatio.received if r.authorization.startswith("Bearer")}
    assert with_token == set(DATA_PATHS.values())


def test_the_token_comes_from_where_discovery_says(creatio: ScriptedServer, tmp_path: Path) -> None:
    creatio.script(
        "GET", DISCOVERY, discovery(creatio.url, token_endpoint=f"{creatio.url}/own/token")
    )
    creatio.script("POST", "/own/token", token())
    assert all_pass(smoked(unit(tmp_path, creatio)))
    assert len(creatio.requests("/own/token")) == 1
    assert creatio.requests(TOKEN) == []


def test_the_calls_are_made_at_once(creatio: ScriptedServer, tmp_path: Path) -> None:
    all_there = threading.Barrier(len(PATHS))

    def script(request: Received) -> Reply:
        all_there.wait(timeout=10)
        return next(HEALTHY[path] for path in PATHS if DATA_PATHS[path] == request.path)

    for path in PATHS:
        script_path(creatio, path, script)
    assert all_pass(smoked(unit(tmp_path, creatio)))


def test_a_slash_at_the_end_of_the_address_does_no_harm(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    checks = smoked(unit(tmp_path, creatio, creatio=creatio.url + "/"))
    assert all_pass(checks)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_in_the_surroundings_does_not_disturb_this_machine(
    creatio: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert all_pass(smoked(unit(tmp_path, creatio)))


# -- what stops it -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"identity": None}, "identity is not set"),
        ({"creatio": None}, "creatio is not set"),
        ({"clients": None}, "no client whose secret is known"),
    ],
    ids=["identity", "creatio", "clients"],
)
def test_what_must_be_configured_is_named(
    tmp_path: Path, changes: dict[str, object], words: str
) -> None:
    (tmp_path / "secret").write_text(SECRET)
    settings: dict[str, object] = {
        "identity": "http://127.0.0.1:9",
        "creatio": "http://127.0.0.1:9",
        "clients": [{"id": CLIENT, "secret": {"file": "secret"}}],
    }
    content = {key: value for key, value in (settings | changes).items() if value is not None}
    with pytest.raises(ConfigError, match=words):
        asyncio.run(smoke(environment(tmp_path, **content)))


def test_a_client_without_a_known_secret_is_a_usage_error(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    with pytest.raises(ClientNotFound, match="other"):
        asyncio.run(smoke(unit(tmp_path, creatio), "other"))


def test_a_secret_that_is_not_there_is_told_cleanly(
    creatio: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    where = unit(tmp_path, creatio, runtime="auto")
    (tmp_path / "secret").unlink()
    with pytest.raises(SecretError, match="secret"):
        asyncio.run(smoke(where))
    assert caplog.records == []


@pytest.mark.parametrize("slow", [NET_LOGIN, OAUTH_HEALTH])
def test_nothing_goes_on_once_there_is_no_secret(
    creatio: ScriptedServer, tmp_path: Path, slow: str, caplog: pytest.LogCaptureFixture
) -> None:
    creatio.script("GET", slow, Reply(200, delay=30))
    where = unit(tmp_path, creatio, runtime="auto")
    (tmp_path / "secret").unlink()

    async def run() -> None:
        with pytest.raises(SecretError, match="secret"):
            await smoke(where)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
    assert caplog.records == []


def test_without_identity_service_the_calls_are_skipped(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    where = unit(tmp_path, creatio, identity=f"http://127.0.0.1:{closed_port()}")
    checks = smoked(where)
    assert found(checks, Status.FAIL) == {"token": "connection-refused"}
    assert found(checks, Status.SKIPPED) == dict.fromkeys(PATHS, "")
    assert checks["odata4"].summary == "there is no token"
    assert {request.path for request in creatio.received} == {PING, OAUTH_HEALTH}


def test_without_a_token_the_calls_are_skipped(creatio: ScriptedServer, tmp_path: Path) -> None:
    creatio.script("POST", TOKEN, json_reply({"error": "invalid_client"}, 400))
    checks = smoked(unit(tmp_path, creatio))
    assert found(checks, Status.FAIL) == {"token": "invalid-client"}
    assert found(checks, Status.SKIPPED) == dict.fromkeys(PATHS, "")
    assert len(creatio.requests(TOKEN)) == 1, "a refusal is not asked for again and again"


def test_without_creatio_every_call_says_so(creatio: ScriptedServer, tmp_path: Path) -> None:
    port = closed_port()
    checks = smoked(unit(tmp_path, creatio, creatio=f"http://127.0.0.1:{port}"))
    assert found(checks, Status.FAIL) == dict.fromkeys((*HEALTH, *PATHS), "connection-refused")
    assert f"127.0.0.1:{port} refused" in checks["odata4"].summary
    finding = checks["odata4"].finding
    assert finding is not None
    assert finding.unreachable


def test_a_dripping_answer_ends_with_the_timeout(creatio: ScriptedServer, tmp_path: Path) -> None:
    script_path(creatio, "odata4", endless_reply(b" ", pause=0.2))
    started = time.monotonic()
    checks = smoked(unit(tmp_path, creatio, timeout=1))
    assert time.monotonic() - started < 10
    assert found(checks, Status.FAIL) == {"odata4": "timed-out"}
    assert "within 1 s" in checks["odata4"].summary


def test_an_endless_answer_is_not_swallowed(creatio: ScriptedServer, tmp_path: Path) -> None:
    script_path(creatio, "odata4", endless_reply())
    started = time.monotonic()
    checks = smoked(unit(tmp_path, creatio))
    assert time.monotonic() - started < 10
    assert found(checks, Status.FAIL) == {"odata4": "answer-too-large"}
    assert creatio.sent < 40_000_000


# -- tokens that are refused ---------------------------------------------------------------------


def test_one_fresh_token_is_shared_by_all_that_were_refused(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    stale, fresh = default_key().token(jti="1"), default_key().token(jti="2")
    creatio.script("POST", TOKEN, in_turn(token(stale), token(fresh), token("a third one")))
    for path in PATHS:
        script = only_with(fresh, otherwise=UNAUTHORIZED, reply=HEALTHY[path])
        script_path(creatio, path, script)
    checks = smoked(unit(tmp_path, creatio))
    assert all_pass(checks)
    for path in PATHS:
        assert checks[path].summary.endswith(" (401 first, then with a fresh token)")
        assert len(creatio.requests(DATA_PATHS[path])) == 2
    assert len(creatio.requests(TOKEN)) == 2


def test_calls_that_were_not_refused_are_not_repeated(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    script_path(creatio, "odata3", in_turn(UNAUTHORIZED, HEALTHY["odata3"]))
    checks = smoked(unit(tmp_path, creatio))
    assert all_pass(checks)
    assert [path for path in PATHS if "401 first" in checks[path].summary] == ["odata3"]
    assert [len(creatio.requests(DATA_PATHS[path])) for path in PATHS] == [1, 2, 1, 1]


def test_what_the_second_try_finds_counts(creatio: ScriptedServer, tmp_path: Path) -> None:
    script_path(creatio, "odata3", in_turn(UNAUTHORIZED, Reply(503)))
    check = smoked(unit(tmp_path, creatio))["odata3"]
    assert check.finding is not None
    assert (check.status, check.finding.id) == (Status.FAIL, "restarting")
    assert "401 first" in check.summary


def test_a_single_refusal_in_the_sandbox_is_healed(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.UNAUTHORIZED_ONCE)
    checks = smoked(sandbox.environment())
    assert all_pass(checks)
    assert sum("401 first" in check.summary for check in checks.values()) == 1


def test_one_path_that_always_refuses_is_unauthorized(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    script_path(creatio, "odata4", UNAUTHORIZED)
    checks = smoked(unit(tmp_path, creatio))
    assert found(checks, Status.FAIL) == {"odata4": "unauthorized"}
    assert "401, and again with a fresh token" in checks["odata4"].summary
    assert "Authentication failed." in checks["odata4"].summary
    assert len(creatio.requests(DATA_PATHS["odata4"])) == 2
    assert len(creatio.requests(TOKEN)) == 2


def test_every_call_refused_is_one_cause(creatio: ScriptedServer, tmp_path: Path) -> None:
    creatio.script("GET", OAUTH_HEALTH, Reply(404))
    for path in PATHS:
        script_path(creatio, path, UNAUTHORIZED)
    checks = smoked(unit(tmp_path, creatio))
    assert found(checks, Status.FAIL) == dict.fromkeys(PATHS, "every-call-refused")
    assert checks["token"].status is Status.PASS
    assert len(creatio.requests(TOKEN)) == 2
    finding = checks["odata4"].finding
    assert finding is not None
    assert "probably" in finding.cause.lower()
    assert "OAuth 2.0 integrated applications" in finding.remedy


@pytest.mark.parametrize("absent", ["skip", "unsupported"])
def test_paths_that_are_not_there_do_not_hide_the_one_cause(
    creatio: ScriptedServer, tmp_path: Path, absent: str
) -> None:
    for path in PATHS:
        script_path(creatio, path, UNAUTHORIZED)
    script_path(creatio, "odata3", Reply(404))
    creatio.script("GET", OAUTH_HEALTH, Reply(404))
    settings = {"smoke": {"skip": ["odata3"]}} if absent == "skip" else {}
    checks = smoked(unit(tmp_path, creatio, **settings))
    others = [path for path in PATHS if path != "odata3"]
    assert found(checks, Status.FAIL) == dict.fromkeys(others, "every-call-refused")


def test_a_fresh_token_that_is_refused_ends_it(creatio: ScriptedServer, tmp_path: Path) -> None:
    refusal = json_reply({"error": "invalid_client"}, 400)
    creatio.script("POST", TOKEN, in_turn(token(), refusal))
    for path in PATHS:
        script_path(creatio, path, UNAUTHORIZED)
    checks = smoked(unit(tmp_path, creatio))
    assert found(checks, Status.FAIL) == dict.fromkeys(PATHS, "invalid-client")
    assert len(creatio.requests(TOKEN)) == 2


# -- the runtime ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefix", "runtime", "words"),
    [
        ("/0", "framework", ".NET Framework, API under /0 (configured)"),
        ("", "net", ".NET, API without /0 (configured)"),
        ("/0", "auto", ".NET Framework, API under /0 (its login page answers)"),
        ("", "auto", ".NET, API without /0 (its login page answers)"),
    ],
)
def test_the_api_is_found(tmp_path: Path, prefix: str, runtime: str, words: str) -> None:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server, prefix)
        checks = smoked(unit(tmp_path, server, runtime=runtime))
        asked = {request.path for request in server.received}
    assert all_pass(checks), found(checks, *Status)
    assert checks["runtime"].summary == words
    assert ({NET_LOGIN, FRAMEWORK_LOGIN} <= asked) is (runtime == "auto")


@pytest.mark.parametrize("name", ["dev", "test"])
def test_the_sandboxs_runtime_is_found(sandbox: Sandbox, name: str) -> None:
    where = sandbox.environment(name)
    assert where.runtime == {"dev": "net", "test": "auto"}[name]
    expected = {"dev": ".NET, ", "test": ".NET Framework, "}[name]
    assert smoked(where)["runtime"].summary.startswith(expected)


@pytest.mark.parametrize(("name", "wrong"), [("dev", "framework"), ("test", "net")])
def test_the_wrong_runtime_is_found_out_by_the_other_prefix(
    sandbox: Sandbox, name: str, wrong: str
) -> None:
    where = msgspec.structs.replace(sandbox.environment(name), runtime=wrong)
    checks = smoked(where)
    there = ("health.oauth", *PATHS)  # Ping answers under both
    assert found(checks, Status.FAIL) == dict.fromkeys(there, "prefix-wrong")
    finding = checks["odata4"].finding
    assert finding is not None
    assert "302 to the login page" in finding.symptom
    assert "runtime" in finding.remedy
    assert finding.evidence[-1].endswith("was answered.")


@pytest.mark.parametrize(
    "other", [Reply(404), redirect_reply("/Login/Login.html"), HANG_UP, Reply(500)]
)
def test_the_page_that_answers_decides(
    creatio: ScriptedServer, tmp_path: Path, other: Reply
) -> None:
    creatio.script("GET", FRAMEWORK_LOGIN, other)
    checks = smoked(unit(tmp_path, creatio, runtime="auto"))
    assert all_pass(checks)


MAINTENANCE = "<!DOCTYPE html><html><title>Back soon</title></html>"
IIS_404 = "<html><h2>404 - File or directory not found.</h2>\n<h3>Removed.</h3></html>"
NOT_STARTED = "<html><h1>HTTP Error 500.30 - ASP.NET Core app failed to start</h1></html>"


@pytest.mark.parametrize(
    ("framework", "net", "finding", "words"),
    [
        (Reply(404), Reply(404), "runtime-unknown", "404 and 404"),
        (Reply(404), Reply(500), "runtime-unknown", "404 and 500"),
        (text_reply("fine"), text_reply("fine"), "runtime-unknown", "200 and 200"),
        (redirect_reply("/"), Reply(404), "redirect", "Instead of a login page: 302 to /"),
        (
            redirect_reply("https://idp.example.com/saml"),
            redirect_reply("https://idp.example.com/saml"),
            "gateway-sign-in",
            "302 to https://idp.example.com/saml",
        ),
        # A maintenance page answers whatever is asked for, and tells nothing of the runtime.
        (html_reply(MAINTENANCE), html_reply(MAINTENANCE), "web-page", "Back soon"),
        (html_reply(IIS_404, 404), html_reply(IIS_404, 404), "iis-not-found", "File or directory"),
        (html_reply(IIS_404, 404), Reply(404), "runtime-unknown", "404 and 404"),
        # What may heal goes before what will not.
        (html_reply(IIS_404, 404), Reply(503), "restarting", "503"),
        (redirect_reply("/"), html_reply(NOT_STARTED, 500), "aspnet-core-not-started", "500.30"),
        (html_reply(LOGIN_HTML, 503), html_reply(LOGIN_HTML, 503), "restarting", "503"),
        (Reply(404), Reply(502), "restarting", "502"),
        (HANG_UP, HANG_UP, "connection-failed", "broke off"),
    ],
)
def test_no_login_page_answers(
    creatio: ScriptedServer,
    tmp_path: Path,
    framework: Reply,
    net: Reply,
    finding: str,
    words: str,
) -> None:
    creatio.script("GET", FRAMEWORK_LOGIN, framework)
    creatio.script("GET", NET_LOGIN, net)
    checks = smoked(unit(tmp_path, creatio, runtime="auto"))
    assert found(checks, Status.FAIL) == {"runtime": finding}
    assert words in checks["runtime"].summary
    assert found(checks, Status.SKIPPED) == dict.fromkeys((*HEALTH, *PATHS), "")
    assert checks["odata4"].summary == checks["health.ping"].summary == "the runtime is not known"


def test_the_runtime_of_a_creatio_that_is_down_is_not_guessed(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    checks = smoked(unit(tmp_path, creatio, creatio=url, runtime="auto"))
    assert found(checks, Status.FAIL) == {"runtime": "connection-refused"}


# -- skip and require ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_a_path_can_be_skipped(creatio: ScriptedServer, tmp_path: Path, path: str) -> None:
    checks = smoked(unit(tmp_path, creatio, smoke={"skip": [path]}))
    assert (checks[path].status, checks[path].summary) == (Status.SKIPPED, "skip in opskit.toml")
    assert creatio.requests(DATA_PATHS[path]) == []
    assert found(checks, Status.FAIL) == {}


def test_all_paths_can_be_skipped(creatio: ScriptedServer, tmp_path: Path) -> None:
    checks = smoked(unit(tmp_path, creatio, smoke={"skip": list(PATHS)}))
    assert found(checks, Status.SKIPPED) == dict.fromkeys(PATHS, "")
    assert found(checks, Status.FAIL) == {}


# -- secrets -------------------------------------------------------------------------------------


def _echoes(kind: str) -> Callable[[Received], Reply]:
    def script(request: Received) -> Reply:
        access = request.authorization.removeprefix("Bearer ")
        replies = {
            "401": json_reply({"Message": f"{request.authorization} is no good"}, 401),
            "500": text_reply(f"Request failed. Authorization: {request.authorization}", 500),
            "html": html_reply(f"<html>{request.authorization}</html>"),
            "redirect": redirect_reply(f"/Login/Login.html?ReturnUrl=%2f{access}"),
            "path": redirect_reply(f"/{access}/x"),
            "json": json_reply({"success": False, "errorInfo": {"message": access}}),
            "shape": json_reply([access]),
            "part": text_reply(f"{'.' * 100}{access}", 500),
        }
        return replies[kind]

    return script


@pytest.mark.parametrize(
    "kind", ["401", "500", "html", "redirect", "path", "json", "shape", "part"]
)
def test_a_server_that_repeats_the_token_reveals_nothing(
    creatio: ScriptedServer, tmp_path: Path, kind: str
) -> None:
    for path in PATHS:
        script_path(creatio, path, _echoes(kind))
    checks = smoked(unit(tmp_path, creatio))
    assert set(found(checks, Status.FAIL)) == set(PATHS)
    tokens = {
        request.authorization.removeprefix("Bearer ")
        for path in PATHS
        for request in creatio.requests(DATA_PATHS[path])
    }
    shown = str(checks) + json.dumps([check.summary for check in checks.values()])
    for access in tokens:
        assert access[:24] not in shown
        assert access.split(".")[1][:24] not in shown
        assert access.rpartition(".")[2] not in shown
    assert SECRET not in shown


def test_an_identity_service_that_repeats_the_secret_reveals_nothing(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    creatio.script(
        "POST", TOKEN, lambda r: text_reply(f"{r.form['client_secret']} {r.body.decode()}", 500)
    )
    checks = smoked(unit(tmp_path, creatio))
    assert found(checks, Status.FAIL) == {"token": "unexpected-status"}
    assert SECRET not in str(checks)
    assert SECRET.replace(" ", "+") not in str(checks)
    assert SECRET.replace(" ", "%20") not in str(checks)
