# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The key set, and tokens that were signed by one of its keys or by none."""

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from opskit.models import Check, Status
from opskit.sandbox.faults import Fault
from tests.conftest import Sandbox
from tests.scripted_server import (
    HANG_UP,
    ISSUER,
    JWKS,
    LOGIN_HTML,
    TOKEN,
    Key,
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
from tests.verify import assert_failed, statuses, unit, verified

OTHER_KTY = {"kty": "EC", "crv": "P-256", "kid": "ec", "x": "AQ", "y": "AQ"}


@functools.cache
def weak_key() -> Key:
    return Key("weak", bits=1024)


@functools.cache
def foreign_key() -> Key:
    return Key("key-1")


@pytest.fixture
def identity() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        yield server


def with_keys(server: ScriptedServer, folder: Path, *keys: object) -> dict[str, Check]:
    server.script("GET", JWKS, json_reply({"keys": keys}))
    return verified(unit(folder, server.url))


def with_token(server: ScriptedServer, folder: Path, access: str) -> dict[str, Check]:
    server.script("POST", TOKEN, token(access))
    return verified(unit(folder, server.url))


def assert_signature_skipped(checks: dict[str, Check], reason: str) -> None:
    for check_id in ("token.key", "token.signature"):
        assert (checks[check_id].status, checks[check_id].summary) == (Status.SKIPPED, reason)


# -- the key set ---------------------------------------------------------------------------------


def test_a_healthy_key_set_passes(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = verified(unit(tmp_path, identity.url))
    assert checks["keys.reachable"].status is Status.PASS
    assert checks["keys.reachable"].summary == identity.url + JWKS
    assert checks["keys.strength"].status is Status.PASS
    assert checks["keys.strength"].summary == "RSA, 2048 bits"


@pytest.mark.parametrize(
    ("reply", "finding", "words"),
    [
        (HANG_UP, "connection-failed", "broke off"),
        (html_reply(), "gateway-page", "Gateway"),
        (html_reply(LOGIN_HTML), "login-page", "login page"),
        (Reply(404), "unexpected-status", "404 with an empty body"),
        (json_reply({"keys": []}, 500), "unexpected-status", "500"),
        (Reply(503), "restarting", "503"),
        (redirect_reply("/elsewhere"), "redirect", "302 to /elsewhere"),
        (text_reply("fine"), "not-json", "text/plain"),
        (text_reply("{", kind="application/json"), "not-json", "{"),
        (json_reply([]), "unexpected-shape", "No keys: []"),
        (json_reply({"error": "no"}), "unexpected-shape", "No keys: {"),
        (json_reply({"keys": {"a": 1}}), "unexpected-shape", "No keys: {"),
        (endless_reply(), "answer-too-large", "2 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_there_is_no_key_set(
    identity: ScriptedServer, tmp_path: Path, reply: Reply, finding: str, words: str
) -> None:
    identity.script("GET", JWKS, reply)
    checks = verified(unit(tmp_path, identity.url))
    assert_failed(checks["keys.reachable"], finding, words)
    assert checks["keys.strength"].status is Status.SKIPPED
    assert checks["token.algorithm"].status is Status.PASS
    assert_signature_skipped(checks, "there is no key set")
    assert statuses(checks, Status.FAIL) == ["keys.reachable"]


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [OTHER_KTY],
        ["text", 5, None, {}],
        [{"kty": "RSA", "kid": "key-1"}],
        [{"kty": "RSA", "kid": "key-1", "n": "ü", "e": "AQAB"}],
    ],
    ids=["empty", "not RSA", "no objects", "no modulus", "garbage modulus"],
)
def test_no_key_is_usable(identity: ScriptedServer, tmp_path: Path, keys: list[object]) -> None:
    checks = with_keys(identity, tmp_path, *keys)
    assert checks["keys.reachable"].status is Status.PASS
    assert_failed(checks["keys.strength"], "keys-unusable", f"{len(keys)} keys, none is RSA.")
    assert_signature_skipped(checks, "there is no key set")


def test_other_kinds_of_keys_beside_do_no_harm(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = with_keys(identity, tmp_path, OTHER_KTY, default_key().jwk())
    assert statuses(checks, Status.FAIL) == []


def test_all_keys_are_measured(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = with_keys(identity, tmp_path, default_key().jwk(), weak_key().jwk())
    assert_failed(checks["keys.strength"], "keys-weak", "1024 bits")
    assert checks["token.signature"].status is Status.PASS


@pytest.mark.filterwarnings("error")
def test_a_weak_key_is_told_and_its_signatures_still_checked(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    identity.script("POST", TOKEN, token(weak_key().token()))
    checks = with_keys(identity, tmp_path, weak_key().jwk())
    assert_failed(checks["keys.strength"], "keys-weak", "RSA with 1024 bits.")
    assert statuses(checks, Status.FAIL) == ["keys.strength"]


@pytest.mark.parametrize("changes", [{"e": None}, {"e": ""}, {"e": "ü"}, {"e": 5}], ids=str)
def test_half_a_key_is_no_crash(
    identity: ScriptedServer, tmp_path: Path, changes: dict[str, object]
) -> None:
    whole = default_key().jwk() | changes
    key = {name: value for name, value in whole.items() if value is not None}
    checks = with_keys(identity, tmp_path, key)
    assert {"keys.strength", "token.signature"} & set(statuses(checks, Status.FAIL))


# -- tokens and keys -----------------------------------------------------------------------------


def test_a_well_signed_token_passes(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = verified(unit(tmp_path, identity.url))
    found = {i: checks[i].summary for i in ("token.algorithm", "token.key", "token.signature")}
    assert found == {
        "token.algorithm": "RS256",
        "token.key": "key-1",
        "token.signature": "fits the key",
    }


@pytest.mark.parametrize("algorithm", ["RS512", "PS256"])
def test_other_rsa_algorithms_pass(
    identity: ScriptedServer, tmp_path: Path, algorithm: str
) -> None:
    key = RSAKey.generate_key(2048, {"kid": "joserfc"})
    header = {"alg": algorithm, "kid": "joserfc"}
    claims = {"iss": ISSUER, "iat": 1_000_000, "exp": 1_003_600}
    identity.script("POST", TOKEN, token(jwt.encode(header, claims, key, algorithms=[algorithm])))
    checks = with_keys(identity, tmp_path, key.as_dict(private=False))
    assert statuses(checks, Status.FAIL) == []
    assert checks["token.algorithm"].summary == algorithm


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anybody_could_forge_fails(
    identity: ScriptedServer, tmp_path: Path, algorithm: str
) -> None:
    access = default_key().token({"alg": algorithm})
    checks = with_token(identity, tmp_path, access)
    assert_failed(checks["token.algorithm"], "algorithm-unsafe", f"alg is {algorithm}.")
    assert_signature_skipped(checks, f"alg is {algorithm}")
    assert statuses(checks, Status.FAIL) == ["token.algorithm"]


def test_a_token_with_another_public_key_algorithm_is_not_called_unsafe(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    key = ECKey.generate_key("P-256", {"kid": "ec"})
    claims = {"iss": ISSUER, "iat": 1_000_000, "exp": 1_003_600}
    access = jwt.encode({"alg": "ES256", "kid": "ec"}, claims, key, algorithms=["ES256"])
    check = with_token(identity, tmp_path, access)["token.algorithm"]
    assert check.finding is None or check.finding.id != "algorithm-unsafe"


def test_an_unknown_key_is_named(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = with_token(identity, tmp_path, foreign_key().token({"kid": "key-2"}))
    assert_failed(checks["token.key"], "key-unknown", "kid is key-2; the set has key-1.")
    assert checks["token.signature"].status is Status.SKIPPED
    assert statuses(checks, Status.FAIL) == ["token.key"]


def test_a_missing_key_id_is_told(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = with_token(identity, tmp_path, default_key().token({"kid": None}))
    assert_failed(checks["token.key"], "key-unknown", "kid is missing")


def test_a_signature_of_another_key_fails(identity: ScriptedServer, tmp_path: Path) -> None:
    checks = with_token(identity, tmp_path, foreign_key().token())
    assert_failed(checks["token.signature"], "signature-wrong", "with the key that it names")
    assert checks["token.key"].status is Status.PASS
    assert statuses(checks, Status.FAIL) == ["token.signature"]


@pytest.mark.parametrize("ending", ["", "AAAA"])
def test_a_broken_signature_fails(identity: ScriptedServer, tmp_path: Path, ending: str) -> None:
    signed = default_key().token().rpartition(".")[0]
    checks = with_token(identity, tmp_path, f"{signed}.{ending}")
    assert_failed(checks["token.signature"], "signature-wrong")


def test_the_sandbox_signs_by_a_key_that_it_does_not_publish(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.WRONG_KEY)
    checks = verified(sandbox.environment())
    assert_failed(checks["token.key"], "key-unknown")
    assert statuses(checks, Status.FAIL) == ["token.key"]
