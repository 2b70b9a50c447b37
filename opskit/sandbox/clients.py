# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The Identity Service's clients, read from its database or, with the cache fault, remembered."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from opskit.sandbox.faults import Setting

_CLIENTS = """
SELECT "ClientId" AS client_id,
       "Enabled" AS enabled,
       "RequireClientSecret" AS secret_required,
       "AccessTokenLifetime" AS lifetime,
       ARRAY(SELECT "GrantType"::text FROM "ClientGrantTypes" AS g WHERE g."ClientId" = c."Id")
           AS grants,
       ARRAY(SELECT "Scope"::text FROM "ClientScopes" AS s WHERE s."ClientId" = c."Id" ORDER BY 1)
           AS scopes,
       ARRAY(SELECT "Value"::text FROM "ClientSecrets" AS x
             WHERE x."ClientId" = c."Id" AND x."Type" = 'SharedSecret'
               AND (x."Expiration" IS NULL OR x."Expiration" > %(now)s))
           AS secret_hashes
FROM "Clients" AS c
WHERE %(client_id)s::text IS NULL OR "ClientId" = %(client_id)s
"""


@dataclass(frozen=True)
class Client:
    """An OAuth client as the token endpoint needs it.

    Attributes:
        lifetime: seconds that its access tokens live.
        secret_hashes: the unexpired shared secrets: base64 of SHA-256 or SHA-512.
    """

    client_id: str
    enabled: bool
    secret_required: bool
    lifetime: int
    grants: Sequence[str]
    scopes: Sequence[str]
    secret_hashes: Sequence[str]


class ClientSource(Protocol):
    """Where an Identity Service's clients are."""

    def get(self, client_id: str) -> Client | None:
        """Return a client, or None when there is none by that id."""
        ...

    def get_all(self) -> list[Client]:
        """Return every client."""
        ...


class ClientStore:
    """Reads clients from the database each time, as IdentityServer4 does by default."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def get(self, client_id: str) -> Client | None:
        """Return a client, or None when there is none by that id."""
        return next(iter(self._read(client_id)), None)

    def get_all(self) -> list[Client]:
        """Return every client."""
        return self._read(None)

    def _read(self, client_id: str | None) -> list[Client]:
        now = datetime.now(UTC).replace(tzinfo=None)  # the columns hold UTC without saying so
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Client))
            return cursor.execute(_CLIENTS, {"client_id": client_id, "now": now}).fetchall()


class CachingClientStore:
    """Reads through a cache while the cache fault is on, else straight from the store."""

    def __init__(self, store: ClientSource) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._seconds: float | None = None
        self._entries: dict[str, tuple[float, Client]] = {}

    def switch(self, setting: Setting | None) -> None:
        """Turn the cache on, filled with what the database holds now, or off and empty."""
        clients = self._store.get_all() if setting else []
        with self._lock:
            self._seconds = setting.seconds if setting else None
            expires = time.monotonic() + (self._seconds or 0.0)
            self._entries = {client.client_id: (expires, client) for client in clients}

    def get(self, client_id: str) -> Client | None:
        """Return a client as the cache knows it, or as the database does when it does not."""
        with self._lock:
            expires, client = self._entries.get(client_id, (0.0, None))
        if client is not None and time.monotonic() < expires:
            return client
        client = self._store.get(client_id)
        with self._lock:
            if self._seconds is not None and client is not None:
                self._entries[client_id] = (time.monotonic() + self._seconds, client)
        return client
