# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Filling a fresh PostgreSQL server: roles, three databases, the integrations of each."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from importlib import resources

import psycopg
from psycopg import sql

from opskit.sandbox.catalog import ENVIRONMENTS, EnvironmentSpec, Integration, integrations_of
from opskit.sandbox.layout import HOST
from opskit.sandbox.postgres import SUPERUSER

SERVER_ROLE = "sandbox"
"""The role that the sandbox's own servers read with."""

OPSKIT_ROLE = "opskit"
"""The role that opskit works with, on no more rights than it needs."""

_SEARCH_PATH = sql.SQL("ALTER ROLE {} SET search_path = public, identity").format(
    sql.Identifier(SERVER_ROLE)
)


@dataclass(frozen=True)
class Credentials:
    """The secrets that were made up while seeding.

    Attributes:
        opskit: the password of opskit's role.
        server: the password of the servers' role.
        clients: the secrets that somebody knows, by environment and integration name.
        administrators: the password of Creatio's administrator, by environment.
    """

    opskit: str
    server: str
    clients: dict[tuple[str, str], str]
    administrators: dict[str, str]


def connection_string(port: int, database: str, user: str, password: str) -> str:
    """Return what psycopg connects with."""
    return psycopg.conninfo.make_conninfo(
        host=HOST, port=port, dbname=database, user=user, password=password, connect_timeout=10
    )


def seed(port: int, superuser_password: str, journal: str) -> Credentials:
    """Make the roles and the databases of all environments, and fill them.

    Args:
        port: the server's.
        superuser_password: its superuser's.
        journal: the script that makes the journal, which opskit's role owns.
    """
    credentials = Credentials(
        opskit=secrets.token_hex(24),
        server=secrets.token_hex(24),
        clients={},
        administrators={spec.name: secrets.token_hex(24) for spec in ENVIRONMENTS},
    )
    with _connect(port, "postgres", superuser_password) as connection:
        _create_role(connection, OPSKIT_ROLE, credentials.opskit)
        _create_role(connection, SERVER_ROLE, credentials.server)
        connection.execute(_SEARCH_PATH)
        for spec in ENVIRONMENTS:
            _create_database(connection, spec.database)
    for spec in ENVIRONMENTS:
        with _connect(port, spec.database, superuser_password) as connection:
            known = _fill(connection, spec)
            connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(OPSKIT_ROLE)))
            connection.execute(journal.encode())
        credentials.clients.update(known)
    return credentials


def hashed(secret: str) -> str:
    """Return a client secret as IdentityServer4 stores it."""
    return base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode("ascii")


def _connect(port: int, database: str, password: str) -> psycopg.Connection:
    conninfo = connection_string(port, database, SUPERUSER, password)
    return psycopg.connect(conninfo, autocommit=True)


def _create_role(connection: psycopg.Connection, role: str, password: str) -> None:
    connection.execute(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), password)
    )


def _create_database(connection: psycopg.Connection, name: str) -> None:
    database = sql.Identifier(name)
    roles = sql.SQL(", ").join(map(sql.Identifier, (OPSKIT_ROLE, SERVER_ROLE)))
    connection.execute(sql.SQL("CREATE DATABASE {} STRATEGY file_copy").format(database))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, roles))


def _fill(connection: psycopg.Connection, spec: EnvironmentSpec) -> dict[tuple[str, str], str]:
    known = {}
    with connection.transaction():
        for script in ("schema.sql", "content.sql", "rights.sql"):
            connection.execute(_script(script))
        for integration in integrations_of(spec.name):
            secret = secrets.token_hex(32).upper()
            connection.execute(_script("client.sql"), _row(spec, integration, secret))
            if integration.secret_known:
                known[spec.name, integration.name] = secret
    return known


def _row(spec: EnvironmentSpec, integration: Integration, secret: str) -> dict[str, object]:
    return {
        "client_id": integration.client_id(spec.name),
        "name": integration.name,
        "enabled": integration.enabled,
        "lifetime": integration.lifetimes[spec.name],
        "secret_hash": hashed(secret),
        "scope": spec.scope,
        "grants": list(integration.grants),
        "user": f"{integration.slug}.oauth",
    }


def _script(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()
