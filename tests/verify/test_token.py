# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The test token: how it is asked for both ways, and every way in which it is refused."""

import base64
import html
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from opskit.models import Check, Status
from opskit.sandbox.faults import Fault
from opskit.settings import Environment
from tests.conftest import Sandbox, environment
from tests.scripted_server import (
    HANG_UP,
    LOGIN_HTML,
    TOKEN,
    Received,
    Reply,
    ScriptedServer,
    default_key,
    endless_reply,
    html_reply,
    json_reply,
    redirect_reply,
    script_identity,
    text_reply,
    token,
)
from tests.verify import CLIENT, SECRET, assert_failed, statuses, unit, verified

METHODS = ("post", "basic")
HARD_SECRET = '+ %:ü&="\\<€'


@pytest.fixture
def identity() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        yield server


def basic_pair(request: Received) -> tuple[str, str]:
    """Read the Authorization header as RFC 6749, 2.3.1 says."""
    scheme, _, encoded = request.authorization.partition(" ")
    assert scheme == "Basic"
    user, _, password = base64.b64decode(encoded, validate=True).decode("ascii").partition(":")
    return unquote_plus(user), unquote_plus(password)


def split(server: ScriptedServer) -> tuple[Received, Received]:
    """Return the two token requests, by post and by basic."""
    first, second = sorted(server.requests(TOKEN), key=lambda request: request.authorization)
    return first, second


def answered(server: ScriptedServer, folder: Path, method: str, reply: Reply) -> dict[str, Check]:
    """Verify while the token endpoint gives ``reply`` to requests by one method."""

    def script(request: Received) -> Reply:
        concerned = bool(request.authorization) == (method == "basic")
        return reply if concerned else token()

    server.script("POST", TOKEN, script)
    return verified(unit(folder, server.url))


def client_of(folder: Path, server: ScriptedServer, **changes: object) -> Environment:
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    client = {"id": CLIENT, "secret": {"file": "secret"}, **changes}
    return environment(folder, identity=server.url, clients=[client])


# -- asking --------------------------------------------------------------------------------------


def test_both_ways_pass(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = verified(unit(tmp_path, identity.url))
    for method in METHODS:
        check = checks[f"token.{method}"]
        assert (check.status, check.summary) == (
            Status.PASS,
            f"obtained by client_secret_{method}",
        )
        assert check.elapsed is not None


@pytest.mark.parametrize("secret", [SECRET, HARD_SECRET])
def test_each_way_sends_the_secret_unharmed_and_in_one_place_only(
    identity: ScriptedServer, tmp_path: Path, secret: str
) -> None:
    verified(unit(tmp_path, identity.url, secret))
    post, basic = split(identity)
    grant = {"grant_type": "client_credentials"}
    assert post.form == {**grant, "client_id": CLIENT, "client_secret": secret}
    assert post.authorization == ""
    assert basic.form == grant
    assert basic_pair(basic) == (CLIENT, secret)
    for request in (post, basic):
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"


def test_a_colon_in_the_id_does_not_end_it(identity: ScriptedServer, tmp_path: Path) -> None:
    verified(client_of(tmp_path, identity, id="a:b c"))
    post, basic = split(identity)
    assert post.form["client_id"] == "a:b c"
    assert basic_pair(basic) == ("a:b c", SECRET)


def test_a_configured_scope_is_asked_for(identity: ScriptedServer, tmp_path: Path) -> None:
    verified(client_of(tmp_path, identity, scope="one two"))
    assert [request.form["scope"] for request in split(identity)] == ["one two", "one two"]


def test_nothing_but_the_token_endpoint_gets_the_secret(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    verified(unit(tmp_path, identity.url))
    for request in identity.received:
        if request.path != TOKEN:
            assert request.method == "GET"
            assert request.authorization == ""
    assert len(identity.received) == 4
    assert identity.connections <= 3


# -- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("error", "finding"),
    [
        ("invalid_client", "auth-method-refused"),
        ("unauthorized_client", "unauthorized-client"),
        ("invalid_scope", "invalid-scope"),
        ("invalid_request", "token-refused"),
        ("unsupported_grant_type", "token-refused"),
        ("invalid_grant", "token-refused"),
        ("out_of_coffee", "token-refused"),
    ],
)
def test_an_oauth_error_is_explained(
    identity: ScriptedServer, tmp_path: Path, method: str, error: str, finding: str
) -> None:
    checks = answered(identity, tmp_path, method, json_reply({"error": error}, 400))
    failing = checks[f"token.{method}"]
    assert_failed(failing, finding, f"400 {error} for client {CLIENT}")
    assert failing.elapsed is not None
    # The other way's token serves for all that follows.
    assert statuses(checks, Status.FAIL) == [failing.id]
    assert checks["token.signature"].status is Status.PASS


def test_an_oauth_error_with_401_is_explained_too(identity: ScriptedServer, tmp_path: Path) -> None:
    reply = json_reply({"error": "invalid_client"}, 401)
    checks = answered(identity, tmp_path, "basic", reply)
    assert_failed(checks["token.basic"], "auth-method-refused", "401 invalid_client")


@pytest.mark.parametrize(
    ("reply", "finding", "words"),
    [
        (HANG_UP, "connection-failed", "broke off"),
        (html_reply(), "gateway-page", "Gateway"),
        (html_reply(LOGIN_HTML), "login-page", "login page"),
        (html_reply("<html>Hm</html>", 400), "unexpected-status", "400: "),
        (html_reply(status=400), "gateway-page", "400 with a page"),
        (Reply(500), "unexpected-status", "500 with an empty body"),
        (html_reply(status=502), "restarting", "502"),
        (Reply(503), "restarting", "503"),
        (redirect_reply("/elsewhere", 307), "redirect", "307 to /elsewhere"),
        (redirect_reply("/Login/NuiLogin.aspx?ReturnUrl=x"), "login-redirect", "NuiLogin"),
        (text_reply("fine"), "not-json", "text/plain"),
        (json_reply({"expires_in": 3600}), "token-malformed", "no access_token"),
        (json_reply({"access_token": ""}), "token-malformed", "no access_token"),
        (json_reply({"access_token": 5}), "token-malformed", "no access_token"),
        (json_reply(["access_token"]), "token-malformed", "no access_token"),
        (json_reply({"error": "invalid_client"}), "token-malformed", "no access_token"),
        (endless_reply(), "answer-too-large", "2 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_answer_is_explained(
    identity: ScriptedServer, tmp_path: Path, reply: Reply, finding: str, words: str
) -> None:
    identity.script("POST", TOKEN, reply)
    checks = verified(unit(tmp_path, identity.url))
    assert_failed(checks["token.post"], finding, words)
    assert_failed(checks["token.basic"], finding, words)
    assert statuses(checks, Status.FAIL) == ["token.post", "token.basic"]
    assert identity.requests("/elsewhere") == []


def test_without_any_token_the_rest_is_skipped(identity: ScriptedServer, tmp_path: Path) -> None:
    identity.script("POST", TOKEN, json_reply({"error": "invalid_client"}, 400))
    checks = verified(unit(tmp_path, identity.url))
    assert_failed(checks["token.post"], "invalid-client", "400 invalid_client")
    assert_failed(checks["token.basic"], "invalid-client", "400 invalid_client")
    assert statuses(checks, Status.FAIL) == ["token.post", "token.basic"]
    rest = list(checks)[list(checks).index("token.basic") + 1 :]
    assert len(rest) == 9
    for check_id in rest:
        assert (checks[check_id].status, checks[check_id].summary) == (
            Status.SKIPPED,
            "there is no token",
        )


def test_the_sandbox_refuses_the_scope(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.INVALID_SCOPE)
    checks = verified(sandbox.environment())
    assert_failed(checks["token.post"], "invalid-scope", "400 invalid_scope")
    assert_failed(checks["token.basic"], "invalid-scope", "400 invalid_scope")
    finding = checks["token.post"].finding
    assert finding is not None
    assert "Create default resource" in finding.remedy.replace("\n", " ")


# -- secrets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", ["simple-secret-1", HARD_SECRET])
@pytest.mark.parametrize(
    "echoed", ["body", "decoded", "json", "header", "error", "redirect", "html"]
)
def test_a_server_that_repeats_what_it_was_sent_reveals_nothing(
    identity: ScriptedServer, tmp_path: Path, secret: str, echoed: str
) -> None:
    def script(request: Received) -> Reply:
        value = request.form.get("client_secret") or basic_pair(request)[1]
        body = request.body.decode().rpartition("&")[2]
        replies = {
            "body": text_reply(f"You sent {body}", 400),
            "decoded": text_reply(f"You sent {value}", 400),
            "json": json_reply({"Message": f"You sent {value}"}, 400),
            "header": text_reply(f"You sent {request.authorization}", 400),
            "error": json_reply({"error": f"unknown {value}"}, 400),
            "redirect": redirect_reply(f"/elsewhere?{body}"),
            "html": html_reply(f"<html>You sent {html.escape(value)}</html>"),
        }
        return replies[echoed]

    identity.script("POST", TOKEN, script)
    checks = verified(unit(tmp_path, identity.url, secret))
    report, texts = str(checks), [check.summary for check in checks.values()]
    assert echoed == "error" or "sent" in report or "elsewhere" in report
    post, basic = split(identity)
    sent = post.body.decode().rpartition("client_secret=")[2]
    assert sent
    forms = {secret, sent, basic.authorization.split()[1], html.escape(secret)}
    forms.add(json.dumps(secret)[1:-1])
    # A report is looked at as it stands and as its texts are.
    assert [form for form in forms if form in report or form in "\n".join(texts)] == []


def test_a_token_is_never_reported(identity: ScriptedServer, tmp_path: Path) -> None:
    access = default_key().token()
    identity.script("POST", TOKEN, token(access, token_type=access, expires_in=access))
    report = str(verified(unit(tmp_path, identity.url)))
    assert access not in report
    assert access.rpartition(".")[2] not in report


def test_an_endless_error_name_is_cut(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = answered(identity, tmp_path, "post", json_reply({"error": "x" * 100_000}, 400))
    assert_failed(checks["token.post"], "token-refused")
    assert len(checks["token.post"].summary) < 1000
