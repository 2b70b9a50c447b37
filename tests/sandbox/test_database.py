# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What the databases hold, and how little opskit's role may do in them."""

import psycopg
import pytest
from psycopg import errors

from opskit.sandbox.catalog import ENVIRONMENTS, INTEGRATIONS
from tests.sandbox.conftest import NAMES, Rehearsal

LIFETIMES = 'SELECT "ClientName", "AccessTokenLifetime" FROM "Clients" ORDER BY "Id"'


def test_the_integrations_of_each_environment(rehearsals: dict[str, Rehearsal]) -> None:
    for name in NAMES:
        with rehearsals[name].connect() as connection:
            rows: dict[str, int] = dict(connection.execute(LIFETIMES).fetchall())
        expected = {i.name: i.lifetimes[name] for i in INTEGRATIONS if name in i.lifetimes}
        assert rows == expected
    assert "Load Test Probe" not in rows
    assert rows["Telephony Bridge"] == 7200


def test_client_ids_differ_by_environment_and_never_by_run() -> None:
    ids = [
        integration.client_id(spec.name) for integration in INTEGRATIONS for spec in ENVIRONMENTS
    ]
    assert len(set(ids)) == len(ids)
    assert INTEGRATIONS[0].client_id("dev") == "C54E5D2242CA6A02D7FF62221B6E8A81"


def test_the_tables_are_the_vendor_s(dev: Rehearsal) -> None:
    query = """
        SELECT count(*) FROM pg_attribute
        WHERE attrelid = '"Clients"'::regclass AND attnum > 0
    """
    with dev.connect() as connection:
        assert connection.execute(query).fetchone() == (44,)
        index = connection.execute("SELECT to_regclass('\"IX_Clients_ClientId\"')::text").fetchone()
    assert index == ('"IX_Clients_ClientId"',)


def test_only_lifetimes_can_be_changed(dev: Rehearsal) -> None:
    dev.set_lifetime(1800)
    assert dev.ask_token().json()["expires_in"] == 1800


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE "Clients" SET "Enabled" = false',
        'UPDATE "Clients" SET "ClientId" = "ClientId"',
        'DELETE FROM "Clients"',
        'INSERT INTO "ClientScopes" ("Scope", "ClientId") VALUES (\'x\', 1)',
        'UPDATE "ClientSecrets" SET "Value" = \'\'',
        'SELECT "Description" FROM "Clients"',
        'SELECT * FROM "SysAdminUnit"',
        'SELECT * FROM "Account"',
        "CREATE TABLE public.mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
    ],
)
def test_everything_else_is_denied(dev: Rehearsal, statement: str) -> None:
    with dev.connect() as connection, pytest.raises(errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_the_password_is_checked(dev: Rehearsal) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"{dev.settings['database']}?password=wrong")


def test_each_environment_has_a_journal_of_opskit_s_own(rehearsals: dict[str, Rehearsal]) -> None:
    for name in NAMES:
        with rehearsals[name].connect() as connection:
            count = connection.execute("SELECT count(*) FROM opskit.lifetime_change").fetchone()
            owners = connection.execute(
                "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'opskit'"
            ).fetchall()
        assert count is not None
        assert owners == [("opskit",)]
