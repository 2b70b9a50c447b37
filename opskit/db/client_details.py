# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What decides whether a client gets a token, beside its lifetime, as far as it may be read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opskit.errors import PermissionMissing, TableMissing

SHARED_SECRET = "SharedSecret"  # noqa: S105 (a type of secrets)


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """One row of ``ClientSecrets``, without the hash in it.

    Attributes:
        type: ``SharedSecret`` for those that are sent with a token request.
        matches: whether it is one of the hashes that were asked for.
        hashed: whether it has the length of a hash.
        expiration: when it ends, in UTC; None for never.
        expired: whether that has passed, by the database server's clock.
    """

    type: str
    matches: bool
    hashed: bool
    expiration: datetime | None
    expired: bool


@dataclass(frozen=True, slots=True)
class ClientDetails:
    """One client beyond what the lifetime needs; None stands for what the login may not read.

    Attributes:
        secret_required: RequireClientSecret.
        protocol: ProtocolType.
        secrets: its secrets.
        grants: the grant types that it may use.
        scopes: the scopes that it may have.
    """

    secret_required: bool | None
    protocol: str | None
    secrets: Sequence[StoredSecret] | None
    grants: Sequence[str] | None
    scopes: Sequence[str] | None

    @property
    def unread(self) -> list[str]:
        """Where the login may not look: names of tables and columns."""
        parts = (
            (self.protocol, "Clients.RequireClientSecret, Clients.ProtocolType"),
            (self.secrets, "ClientSecrets"),
            (self.grants, "ClientGrantTypes"),
            (self.scopes, "ClientScopes"),
        )
        return [name for value, name in parts if value is None]


def read_details(fetch: Callable[[str], Sequence[Sequence[Any]]]) -> ClientDetails:
    """Read one client's details, each part for itself.

    Args:
        fetch: runs the statement of this name for the client.

    Raises:
        OpskitError: the database could not be asked at all.
    """

    def rows(name: str) -> Sequence[Sequence[Any]] | None:
        try:
            return fetch(name)
        except (PermissionMissing, TableMissing):
            return None

    settings = rows("read_client_settings")
    secrets = rows("read_client_secrets")
    grants = rows("read_client_grants")
    scopes = rows("read_client_scopes")
    # Where there is no such client, its columns may be read all the same.
    required, protocol = (None, None) if settings is None else next(iter(settings), (True, ""))
    return ClientDetails(
        secret_required=None if required is None else bool(required),
        protocol=protocol,
        secrets=None if secrets is None else [_secret(*row) for row in secrets],
        grants=None if grants is None else [str(grant) for (grant,) in grants],
        scopes=None if scopes is None else [str(scope) for (scope,) in scopes],
    )


def _secret(
    kind: str, matches: Any, hashed: Any, expiration: datetime | None, expired: Any
) -> StoredSecret:
    return StoredSecret(kind, bool(matches), bool(hashed), expiration, bool(expired))
