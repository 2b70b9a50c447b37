# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the database adapters."""

from psycopg import sql

from opskit.journal_schema import upgrade
from opskit.models import Change
from tests.databases import Database


def looked_at(*client_ids: str) -> list[Change]:
    """Return changes that are none, for clients whose present lifetime is only asked for."""
    return [Change(client_id, None, 3600, 3600) for client_id in client_ids]


def remove_clients(database: Database) -> None:
    """Empty all tables that ``Database.add_client`` fills."""
    with database.connect() as connection:
        for table in ("Clients", "OAuthClientApp", "SysAdminUnit"):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


def make_journal(database: Database) -> None:
    """Give the database a journal, as ``opskit db upgrade`` does."""
    _, errors = upgrade([database.environment()])
    assert not errors
