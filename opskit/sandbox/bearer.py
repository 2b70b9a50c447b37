# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How Creatio decides whom a Bearer token stands for: signature, issuer, expiry, registered app."""

import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import httpx
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization
from psycopg.rows import class_row
from psycopg_pool import ConnectionPool

from opskit.sandbox.identity import DISCOVERY_PATH

CLOCK_SKEW_SECONDS = 300
"""How long after its expiry a token is still accepted, as by Microsoft's JwtBearer."""

_HTTP_SECONDS = 10

_SYSTEM_USER = """
SELECT u."Name" AS name, u."CanUseODataService" AS can_use_odata
FROM "OAuthClientApp" AS a
JOIN "SysAdminUnit" AS u ON u."Id" = a."SystemUserId"
WHERE a."ClientId" = %s AND u."Active"
"""


class TokenRejected(Exception):
    """The token stands for nobody."""


@dataclass(frozen=True)
class SystemUser:
    """The user of Creatio on whose rights an integration works."""

    name: str
    can_use_odata: bool


@dataclass(frozen=True)
class _Trust:
    issuer: str
    keys: KeySet

    def knows(self, kid: object) -> bool:
        return any(key.kid == kid for key in self.keys.keys)


class IdentityLink:
    """Creatio's link to its Identity Service: the keys and the issuer that it trusts.

    Args:
        identity_url: tells where the Identity Service is at the moment.
        trust: whose certificates it may have.
    """

    def __init__(self, identity_url: Callable[[], str], trust: ssl.SSLContext) -> None:
        self._identity_url = identity_url
        self._http = httpx.Client(verify=trust, trust_env=False, timeout=_HTTP_SECONDS)
        self._lock = threading.Lock()
        self._trust: _Trust | None = None
        self._trusted_url = ""

    def is_reachable(self) -> bool:
        """Tell whether the Identity Service answers with its discovery document."""
        try:
            return bool(self._get(self._discovery_url()).get("issuer"))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, AttributeError):
            return False

    def client_id(self, token: str) -> str:
        """Return the client that a valid token was issued to.

        Raises:
            TokenRejected: the token is not valid.
        """
        try:
            trust = self._trust_for(jws.extract_compact(token.encode()).headers().get("kid"))
            decoded = jwt.decode(token, trust.keys, algorithms=["RS256"])
            jwt.JWTClaimsRegistry(
                leeway=CLOCK_SKEW_SECONDS,
                iss={"essential": True, "value": trust.issuer},
                exp={"essential": True},
                client_id={"essential": True},
            ).validate(decoded.claims)
        except (JoseError, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError) as error:
            raise TokenRejected from error
        return str(decoded.claims["client_id"])

    def _trust_for(self, kid: object) -> _Trust:
        url = self._discovery_url()
        with self._lock:
            moved = url != self._trusted_url
            if self._trust is None or moved or not self._trust.knows(kid):
                document = self._get(url)
                keys = cast("KeySetSerialization", self._get(str(document["jwks_uri"])))
                self._trust = _Trust(str(document["issuer"]), KeySet.import_key_set(keys))
                self._trusted_url = url
            return self._trust

    def _discovery_url(self) -> str:
        return self._identity_url().rstrip("/") + DISCOVERY_PATH

    def _get(self, url: str) -> dict[str, object]:
        return dict(self._http.get(url).raise_for_status().json())


class Bearers:
    """Finds the system user behind a request's Authorization header."""

    def __init__(self, link: IdentityLink, pool: ConnectionPool) -> None:
        self._link = link
        self._pool = pool

    def user(self, authorization: str) -> SystemUser:
        """Return the active user behind a Bearer token.

        Raises:
            TokenRejected: there is no token, it is not valid, or no active user belongs to it.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenRejected
        client_id = self._link.client_id(token.strip())
        with self._pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(SystemUser))
            user = cursor.execute(_SYSTEM_USER, [client_id]).fetchone()
        if user is None:
            raise TokenRejected
        return user
