# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The checks against a second implementation of the servers, which shares no code with either.

What passes here passes because opskit and the servers' description agree, not because the sandbox
and the checks make the same mistake.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest

from opskit.lifetime import Wish, set_lifetime
from opskit.listing import list_lifetimes
from opskit.models import Check, Outcome, Status
from opskit.settings import Environment
from tests.conftest import Database
from tests.db import make_journal
from tests.independent_server import IndependentCreatio, IndependentIdentity
from tests.smoke import PATHS, smoked
from tests.verify import assert_failed, statuses, verified

CLIENT = "4F2D7A10C3B94E5C8A6E1B2D3C4F5A60"
SECRET = f"secret-of-{CLIENT}"


@dataclass(frozen=True)
class Install:
    """An Identity Service over its database, and where a Creatio belongs."""

    database: Database
    identity: IndependentIdentity

    def environment(self, creatio: str | None = None, **settings: object) -> Environment:
        (self.database.folder / "secret").write_text(SECRET, encoding="utf-8")
        client = {"id": CLIENT, "secret": {"file": "secret"}}
        content: dict[str, object] = {"identity": self.identity.url, "clients": [client]}
        if creatio is not None:
            content["creatio"] = creatio
        return self.database.environment(**{**content, **settings})

    def execute(self, statement: str) -> None:
        with self.database.connect() as connection:
            connection.execute(statement.encode())

    def keep_secret(self, secret: str) -> None:
        """Make another secret the client's."""
        digest = base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()
        self.execute(f"""UPDATE "ClientSecrets" SET "Value" = '{digest}'""")


@pytest.fixture
def install(database: Database) -> Iterator[Install]:
    make_journal(database)
    database.add_client(CLIENT, "Data Mart Sync", 3600)
    with IndependentIdentity(database.conninfo) as identity:
        yield Install(database, identity)


@pytest.fixture(params=[True, False], ids=["framework", "net"])
def framework(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


on_net = pytest.mark.parametrize("framework", [False], ids=["net"], indirect=True)


@pytest.fixture
def creatio(install: Install, framework: bool) -> Iterator[IndependentCreatio]:
    with IndependentCreatio(install.identity.url, framework=framework) as server:
        yield server


def passing(checks: dict[str, Check]) -> bool:
    return {check.status for check in checks.values()} == {Status.PASS}


# -- all is well ---------------------------------------------------------------------------------


def test_verify_is_green(install: Install) -> None:
    checks = verified(install.environment())
    assert statuses(checks, Status.PASS) == list(checks)
    assert checks["token.expires_in"].summary == "3600 s"


def test_verify_is_green_where_the_issuer_is_the_address(
    install: Install, database: Database
) -> None:
    with IndependentIdentity(database.conninfo, issuer="http://127.0.0.1:8090") as identity:
        checks = verified(install.environment(identity=identity.url))
    assert statuses(checks, Status.FAIL) == []
    assert statuses(checks, Status.WARN) == ["discovery.issuer"]
    assert checks["token.issuer"].summary == "http://127.0.0.1:8090"


@pytest.mark.parametrize("configured", [True, False], ids=["configured", "auto"])
def test_smoke_is_green(
    install: Install, creatio: IndependentCreatio, framework: bool, configured: bool
) -> None:
    runtime = "framework" if framework else "net"
    where = install.environment(creatio.url, runtime=runtime if configured else "auto")
    checks = smoked(where)
    assert passing(checks), checks
    assert (".NET Framework" in checks["runtime"].summary) is framework
    assert checks["odata4"].summary == "4 rows"


@on_net
def test_rows_that_must_be_there_are_found(install: Install, creatio: IndependentCreatio) -> None:
    query = {"columns": ["Name"], "expect": ["Our company", "Rhein & Söhne"]}
    smoke = {"odata4": query, "odata3": query, "dataservice": query}
    checks = smoked(install.environment(creatio.url, smoke=smoke))
    assert passing(checks), checks
    for path in ("odata4", "odata3", "dataservice"):
        assert checks[path].summary == "4 rows, Our company, Rhein & Söhne among them"


@on_net
def test_rows_beyond_the_first_ones_are_missing(
    install: Install, creatio: IndependentCreatio
) -> None:
    query = {"columns": ["Name"], "top": 1, "expect": ["Our company"]}
    smoke = {"odata4": query, "odata3": query, "dataservice": query}
    checks = smoked(install.environment(creatio.url, smoke=smoke))
    for path in ("odata4", "odata3", "dataservice"):
        assert_failed(checks[path], "row-missing", "Not among 1 rows: Our company")


def test_a_lifetime_is_changed_and_proved(install: Install) -> None:
    where = install.environment()
    assert _lifetime(where) == 3600

    change = set_lifetime(where, Wish("Data Mart Sync", 1800))
    assert change.outcome is Outcome.CHANGED
    assert [(check.id, check.status) for check in change.checks] == [
        ("lifetime.read_back", Status.PASS),
        ("lifetime.fresh_token", Status.PASS),
    ]
    assert _lifetime(where) == 1800
    assert verified(where)["token.expires_in"].summary == "1800 s"

    again = set_lifetime(where, Wish(CLIENT, 1800))
    assert again.outcome is Outcome.UNCHANGED
    assert {check.status for check in again.checks} == {Status.PASS}


def _lifetime(where: Environment) -> int:
    data, errors = list_lifetimes([where])
    assert errors == []
    (client,) = data.environments[0].clients
    assert (client.client_id, client.name, client.enabled) == (CLIENT, "Data Mart Sync", True)
    return client.lifetime


# The server reads what comes by Basic as RFC 6749, 2.3.1 says: each half form-encoded.
def test_secrets_with_special_characters_arrive_both_ways(install: Install) -> None:
    for secret in ("+ %:ü&=", "100%25", "a+b", "päß wörd:", "\"'\\<>€"):
        install.keep_secret(secret)
        where = install.environment()
        where.path("secret").write_text(secret, encoding="utf-8")
        assert statuses(verified(where), Status.FAIL) == [], secret


# -- clients that get no token -------------------------------------------------------------------

# What was done to the client, what the service says of it, and what opskit finds.
_REFUSALS = {
    "wrong secret": (
        """UPDATE "ClientSecrets" SET "Value" = reverse("Value")""",
        "invalid_client",
        "secret-wrong",
    ),
    "secret as it is": (
        """UPDATE "ClientSecrets" SET "Value" = 'x'""",
        "invalid_client",
        "secret-not-hashed",
    ),
    "no secret": ("""DELETE FROM "ClientSecrets\"""", "invalid_client", "secret-missing"),
    "expired secret": (
        """UPDATE "ClientSecrets" SET "Expiration" = '2001-01-01'""",
        "invalid_client",
        "secret-expired",
    ),
    "disabled": (
        """UPDATE "Clients" SET "Enabled" = false""",
        "invalid_client",
        "client-disabled",
    ),
    "lifetime 0": (
        """UPDATE "Clients" SET "AccessTokenLifetime" = 0""",
        "invalid_client",
        "lifetime-not-positive",
    ),
    "negative lifetime": (
        """UPDATE "Clients" SET "AccessTokenLifetime" = -1""",
        "invalid_client",
        "lifetime-not-positive",
    ),
    "unknown": ("""DELETE FROM "Clients\"""", "invalid_client", "client-unknown"),
    "no grant": ("""DELETE FROM "ClientGrantTypes\"""", "unauthorized_client", "grant-missing"),
    "another grant": (
        """UPDATE "ClientGrantTypes" SET "GrantType" = 'authorization_code'""",
        "unauthorized_client",
        "grant-missing",
    ),
    "no scope": ("""DELETE FROM "ClientScopes\"""", "invalid_scope", "scope-none"),
}


@pytest.mark.parametrize(("statement", "error", "finding"), _REFUSALS.values(), ids=_REFUSALS)
def test_a_client_without_tokens_is_explained(
    install: Install, statement: str, error: str, finding: str
) -> None:
    install.execute(statement)
    checks = verified(install.environment())
    for check_id in ("token.post", "token.basic"):
        assert_failed(checks[check_id], finding, f"400 {error} for client {CLIENT}: ")
    assert statuses(checks, Status.FAIL) == ["token.post", "token.basic"]
    assert SECRET not in str(checks)


@pytest.mark.parametrize(("statement", "error", "_"), _REFUSALS.values(), ids=_REFUSALS)
def test_without_a_database_it_is_what_the_service_says(
    install: Install, statement: str, error: str, _: str
) -> None:
    install.execute(statement)
    checks = verified(msgspec.structs.replace(install.environment(), database=None))
    for check_id in ("token.post", "token.basic"):
        assert_failed(checks[check_id], error.replace("_", "-"), f"400 {error}")


def test_smoke_says_why_there_is_no_token(install: Install) -> None:
    install.execute(_REFUSALS["disabled"][0])
    with IndependentCreatio(install.identity.url, framework=False) as creatio:
        checks = smoked(install.environment(creatio.url))
    assert_failed(checks["token"], "client-disabled", CLIENT)
    assert [checks[path].status for path in PATHS] == [Status.SKIPPED] * 4


def test_a_scope_that_the_client_lacks_is_refused(install: Install) -> None:
    client = {"id": CLIENT, "secret": {"file": "secret"}, "scope": "of_somebody_else"}
    checks = verified(install.environment(clients=[client]))
    assert_failed(checks["token.post"], "scope-not-allowed", "of_somebody_else")


def test_a_change_to_a_client_without_tokens_stands_and_says_why_it_is_unproved(
    install: Install,
) -> None:
    install.execute(_REFUSALS["no grant"][0])
    change = set_lifetime(install.environment(), Wish(CLIENT, 1800))
    assert change.outcome is Outcome.CHANGED
    assert_failed(change.checks[1], "grant-missing", "it has no grant at all")


# -- Creatio refuses -----------------------------------------------------------------------------


@on_net
def test_a_creatio_that_trusts_another_service_refuses_every_call(
    install: Install, database: Database, creatio: IndependentCreatio
) -> None:
    with IndependentIdentity(database.conninfo) as other:
        checks = smoked(install.environment(creatio.url, identity=other.url))
    for path in PATHS:
        # It finds no problem with its own service, which is all that it tells about this one.
        assert_failed(checks[path], "client-unregistered", "401, and again with a fresh token")
    assert checks["token"].status is Status.PASS


def test_the_wrong_prefix_is_found_out_by_the_other(
    install: Install, creatio: IndependentCreatio, framework: bool
) -> None:
    wrong = "net" if framework else "framework"
    checks = smoked(install.environment(creatio.url, runtime=wrong))
    for path in ("odata4", "dataservice", "webservice"):
        assert_failed(checks[path], "prefix-wrong", "302 to the login page")
    assert checks["odata3"].status is Status.UNSUPPORTED


@on_net
def test_an_unknown_object_is_explained(install: Install, creatio: IndependentCreatio) -> None:
    query = {"entity": "Acount", "columns": ["Name"]}
    checks = smoked(install.environment(creatio.url, smoke={"odata4": query, "odata3": query}))
    assert_failed(checks["odata4"], "entity-unknown", "404: ")
    assert_failed(checks["odata3"], "entity-unknown", "404: ")


@on_net
def test_an_unknown_column_is_explained(install: Install, creatio: IndependentCreatio) -> None:
    query = {"columns": ["Nmae"]}
    checks = smoked(install.environment(creatio.url, smoke={"odata4": query, "odata3": query}))
    assert_failed(checks["odata4"], "column-unknown", "Nmae")
    assert_failed(checks["odata3"], "column-unknown", "Nmae")


def test_an_identity_service_without_its_database_is_told(install: Install) -> None:
    where = install.environment()
    install.execute('ALTER TABLE "ClientScopes" RENAME TO "Gone"')
    checks = verified(where)
    assert_failed(checks["token.post"], "unexpected-status", "500")
    assert statuses(checks, Status.FAIL) == ["token.post", "token.basic"]
