# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Faults that lie in the database: what is broken while one is on, and mended after it."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from psycopg_pool import ConnectionPool

from opskit.sandbox.catalog import EnvironmentSpec, integrations_of
from opskit.sandbox.faults import Fault, Setting
from opskit.sandbox.switches import Switches


@dataclass(frozen=True)
class Breakage:
    """What breaks it, and what mends it; somebody who mends it first is not overruled."""

    breaks: str
    mends: str


def _moved(source: str, target: str) -> str:
    moves = (f'ALTER TABLE IF EXISTS {source}."{name}" SET SCHEMA {target};' for name in _TABLES)
    return f"DO $$ BEGIN {' '.join(moves)} END $$"


_TABLES = ("Clients", "ClientSecrets", "ClientScopes", "ClientGrantTypes")

# Clients are found by name, which no fault changes; their tables on the search path of the servers'
# role, which holds both of the schemas that they may be in.
BREAKAGES: Mapping[Fault, Breakage] = {
    Fault.TABLE_MISSING: Breakage(_moved("public", "identity"), _moved("identity", "public")),
    Fault.CLIENT_UNKNOWN: Breakage(
        """UPDATE "Clients" SET "ClientId" = %(other_id)s WHERE "ClientName" = %(name)s""",
        """UPDATE "Clients" SET "ClientId" = %(client_id)s WHERE "ClientName" = %(name)s""",
    ),
    Fault.CLIENT_DISABLED: Breakage(
        """UPDATE "Clients" SET "Enabled" = false WHERE "ClientName" = %(name)s""",
        """UPDATE "Clients" SET "Enabled" = true WHERE "ClientName" = %(name)s""",
    ),
    Fault.LIFETIME_ZERO: Breakage(
        """UPDATE "Clients" SET "AccessTokenLifetime" = 0 WHERE "ClientName" = %(name)s""",
        """UPDATE "Clients" SET "AccessTokenLifetime" = %(lifetime)s
           WHERE "ClientName" = %(name)s AND "AccessTokenLifetime" = 0""",
    ),
    Fault.SECRET_WRONG: Breakage(
        """UPDATE "ClientSecrets" AS s SET "Value" = reverse("Value") FROM "Clients" AS c
           WHERE c."Id" = s."ClientId" AND c."ClientName" = %(name)s""",
        """UPDATE "ClientSecrets" AS s SET "Value" = reverse("Value") FROM "Clients" AS c
           WHERE c."Id" = s."ClientId" AND c."ClientName" = %(name)s""",
    ),
    Fault.SECRET_EXPIRED: Breakage(
        """UPDATE "ClientSecrets" AS s SET "Expiration" = timezone('utc', now()) - interval '1 day'
           FROM "Clients" AS c WHERE c."Id" = s."ClientId" AND c."ClientName" = %(name)s""",
        """UPDATE "ClientSecrets" AS s SET "Expiration" = NULL
           FROM "Clients" AS c WHERE c."Id" = s."ClientId" AND c."ClientName" = %(name)s""",
    ),
    Fault.GRANT_MISSING: Breakage(
        """UPDATE "ClientGrantTypes" AS g SET "GrantType" = 'authorization_code'
           FROM "Clients" AS c WHERE c."Id" = g."ClientId" AND c."ClientName" = %(name)s""",
        """UPDATE "ClientGrantTypes" AS g SET "GrantType" = 'client_credentials'
           FROM "Clients" AS c WHERE c."Id" = g."ClientId" AND c."ClientName" = %(name)s""",
    ),
    Fault.SCOPE_NONE: Breakage(
        """DELETE FROM "ClientScopes" AS s USING "Clients" AS c
           WHERE c."Id" = s."ClientId" AND c."ClientName" = %(name)s""",
        """INSERT INTO "ClientScopes" ("Scope", "ClientId")
           SELECT %(scope)s, "Id" FROM "Clients" WHERE "ClientName" = %(name)s""",
    ),
    Fault.CLIENT_UNREGISTERED: Breakage(
        """UPDATE "OAuthClientApp" SET "ClientId" = %(other_id)s WHERE "Name" = %(name)s""",
        """UPDATE "OAuthClientApp" SET "ClientId" = %(client_id)s WHERE "Name" = %(name)s""",
    ),
    Fault.USER_INACTIVE: Breakage(
        """UPDATE "SysAdminUnit" AS u SET "Active" = false FROM "OAuthClientApp" AS a
           WHERE u."Id" = a."SystemUserId" AND a."Name" = %(name)s""",
        """UPDATE "SysAdminUnit" AS u SET "Active" = true FROM "OAuthClientApp" AS a
           WHERE u."Id" = a."SystemUserId" AND a."Name" = %(name)s""",
    ),
}


def watch_rows(switches: Switches, spec: EnvironmentSpec, pool: ConnectionPool) -> None:
    """Let the faults of one environment break its database and mend it: its first client mostly."""
    first = next(integrations_of(spec.name))
    client_id = first.client_id(spec.name)
    row = {
        "name": first.name,
        "client_id": client_id,
        "other_id": f"{client_id[:24]}00000000",  # near enough to be taken for a mistyped one
        "lifetime": first.lifetimes[spec.name],
        "scope": spec.scope,
    }
    for fault, breakage in BREAKAGES.items():
        switches.watch(fault, _Breaker(pool, breakage, row).switch)


class _Breaker:
    """Breaks once and mends once, however often it is told."""

    def __init__(self, pool: ConnectionPool, breakage: Breakage, row: Mapping[str, object]) -> None:
        self._pool = pool
        self._breakage = breakage
        self._row = row
        self._lock = threading.Lock()
        self._broken = False

    def switch(self, setting: Setting | None) -> None:
        """Break it with a setting, mend it with None."""
        with self._lock:
            if (setting is not None) is self._broken:
                return
            statement = self._breakage.mends if self._broken else self._breakage.breaks
            with self._pool.connection() as connection:
                connection.execute(statement.encode(), self._row)
            self._broken = not self._broken
