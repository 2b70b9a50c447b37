# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The discovery document, and every way in which it can be missing, wrong or misleading."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.models import Status
from opskit.sandbox.faults import Fault
from opskit.verify.discovery import CHECKS, PATH, REQUIRED_FIELDS
from tests.conftest import Sandbox
from tests.scripted_server import (
    DISCOVERY,
    HANG_UP,
    JWKS,
    LOGIN_HTML,
    TOKEN,
    Reply,
    ScriptedServer,
    discovery,
    endless_reply,
    html_reply,
    json_reply,
    redirect_reply,
    script_identity,
    self_signed,
    text_reply,
)
from tests.verify import SECRET, assert_failed, statuses, unit, verified


@pytest.fixture
def identity() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        yield server


def assert_all_else_skipped(folder: Path, url: str, failing: str, finding: str, words: str) -> None:
    """Expect one failed check, those before it passed, and all after it skipped."""
    checks = verified(unit(folder, url, timeout=1 if finding == "timed-out" else 30))
    assert_failed(checks[failing], finding, words)
    ids = list(checks)
    before, after = ids[: ids.index(failing)], ids[ids.index(failing) + 1 :]
    assert statuses(checks, Status.PASS) == before
    assert statuses(checks, Status.SKIPPED) == after
    assert {"token.post", "token.signature", "lifetime.database"} <= set(after)
    assert SECRET not in str(checks)


def test_a_healthy_document_passes(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = verified(unit(tmp_path, identity.url))
    assert tuple(checks)[: len(CHECKS)] == CHECKS
    passed = statuses(checks, Status.PASS)
    assert set(CHECKS) <= set(passed)
    assert identity.url + PATH in checks["discovery.reachable"].summary
    assert checks["discovery.reachable"].elapsed is not None


def test_a_slash_at_the_end_of_the_address_does_no_harm(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    checks = verified(unit(tmp_path, identity.url + "/"))
    assert statuses(checks, Status.FAIL) == []
    assert len(identity.requests(DISCOVERY)) == 1


# -- reachable -----------------------------------------------------------------------------------


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nothing_listens(tmp_path: Path) -> None:
    port = closed_port()
    url, words = f"http://127.0.0.1:{port}", f"127.0.0.1:{port} refused"
    assert_all_else_skipped(tmp_path, url, "discovery.reachable", "connection-refused", words)


def test_the_host_is_unknown(tmp_path: Path) -> None:
    url, words = "http://identity.invalid", "identity.invalid is not known"
    assert_all_else_skipped(tmp_path, url, "discovery.reachable", "host-unknown", words)


@pytest.mark.parametrize(
    ("reply", "finding", "words"),
    [
        (Reply(delay=5), "timed-out", "within 1 s"),
        (HANG_UP, "connection-failed", "broke off"),
        (Reply(404), "discovery-not-found", f"404 at http://127.0.0.1:{{port}}{DISCOVERY}"),
        (html_reply(status=404), "discovery-not-found", "404"),
        (Reply(503), "restarting", "503"),
        (html_reply(status=502), "restarting", "502"),
        (json_reply({"a": "why"}, 500), "unexpected-status", '500: {"a": "why"}'),
        (redirect_reply("https://other.example/"), "redirect", "302 to https://other.example/"),
        (redirect_reply("/Login/Login.html"), "discovery-not-found", "/Login/Login.html"),
        (html_reply(LOGIN_HTML), "discovery-not-found", "login page"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_there_is_no_document(
    identity: ScriptedServer, tmp_path: Path, reply: Reply, finding: str, words: str
) -> None:
    identity.script("GET", DISCOVERY, reply)
    words = words.replace("{port}", str(identity.server_port))
    assert_all_else_skipped(tmp_path, identity.url, "discovery.reachable", finding, words)
    assert [request.path for request in identity.received] == [DISCOVERY]


@pytest.mark.parametrize(
    ("settings", "certificate", "finding", "words"),
    [
        ({}, {}, "tls-self-signed", "certificate"),
        (
            {"ca_file": "ca.pem"},
            {"host": "other.example"},
            "tls-wrong-host",
            "not valid for '127.0.0.1'",
        ),
        ({"ca_file": "ca.pem"}, {"days": -1}, "tls-expired", "certificate has expired"),
    ],
    ids=["self-signed", "wrong host name", "expired"],
)
def test_the_certificate_is_not_accepted(
    tmp_path: Path,
    settings: dict[str, object],
    certificate: dict[str, object],
    finding: str,
    words: str,
) -> None:
    with ScriptedServer(self_signed(tmp_path, **certificate)) as server:  # type: ignore[arg-type]
        script_identity(server)
        checks = verified(unit(tmp_path, server.url, **settings))
        assert server.received == []
    assert_failed(checks["discovery.reachable"], finding, words)
    assert checks["discovery.reachable"].finding is not None
    assert any("valid from" in one for one in checks["discovery.reachable"].finding.evidence)
    assert checks["discovery.reachable"].finding.unreachable


@pytest.mark.parametrize("settings", [{"ca_file": "ca.pem"}, {"insecure": True}], ids=str)
def test_tls_that_is_accepted_passes(tmp_path: Path, settings: dict[str, object]) -> None:
    with ScriptedServer(self_signed(tmp_path)) as server:
        script_identity(server)
        checks = verified(unit(tmp_path, server.url, **settings))
    assert statuses(checks, Status.FAIL) == []
    assert checks["discovery.endpoints"].status is Status.PASS


# -- json and fields -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "finding", "words"),
    [
        (html_reply(), "gateway-page", "Gateway"),
        (text_reply("fine"), "not-json", "text/plain: fine"),
        (text_reply("{", kind="application/json"), "not-json", "application/json: {"),
        (text_reply("[" * 100_000, kind="application/json"), "not-json", "[[["),
        (Reply(), "not-json", "an empty body"),
        (json_reply(["a"]), "unexpected-shape", '["a"]'),
        (json_reply("text"), "unexpected-shape", "text"),
        (endless_reply(), "answer-too-large", "2 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_answer_is_no_document(
    identity: ScriptedServer, tmp_path: Path, reply: Reply, finding: str, words: str
) -> None:
    identity.script("GET", DISCOVERY, reply)
    assert_all_else_skipped(tmp_path, identity.url, "discovery.json", finding, words)


@pytest.mark.parametrize("field", REQUIRED_FIELDS)
def test_a_field_is_missing(identity: ScriptedServer, tmp_path: Path, field: str) -> None:
    identity.script("GET", DISCOVERY, discovery(identity.url, **{field: None}))
    words = f"Missing: {field}"
    assert_all_else_skipped(
        tmp_path, identity.url, "discovery.fields", "discovery-incomplete", words
    )


def test_all_missing_fields_are_named(identity: ScriptedServer, tmp_path: Path) -> None:
    identity.script("GET", DISCOVERY, json_reply({"issuer": ""}))
    words = "Missing: " + ", ".join(REQUIRED_FIELDS)
    assert_all_else_skipped(
        tmp_path, identity.url, "discovery.fields", "discovery-incomplete", words
    )


@pytest.mark.parametrize(
    "field", ["grant_types_supported", "token_endpoint_auth_methods_supported"]
)
@pytest.mark.parametrize("value", [5, True, {"a": 1}], ids=str)
def test_a_field_of_another_kind_is_no_crash(
    identity: ScriptedServer, tmp_path: Path, field: str, value: object
) -> None:
    identity.script("GET", DISCOVERY, discovery(identity.url, **{field: value}))
    checks = verified(unit(tmp_path, identity.url))
    failing = statuses(checks, Status.FAIL)
    assert failing, "nobody noticed"
    assert all(check_id.startswith("discovery.") for check_id in failing)


# -- issuer --------------------------------------------------------------------------------------


def test_the_bare_word_is_normal_for_creatio(identity: ScriptedServer, tmp_path: Path) -> None:
    check = verified(unit(tmp_path, identity.url))["discovery.issuer"]
    assert (check.status, check.finding) == (Status.PASS, None)
    assert check.summary == "creatio.com, no URL, which is normal for Creatio"


@pytest.mark.parametrize("issuer", ["creatio.com.example", "https://creatio.com", "other"])
def test_any_other_differing_issuer_is_a_warning(
    identity: ScriptedServer, tmp_path: Path, issuer: str
) -> None:
    identity.script("GET", DISCOVERY, discovery(identity.url, issuer=issuer))
    check = verified(unit(tmp_path, identity.url))["discovery.issuer"]
    assert check.finding is not None
    assert (check.status, check.finding.id) == (Status.WARN, "issuer-differs")
    assert check.summary == f"The issuer is {issuer}, not {identity.url}."


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_equal_issuer_passes(identity: ScriptedServer, tmp_path: Path, slash: str) -> None:
    issuer = identity.url + slash
    identity.script("GET", DISCOVERY, discovery(identity.url, issuer=issuer))
    check = verified(unit(tmp_path, identity.url))["discovery.issuer"]
    assert (check.status, check.summary) == (Status.PASS, issuer)


# -- endpoints -----------------------------------------------------------------------------------


def test_internal_endpoints_fail_alone(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.INTERNAL_ENDPOINTS)
    checks = verified(sandbox.environment())
    assert_failed(checks["discovery.endpoints"], "internal-endpoints", "http://127.0.0.1:9/connect")
    assert statuses(checks, Status.FAIL) == ["discovery.endpoints"]
    assert statuses(checks, Status.SKIPPED) == []


def test_internal_endpoints_are_used_at_the_configured_host(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    internal = f"http://127.0.0.1:{closed_port()}"
    identity.script("GET", DISCOVERY, discovery(internal))
    checks = verified(unit(tmp_path, identity.url))
    assert_failed(checks["discovery.endpoints"], "internal-endpoints", f"{internal}{TOKEN}")
    assert "refused" in checks["discovery.endpoints"].summary
    assert statuses(checks, Status.FAIL) == ["discovery.endpoints"]
    assert len(identity.requests(TOKEN)) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not connect to 0.0.0.0")
def test_endpoints_on_the_services_own_machine_are_not_asked(tmp_path: Path) -> None:
    with ScriptedServer() as identity, ScriptedServer() as own_machine:
        script_identity(identity)
        script_identity(own_machine)
        identity.script("GET", DISCOVERY, discovery(own_machine.url))
        # A spelling of this machine that does not look like it.
        checks = verified(unit(tmp_path, f"http://0.0.0.0:{identity.server_port}"))
        assert own_machine.received == []
    assert_failed(checks["discovery.endpoints"], "internal-endpoints", "own machine")
    assert statuses(checks, Status.FAIL) == ["discovery.endpoints"]


def test_only_the_keys_elsewhere_are_named(identity: ScriptedServer, tmp_path: Path) -> None:
    jwks = f"http://127.0.0.1:{closed_port()}{JWKS}"
    identity.script("GET", DISCOVERY, discovery(identity.url, jwks_uri=jwks))
    checks = verified(unit(tmp_path, identity.url))
    assert_failed(checks["discovery.endpoints"], "internal-endpoints", f"jwks_uri is {jwks}")
    assert statuses(checks, Status.FAIL) == ["discovery.endpoints"]


def test_endpoints_on_another_host_that_answers_are_used(tmp_path: Path) -> None:
    with ScriptedServer() as identity, ScriptedServer() as other:
        script_identity(identity)
        script_identity(other)
        identity.script("GET", DISCOVERY, discovery(other.url))
        checks = verified(unit(tmp_path, identity.url))
        assert identity.requests(TOKEN) == []
        assert len(other.requests(TOKEN)) == 2
    assert statuses(checks, Status.FAIL) == []
    assert checks["discovery.endpoints"].summary == f"on 127.0.0.1:{other.server_port}"


@pytest.mark.parametrize("fields", [("token_endpoint",), ("token_endpoint", "jwks_uri")], ids=str)
def test_a_secret_is_never_sent_without_the_encryption_that_was_configured(
    tmp_path: Path, fields: tuple[str, ...]
) -> None:
    with ScriptedServer(self_signed(tmp_path)) as identity, ScriptedServer() as plain:
        script_identity(identity)
        script_identity(plain)
        paths = {"token_endpoint": TOKEN, "jwks_uri": JWKS}
        moved = {field: plain.url + paths[field] for field in fields}
        identity.script("GET", DISCOVERY, discovery(identity.url, **moved))
        checks = verified(unit(tmp_path, identity.url, ca_file="ca.pem"))
        assert [request for request in plain.received if request.method == "POST"] == []
        assert len(identity.requests(TOKEN)) == 2
    assert_failed(checks["discovery.endpoints"], "internal-endpoints", "not encrypted")
    assert statuses(checks, Status.FAIL) == ["discovery.endpoints"]


@pytest.mark.parametrize(
    ("scheme", "url"),
    [
        ("http", "/connect/token"),
        ("http", "connect/token"),
        ("http", "//connect/token"),
        ("http", "ftp://127.0.0.1/connect/token"),
        ("https", "/connect/token"),
    ],
)
def test_a_token_endpoint_that_is_no_web_address_is_told(
    tmp_path: Path, scheme: str, url: str
) -> None:
    with ScriptedServer(self_signed(tmp_path) if scheme == "https" else None) as identity:
        script_identity(identity)
        identity.script("GET", DISCOVERY, discovery(identity.url, token_endpoint=url))
        checks = verified(unit(tmp_path, identity.url, ca_file="ca.pem"))
    assert_failed(checks["discovery.endpoints"], "internal-endpoints", url)


@pytest.mark.parametrize(
    ("scheme", "url"),
    [
        ("http", "http://[::1/"),
        ("http", "http://127.0.0.1:99999/"),
        ("http", "http:///connect"),
        ("http", " "),
        ("http", 17),
        ("https", "http://[::1/"),
        ("https", "https://[::1/"),
    ],
)
@pytest.mark.parametrize("field", ["token_endpoint", "jwks_uri"])
def test_garbage_for_an_endpoint_is_told(
    tmp_path: Path, scheme: str, field: str, url: object
) -> None:
    with ScriptedServer(self_signed(tmp_path) if scheme == "https" else None) as identity:
        script_identity(identity)
        identity.script("GET", DISCOVERY, discovery(identity.url, **{field: url}))
        checks = verified(unit(tmp_path, identity.url, ca_file="ca.pem"))
    assert checks["discovery.endpoints"].status is Status.FAIL
    assert str(url) in checks["discovery.endpoints"].summary


# -- grant and auth methods ----------------------------------------------------------------------


def test_the_grant_is_not_offered(identity: ScriptedServer, tmp_path: Path) -> None:
    offered = discovery(identity.url, grant_types_supported=["authorization_code", "implicit"])
    identity.script("GET", DISCOVERY, offered)
    checks = verified(unit(tmp_path, identity.url))
    assert_failed(checks["discovery.grant"], "grant-not-offered", "authorization_code")
    assert statuses(checks, Status.FAIL) == ["discovery.grant"]


@pytest.mark.parametrize(
    ("offered", "missing"),
    [
        (["client_secret_basic"], "client_secret_post"),
        (["client_secret_post"], "client_secret_basic"),
        (["private_key_jwt"], "client_secret_post, client_secret_basic"),
    ],
    ids=str,
)
def test_a_way_to_send_the_secret_is_not_offered(
    identity: ScriptedServer, tmp_path: Path, offered: list[str], missing: str
) -> None:
    changed = discovery(identity.url, token_endpoint_auth_methods_supported=offered)
    identity.script("GET", DISCOVERY, changed)
    checks = verified(unit(tmp_path, identity.url))
    failing = checks["discovery.auth_methods"]
    assert_failed(failing, "auth-method-not-offered")
    assert failing.summary == f"Not offered: {missing}"
    assert statuses(checks, Status.FAIL) == ["discovery.auth_methods"]
