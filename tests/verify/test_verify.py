# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""verify as a whole: what the token says, what the database says, and what stops it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.errors import ClientNotFound, ConfigError, SecretError
from opskit.lifetime import Wish, set_lifetime
from opskit.models import Check, Outcome, Status
from opskit.sandbox.faults import Fault
from opskit.settings import Environment
from opskit.verify import verify
from tests.conftest import ENVIRONMENTS, Database, Sandbox, environment
from tests.scripted_server import (
    DISCOVERY,
    ISSUER,
    LIFETIME,
    SCOPE,
    TOKEN,
    Reply,
    ScriptedServer,
    default_key,
    discovery,
    json_reply,
    script_identity,
    token,
)
from tests.verify import CLIENT, SECRET, assert_failed, statuses, unit, verified

CHECKS = (
    "discovery.reachable",
    "discovery.json",
    "discovery.fields",
    "discovery.issuer",
    "discovery.endpoints",
    "discovery.grant",
    "discovery.auth_methods",
    "keys.reachable",
    "keys.strength",
    "token.post",
    "token.basic",
    "token.type",
    "token.expires_in",
    "token.scope",
    "token.algorithm",
    "token.key",
    "token.signature",
    "token.issuer",
    "lifetime.claims",
    "lifetime.database",
)


@pytest.fixture
def identity() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        yield server


def on_database(database: Database, server: ScriptedServer, **settings: object) -> Environment:
    """Return an environment with the scripted Identity Service over a real database."""
    (database.folder / "secret").write_text(SECRET)
    client = {"id": CLIENT, "secret": {"file": "secret"}}
    return database.environment(identity=server.url, clients=[client], **settings)


def seen(where: Environment) -> tuple[int | None, int | None, bool]:
    """Run verify; return the lifetime in the database, in the token, and if it is forbidden."""
    client = asyncio.run(verify(where)).client
    assert client is not None
    assert client.client_id == CLIENT
    return client.in_database, client.in_token, client.outside_policy


def with_answer(server: ScriptedServer, folder: Path, **changes: object) -> dict[str, Check]:
    server.script("POST", TOKEN, token(**changes))  # type: ignore[arg-type]
    return verified(unit(folder, server.url))


def with_claims(server: ScriptedServer, folder: Path, **changes: object) -> dict[str, Check]:
    server.script("POST", TOKEN, token(default_key().token(**changes)))  # type: ignore[arg-type]
    return verified(unit(folder, server.url))


# -- all of it -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_sandbox_passes(sandbox: Sandbox, name: str) -> None:
    checks = verified(sandbox.environment(name))
    assert tuple(checks) == CHECKS
    assert statuses(checks, Status.PASS) == list(CHECKS)
    assert "as the database says" in checks["lifetime.database"].summary


def test_the_checks_that_fail_early_are_listed_all_the_same(tmp_path: Path) -> None:
    checks = verified(unit(tmp_path, "http://identity.invalid"))
    assert tuple(checks) == CHECKS


def test_a_client_can_be_chosen(sandbox: Sandbox) -> None:
    where = sandbox.environment()
    before = sandbox.lifetimes("dev")
    for client in where.clients:
        checks = verified(where, client.id)
        assert checks["token.expires_in"].summary == f"{before[client.id]} s"
        assert statuses(checks, Status.FAIL) == []
    assert len(set(before.values())) > 1


# -- what stops it -------------------------------------------------------------------------------


def test_a_client_without_a_known_secret_is_a_usage_error(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    with pytest.raises(ClientNotFound, match="other-client"):
        verified(unit(tmp_path, identity.url), "other-client")
    assert identity.received == []


def test_an_environment_without_identity_service_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="identity is not set"):
        verified(environment(tmp_path, creatio="http://127.0.0.1:9"))


def test_a_secret_that_is_not_there_is_told_cleanly(
    identity: ScriptedServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    where = unit(tmp_path, identity.url)
    (tmp_path / "secret").unlink()
    with pytest.raises(SecretError, match="secret"):
        asyncio.run(verify(where))
    assert identity.requests(TOKEN) == []
    assert caplog.records == []


def test_without_a_client_the_service_itself_is_still_checked(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    checks = verified(environment(tmp_path, identity=identity.url))
    assert tuple(checks) == CHECKS
    skipped = CHECKS[CHECKS.index("token.post") :]
    assert statuses(checks, Status.SKIPPED) == list(skipped)
    assert statuses(checks, Status.FAIL) == []
    assert all("no client is configured" in checks[check_id].summary for check_id in skipped)
    assert identity.requests(TOKEN) == []


# -- the answer around the token -----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Bearer", "bearer", "BEARER"])
def test_the_token_type_is_read_in_any_case(
    identity: ScriptedServer, tmp_path: Path, kind: str
) -> None:
    checks = with_answer(identity, tmp_path, token_type=kind)
    assert checks["token.type"].status is Status.PASS


@pytest.mark.parametrize("kind", ["MAC", "", 5, None], ids=str)
def test_another_token_type_fails(identity: ScriptedServer, tmp_path: Path, kind: object) -> None:
    checks = with_answer(identity, tmp_path, token_type=kind)
    assert_failed(checks["token.type"], "token-malformed", f"token_type is {kind!r}.")
    assert statuses(checks, Status.FAIL) == ["token.type"]


@pytest.mark.parametrize("seconds", [None, 0, -1, "3600", 3600.5, True, [3600]], ids=str)
def test_no_positive_number_for_expires_in_fails(
    identity: ScriptedServer, tmp_path: Path, seconds: object
) -> None:
    checks = with_answer(identity, tmp_path, expires_in=seconds)
    assert_failed(checks["token.expires_in"], "token-malformed", f"expires_in is {seconds!r}.")


@pytest.mark.parametrize("scope", [None, "", " ", 5, []], ids=str)
def test_a_token_without_scope_fails(
    identity: ScriptedServer, tmp_path: Path, scope: object
) -> None:
    checks = with_answer(identity, tmp_path, scope=scope)
    assert_failed(checks["token.scope"], "scope-missing", "no scope")
    assert statuses(checks, Status.FAIL) == ["token.scope"]


def test_the_scope_is_shown(identity: ScriptedServer, tmp_path: Path) -> None:
    assert verified(unit(tmp_path, identity.url))["token.scope"].summary == SCOPE


# -- the token itself ----------------------------------------------------------------------------


@pytest.mark.parametrize("access", ["…", "a b", "a\nb"])
def test_a_token_that_no_header_can_carry_is_malformed(
    identity: ScriptedServer, tmp_path: Path, access: str
) -> None:
    identity.script("POST", TOKEN, token(access))
    checks = verified(unit(tmp_path, identity.url))
    assert_failed(checks["token.post"], "token-malformed")


@pytest.mark.parametrize("access", ["0123456789ABCDEF" * 4, "a.b", "a.b.c", "e30.bnVsbA.x"])
def test_a_token_that_is_no_jwt_fails(
    identity: ScriptedServer, tmp_path: Path, access: str
) -> None:
    identity.script("POST", TOKEN, token(access))
    checks = verified(unit(tmp_path, identity.url))
    assert_failed(checks["token.algorithm"], "token-opaque")
    assert statuses(checks, Status.FAIL) == ["token.algorithm"]
    for check_id in ("token.key", "token.signature", "token.issuer", "lifetime.claims"):
        assert checks[check_id].status is Status.SKIPPED
        assert "no JWT" in checks[check_id].summary


@pytest.mark.parametrize("issuer", ["other.example", None, ISSUER + "/"], ids=str)
def test_another_issuer_than_the_documents_fails(
    identity: ScriptedServer, tmp_path: Path, issuer: str | None
) -> None:
    checks = with_claims(identity, tmp_path, iss=issuer)
    assert_failed(checks["token.issuer"], "issuer-mismatch", f"iss is {issuer};")
    assert statuses(checks, Status.FAIL) == ["token.issuer"]


def test_the_documents_issuer_counts_not_its_address(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    identity.script("GET", DISCOVERY, discovery(identity.url, issuer=identity.url))
    checks = with_claims(identity, tmp_path, iss=identity.url)
    assert checks["token.issuer"].status is Status.PASS
    checks = with_claims(identity, tmp_path, iss=ISSUER)
    assert_failed(checks["token.issuer"], "issuer-mismatch", ISSUER)


def test_the_sandbox_signs_for_another_issuer(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.WRONG_ISSUER)
    checks = verified(sandbox.environment())
    assert_failed(checks["token.issuer"], "issuer-mismatch", "other.creatio.com")
    assert statuses(checks, Status.FAIL) == ["token.issuer"]


@pytest.mark.parametrize("expires_in", [LIFETIME - 1, LIFETIME + 1, 60])
def test_an_answer_that_contradicts_its_token_fails(
    identity: ScriptedServer, tmp_path: Path, expires_in: int
) -> None:
    checks = with_answer(identity, tmp_path, expires_in=expires_in)
    words = f"expires_in is {expires_in} s, exp − iat is {LIFETIME} s."
    assert_failed(checks["lifetime.claims"], "lifetime-inconsistent", words)
    assert statuses(checks, Status.FAIL) == ["lifetime.claims"]


def test_without_iat_the_beginning_of_validity_counts(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    checks = with_claims(identity, tmp_path, iat=None)
    assert checks["lifetime.claims"].status is Status.PASS


@pytest.mark.parametrize(
    "claims", [{"exp": None}, {"iat": None, "nbf": None}, {"exp": "soon"}], ids=str
)
def test_a_token_without_times_is_not_compared(
    identity: ScriptedServer, tmp_path: Path, claims: dict[str, object]
) -> None:
    checks = with_claims(identity, tmp_path, **claims)
    assert checks["lifetime.claims"].status is Status.SKIPPED
    assert statuses(checks, Status.FAIL) == []


@pytest.mark.parametrize("exp", [10**30, -(10**30), 2**63])
def test_a_token_beyond_the_calendar_is_no_crash(
    identity: ScriptedServer, tmp_path: Path, exp: int
) -> None:
    checks = with_claims(identity, tmp_path, exp=exp)
    assert_failed(checks["lifetime.claims"], "lifetime-inconsistent")


# -- the database --------------------------------------------------------------------------------


def test_the_database_agrees(identity: ScriptedServer, database: Database) -> None:
    database.add_client(CLIENT, "One", LIFETIME)
    checks = verified(on_database(database, identity))
    assert statuses(checks, Status.FAIL) == []
    words = checks["lifetime.database"].summary
    assert words.startswith("a fresh token (issued ")
    assert words.endswith(f"lives {LIFETIME} s (1h), as the database says")
    assert seen(on_database(database, identity)) == (LIFETIME, LIFETIME, False)


def test_the_database_says_otherwise(identity: ScriptedServer, database: Database) -> None:
    database.add_client(CLIENT, "One", 1800)
    checks = verified(on_database(database, identity))
    assert_failed(checks["lifetime.database"], "lifetime-stale", "the database says 1800 s")
    assert f"A fresh token lives {LIFETIME} s" in checks["lifetime.database"].summary
    assert statuses(checks, Status.FAIL) == ["lifetime.database"]


def test_expires_in_alone_is_no_proof(identity: ScriptedServer, database: Database) -> None:
    database.add_client(CLIENT, "One", 1800)
    identity.script("POST", TOKEN, token(expires_in=1800))
    checks = verified(on_database(database, identity))
    assert_failed(checks["lifetime.database"], "lifetime-stale", f"exp − iat: {LIFETIME} s")
    assert seen(on_database(database, identity)) == (1800, LIFETIME, False)


def test_an_opaque_token_is_compared_by_expires_in(
    identity: ScriptedServer, database: Database
) -> None:
    database.add_client(CLIENT, "One", LIFETIME)
    identity.script("POST", TOKEN, token("opaque"))
    checks = verified(on_database(database, identity))
    assert checks["lifetime.database"].status is Status.PASS
    assert seen(on_database(database, identity)) == (LIFETIME, LIFETIME, False)


def test_what_was_seen_of_the_client(identity: ScriptedServer, database: Database) -> None:
    where = on_database(database, identity, policy={"max_lifetime": "30m"})
    assert seen(where) == (None, LIFETIME, True)
    database.add_client(CLIENT, "One", 1800)
    identity.script("POST", TOKEN, json_reply({"error": "invalid_client"}, 400))
    assert seen(where) == (1800, None, False)
    identity.script("GET", DISCOVERY, Reply(503))
    assert asyncio.run(verify(where)).client is None


def test_the_client_is_not_in_the_database(identity: ScriptedServer, database: Database) -> None:
    database.add_client("another", "Another")
    checks = verified(on_database(database, identity))
    assert_failed(checks["lifetime.database"], "client-not-in-database")
    assert statuses(checks, Status.FAIL) == ["lifetime.database"]


def test_the_database_has_no_such_table(identity: ScriptedServer, empty_database: Database) -> None:
    checks = verified(on_database(empty_database, identity))
    assert_failed(checks["lifetime.database"], "table-missing", "Clients")


def test_the_database_cannot_be_reached(identity: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("not-needed")
    # Nothing listens there: the port is the one of "discard".
    checks = verified(
        unit(
            tmp_path,
            identity.url,
            database="postgresql://opskit@127.0.0.1:9/identity",
            database_password={"file": "password"},
        )
    )
    assert_failed(checks["lifetime.database"], "database-unreachable", "127.0.0.1:9")
    finding = checks["lifetime.database"].finding
    assert finding is not None
    assert finding.unreachable
    assert finding.remedy
    assert statuses(checks, Status.FAIL) == ["lifetime.database"]


def test_the_password_for_the_database_is_wrong(
    identity: ScriptedServer, database: Database
) -> None:
    where = on_database(database, identity)
    (database.folder / "password").write_text("wrong-password")
    checks = verified(where)
    assert_failed(checks["lifetime.database"], "login-refused", "refused the login")
    assert "wrong-password" not in str(checks)


def test_the_password_for_the_database_is_not_there(
    identity: ScriptedServer, database: Database
) -> None:
    where = on_database(database, identity)
    (database.folder / "password").unlink()
    checks = verified(where)
    assert_failed(checks["lifetime.database"], "secret", "password cannot be read")


def test_without_a_database_the_lifetime_is_not_compared(
    identity: ScriptedServer, tmp_path: Path
) -> None:
    checks = verified(unit(tmp_path, identity.url))
    assert checks["lifetime.database"].status is Status.SKIPPED
    assert checks["lifetime.database"].summary == "no database is configured"
    assert statuses(checks, Status.FAIL) == []


def test_a_cached_client_shows_as_a_stale_lifetime(sandbox: Sandbox) -> None:
    where = sandbox.environment()
    verified(where)
    sandbox.fault(Fault.CACHE)
    verified(where)  # the service looks the client up, and keeps it
    client = where.clients[0]
    change = set_lifetime(where, Wish(client.id, 1234))
    assert change.outcome is Outcome.CHANGED
    assert [check.status for check in change.checks] == [Status.PASS, Status.FAIL]
    checks = verified(where)
    assert_failed(checks["lifetime.database"], "lifetime-stale", "the database says 1234 s")
    assert statuses(checks, Status.FAIL) == ["lifetime.database"]
