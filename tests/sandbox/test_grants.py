# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What the database says about a client decides on its token requests."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator

import pytest
from psycopg_pool import ConnectionPool

from opskit.sandbox.clients import ClientStore
from opskit.sandbox.grants import Grant, Refused, decide
from tests.conftest import Database

FORM = {"client_id": "A", "client_secret": "secret-of-A", "grant_type": "client_credentials"}


@pytest.fixture
def store(database: Database) -> Iterator[ClientStore]:
    database.add_client("A", "Data Mart Sync", 1234)
    with ConnectionPool(database.conninfo, min_size=1, open=True) as pool:
        yield ClientStore(pool)


def change(database: Database, statement: str) -> None:
    with database.connect() as connection:
        connection.execute(statement.encode())


def refusal(store: ClientStore, **form: str) -> str:
    with pytest.raises(Refused) as refused:
        decide(store, FORM | form, "")
    return str(refused.value)


def test_a_healthy_client(store: ClientStore) -> None:
    granted = decide(store, FORM, "")
    assert isinstance(granted, Grant)
    assert granted.client.lifetime == 1234
    assert granted.scopes == ("ApplicationAccess_0123456789abcdef0123456789abcdef",)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ('UPDATE "Clients" SET "Enabled" = false', "invalid_client"),
        ('UPDATE "Clients" SET "AccessTokenLifetime" = 0', "invalid_client"),
        ('UPDATE "ClientSecrets" SET "Expiration" = now() - interval \'1 day\'', "invalid_client"),
        ('UPDATE "ClientSecrets" SET "Type" = \'X509Thumbprint\'', "invalid_client"),
        ('DELETE FROM "ClientSecrets"', "invalid_client"),
        ('DELETE FROM "ClientGrantTypes"', "unauthorized_client"),
        ('DELETE FROM "ClientScopes"', "invalid_scope"),
    ],
)
def test_what_a_client_lacks(
    database: Database, store: ClientStore, statement: str, error: str
) -> None:
    change(database, statement)
    assert refusal(store) == error


def test_a_bad_secret_goes_before_a_bad_grant(store: ClientStore) -> None:
    assert refusal(store, client_secret="wrong", grant_type="magic") == "invalid_client"


def test_a_secret_that_expires_later_and_one_hashed_by_sha512(
    database: Database, store: ClientStore
) -> None:
    change(database, """UPDATE "ClientSecrets" SET "Expiration" = now() + interval '1 day'""")
    assert decide(store, FORM, "")
    value = b64encode(hashlib.sha512(b"secret-of-A").digest()).decode()
    change(database, f"""UPDATE "ClientSecrets" SET "Value" = '{value}'""")
    assert decide(store, FORM, "")


def test_a_client_that_needs_no_secret(database: Database, store: ClientStore) -> None:
    change(database, 'UPDATE "Clients" SET "RequireClientSecret" = false')
    assert decide(store, {**FORM, "client_secret": ""}, "")


@pytest.mark.parametrize("header", ["Basic %%%", "Basic bm9jb2xvbg==", "Negotiate abc"])
def test_a_malformed_header_leaves_the_form_to_decide(store: ClientStore, header: str) -> None:
    assert decide(store, FORM, header)
