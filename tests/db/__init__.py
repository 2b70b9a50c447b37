# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the database adapters, and a database for the tests that leave its tables as they are.

Most tests take the fixture ``database``, which is theirs alone and takes a while to make.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import psycopg
from psycopg import sql

from tests.conftest import Database, Server


@contextmanager
def shared_database(server: Server, folder: Path) -> Iterator[Database]:
    """A database like the fixture ``database``, for a whole module."""
    name = f"shared_{secrets.token_hex(6)}"
    database = Database(server, name, folder)
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with database.connect() as connection:
            script = resources.files("opskit.sandbox").joinpath("schema.sql").read_bytes()
            connection.execute(script)
        yield database
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        admin.execute(drop)


def remove_clients(database: Database) -> None:
    """Empty all tables that ``Database.add_client`` fills."""
    with database.connect() as connection:
        for table in ("Clients", "OAuthClientApp", "SysAdminUnit"):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
