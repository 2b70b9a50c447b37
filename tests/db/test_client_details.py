# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Why a client is refused, by what the database holds: the same cases on every engine."""

import asyncio
import base64
import hashlib
from datetime import datetime
from pathlib import Path

import pytest

from opskit.db.client_details import StoredSecret
from opskit.db.store import open_store
from opskit.diagnosis.refusals import name_cause
from opskit.explain import finding
from opskit.models import Finding
from opskit.secrets import Secret, SecretRef
from opskit.settings import Environment, KnownClient
from tests.conftest import environment
from tests.db.installations import Installation

SECRET = "päß wörd: the secret of A1"
HASH = base64.b64encode(hashlib.sha256(SECRET.encode()).digest()).decode()
LONG_HASH = base64.b64encode(hashlib.sha512(SECRET.encode()).digest()).decode()
OTHER = base64.b64encode(hashlib.sha256(b"another").digest()).decode()
ASKED = KnownClient("A1", SecretRef(env="UNUSED"), name="Data Mart Sync")
CHILDREN = ("ClientSecrets", "ClientGrantTypes", "ClientScopes")


def execute(installation: Installation, *statements: str) -> None:
    """Run statements that both dialects understand."""
    database = installation._database  # type: ignore[attr-defined]
    if hasattr(database, "execute"):
        for statement in statements:
            database.execute(statement)
        return
    with database.connect() as connection:
        for statement in statements:
            connection.execute(statement.encode())


def of_a1(table: str, columns: str, values: str) -> str:
    return (
        f'INSERT INTO "{table}" ("ClientId", {columns}) '
        f'SELECT "Id", {values} FROM "Clients" WHERE "ClientId" = \'A1\''
    )


def secret(value: str, *, kind: str = "SharedSecret", ends: str = "NULL") -> str:
    columns = '"Type", "Value", "Expiration", "Created"'
    return of_a1("ClientSecrets", columns, f"'{kind}', '{value}', {ends}, '2025-01-01T00:00:00'")


GRANT = of_a1("ClientGrantTypes", '"GrantType"', "'client_credentials'")
SCOPE = of_a1("ClientScopes", '"Scope"', "'Api'")
LONG_AGO, FAR_OFF = "'2001-02-03T04:05:00'", "'2101-02-03T04:05:00'"


@pytest.fixture
def refused(installation: Installation) -> Installation:
    """A1 with the right secret, grant and scope, beside B2."""
    installation.add_client("A1", "Data Mart Sync")
    installation.add_client("B2", "Billing Export")
    execute(installation, *(f'DELETE FROM "{table}"' for table in CHILDREN))
    execute(installation, secret(HASH), GRANT, SCOPE)
    return installation


def cause(
    where: Environment,
    said: str = "invalid-client",
    asked: KnownClient = ASKED,
    given: str = SECRET,
) -> Finding:
    answered = finding(said, f"400 for client {asked.id}")
    return asyncio.run(name_cause(where, asked, Secret(given), answered))


def test_the_details_are_read(refused: Installation) -> None:
    execute(refused, secret(OTHER, ends=LONG_AGO), secret("x", kind="X509Thumbprint"))
    with open_store(refused.environment()) as store:
        details = store.client_details("A1", [HASH, LONG_HASH])
        other = store.client_details("B2", [HASH, LONG_HASH])
    assert (details.secret_required, details.protocol) == (True, "oidc")
    assert (list(details.grants or ()), list(details.scopes or ())) == (
        ["client_credentials"],
        ["Api"],
    )
    assert set(details.secrets or ()) == {
        StoredSecret("SharedSecret", True, True, None, False),
        StoredSecret("SharedSecret", False, True, datetime(2001, 2, 3, 4, 5), True),  # noqa: DTZ001
        StoredSecret("X509Thumbprint", False, False, None, False),
    }
    assert (other.secrets, other.grants, other.scopes) == ([], [], [])
    assert details.unread == []


# What is done to the client, what the service says, and what is found.
CASES = {
    "sound": ([], "invalid-client", "client-sound"),
    "disabled": (['UPDATE "Clients" SET "Enabled" = {false}'], "invalid-client", "client-disabled"),
    "lifetime": (
        ['UPDATE "Clients" SET "AccessTokenLifetime" = 0'],
        "invalid-client",
        "lifetime-not-positive",
    ),
    "protocol": (
        ['UPDATE "Clients" SET "ProtocolType" = \'wsfed\''],
        "invalid-client",
        "protocol-not-oidc",
    ),
    "no secret": (['DELETE FROM "ClientSecrets"'], "invalid-client", "secret-missing"),
    "other type": (
        ['UPDATE "ClientSecrets" SET "Type" = \'X509Name\''],
        "invalid-client",
        "secret-missing",
    ),
    "no hash": (
        [f'UPDATE "ClientSecrets" SET "Value" = \'{SECRET}\''],
        "invalid-client",
        "secret-not-hashed",
    ),
    "other secret": (
        [f'UPDATE "ClientSecrets" SET "Value" = \'{OTHER}\''],
        "invalid-client",
        "secret-wrong",
    ),
    "longer hash": (
        [f'UPDATE "ClientSecrets" SET "Value" = \'{LONG_HASH}\''],
        "invalid-client",
        "client-sound",
    ),
    "expired": (
        [f'UPDATE "ClientSecrets" SET "Expiration" = {LONG_AGO}', secret(OTHER)],
        "invalid-client",
        "secret-expired",
    ),
    "expires later": (
        [f'UPDATE "ClientSecrets" SET "Expiration" = {FAR_OFF}'],
        "invalid-client",
        "client-sound",
    ),
    "expired twice over": (
        [f'UPDATE "ClientSecrets" SET "Expiration" = {LONG_AGO}', secret(HASH)],
        "invalid-client",
        "client-sound",
    ),
    "no secret demanded": (
        ['UPDATE "Clients" SET "RequireClientSecret" = {false}', 'DELETE FROM "ClientSecrets"'],
        "invalid-client",
        "client-sound",
    ),
    "no grant at all": (['DELETE FROM "ClientGrantTypes"'], "invalid-client", "grant-missing"),
    "no grant": (['DELETE FROM "ClientGrantTypes"'], "unauthorized-client", "grant-missing"),
    "grant": ([], "unauthorized-client", "client-sound"),
    "no scope": (['DELETE FROM "ClientScopes"'], "invalid-scope", "scope-none"),
    "scope": ([], "invalid-scope", "invalid-scope"),
    "restarting": ([], "restarting", "restarting"),
}


@pytest.mark.parametrize("case", CASES)
def test_each_cause_is_named(refused: Installation, case: str) -> None:
    statements, said, expected = CASES[case]
    false = "false" if refused.login == "postgres" else "0"
    execute(refused, *(statement.replace("{false}", false) for statement in statements))
    found = cause(refused.environment(), said)
    assert found.id == expected
    assert found.symptom.startswith("400 for client A1")
    for hidden in (SECRET, HASH, LONG_HASH, OTHER):
        assert hidden not in str(found)


def test_the_day_of_expiry_is_said(refused: Installation) -> None:
    execute(refused, f'UPDATE "ClientSecrets" SET "Expiration" = {LONG_AGO}')
    found = cause(refused.environment())
    assert found.symptom == "400 for client A1: the secret expired 2001-02-03 04:05 UTC."
    assert "ClientSecrets: the secret of opskit.toml, expired 2001-02-03 04:05 UTC." in (
        found.evidence
    )


def test_the_remedy_can_be_run_as_it_stands(refused: Installation) -> None:
    execute(refused, 'UPDATE "Clients" SET "AccessTokenLifetime" = 0')
    remedy = cause(refused.environment()).remedy
    assert remedy == "Set a lifetime: opskit lifetime set A1 1h -e unit."


def test_a_scope_that_is_asked_for_in_vain(refused: Installation) -> None:
    asked = KnownClient("A1", SecretRef(env="UNUSED"), scope="Api Other")
    found = cause(refused.environment(), "invalid-scope", asked)
    assert (found.id, found.symptom) == (
        "scope-not-allowed",
        "400 for client A1: Other is not among its scopes.",
    )


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        (("DATAMART-0001", None), "The nearest: Data Mart Sync (datamart-0001)."),
        (("DATAMART-0O01", None), "The nearest: Data Mart Sync (datamart-0001)."),
        (("0123456789", "data mart sync"), "The nearest: Data Mart Sync (datamart-0001)."),
        (
            ("0123456789", None),
            "There are: Billing Export (B2), Data Mart Sync (datamart-0001).",
        ),
    ],
    ids=["case", "typing error", "name", "none"],
)
def test_an_unknown_client_has_neighbours(
    installation: Installation, asked: tuple[str, str | None], near: str
) -> None:
    installation.add_client("datamart-0001", "Data Mart Sync")
    installation.add_client("B2", "Billing Export")
    client = KnownClient(asked[0], SecretRef(env="UNUSED"), name=asked[1])
    found = cause(installation.environment(), "invalid-client", client)
    assert found.id == "client-unknown"
    assert found.evidence[0] == f"Clients: 2 rows, none with the id {asked[0]}."
    assert list(found.evidence[1:]) == [near]


def test_no_more_than_three_neighbours(installation: Installation) -> None:
    for number in range(5):
        installation.add_client(f"client-000{number}", f"Client number {number}")
    asked = KnownClient("client-0009", SecretRef(env="UNUSED"))
    found = cause(installation.environment(), "invalid-client", asked)
    assert found.evidence[1].count("(client-") == 3


def renaming(installation: Installation, before: str, after: str) -> list[str]:
    if installation.login == "postgres":
        return [f'ALTER TABLE "{before}{t}" RENAME TO "{after}{t}"' for t in CHILDREN]
    return [f"EXEC sp_rename '{before}{t}', '{after}{t}', 'OBJECT'" for t in CHILDREN]


def test_tables_that_are_not_there_are_told(refused: Installation) -> None:
    execute(refused, *renaming(refused, "", "X"))
    try:
        found = cause(refused.environment())
    finally:
        execute(refused, *renaming(refused, "X", ""))
    assert found.id == "invalid-client"
    assert (
        "ClientSecrets, ClientGrantTypes, ClientScopes; see opskit db role --diagnosis"
        in found.evidence[-1]
    )


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    where = environment(tmp_path, database="postgresql://nobody@127.0.0.1:9/none")
    found = cause(where)
    assert found.id == "invalid-client"
    assert found.evidence[0].startswith("The database could not be asked: PostgreSQL at 127.0.0.1")


def test_without_a_database_nothing_is_claimed(tmp_path: Path) -> None:
    found = cause(environment(tmp_path))
    assert (found.id, found.evidence) == ("invalid-client", ())
    assert "`database`" in found.remedy
