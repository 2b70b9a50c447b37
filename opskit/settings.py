# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of opskit.toml, their meaning and their defaults."""

import functools
import ipaddress
import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from opskit.address import check_database_url, engine_of, split
from opskit.errors import ClientNotFound, ConfigError, UsageError
from opskit.policy import Duration, Policy
from opskit.secrets import Secret, SecretRef
from opskit.smoke_settings import Smoke

Runtime = Literal["auto", "framework", "net"]


class KnownClient(msgspec.Struct, frozen=True):
    """A client whose secret is known, so that a token can be obtained for it.

    Attributes:
        id: its ClientId in this environment.
        secret: where its secret comes from.
        name: another way to name it after --client; what tables show comes from the database.
        scope: asked for with the token; without it the server grants all that the client has.
    """

    id: str
    secret: SecretRef
    name: str | None = None
    scope: str | None = None


class Settings(msgspec.Struct, frozen=True):
    """The keys of ``[environments.NAME]``.

    Attributes:
        database: ``postgresql://user@host:port/database``, ``mssql://user@host:port/database`` or
            an ODBC connection string for SQL Server; each without the password.
        database_password: where the password comes from.
        schema: the schema of the Clients table; None is the engine's own: public or dbo.
        identity: base URL of the Identity Service.
        creatio: base URL of Creatio, without ``/0``.
        runtime: ``framework`` (API under /0), ``net`` (without) or ``auto`` (found out).
        clients: clients whose secret is known; verify and smoke use the first.
        policy: the lifetimes that are accepted.
        protected: ask before any write.
        wave: when a plan reaches it; environments of a lower number go first.
        timeout: seconds for one request, answer included, and for connecting to the database.
        insecure: do not verify TLS certificates; prints a warning each time.
        ca_file: PEM file of further certificate authorities, relative to opskit.toml.
        smoke: how the data paths are exercised.
    """

    database: str | SecretRef | None = None
    database_password: SecretRef | None = None
    schema: str | None = None
    identity: str | None = None
    creatio: str | None = None
    runtime: Runtime = "auto"
    clients: tuple[KnownClient, ...] = ()
    policy: Policy = Policy()
    protected: bool = False
    wave: int = 1
    timeout: Duration = Duration(30)
    insecure: bool = False
    ca_file: str | None = None
    smoke: Smoke = Smoke()

    def __post_init__(self) -> None:
        if isinstance(self.database, str):
            check_database_url(self.database)
        for key in ("identity", "creatio"):
            if (url := getattr(self, key)) is not None:
                _check_web_url(key, url)
        if self.wave < 1:
            raise ValueError("wave must be at least 1")
        if self.timeout <= 0:
            raise ValueError("timeout must be more than 0 seconds")
        ids = [client.id for client in self.clients]
        if twice := [i for i in ids if ids.count(i) > 1]:
            raise ValueError(f"clients names the id {twice[0]!r} more than once")


class Environment(Settings, frozen=True, kw_only=True):
    """One environment of opskit.toml.

    Attributes:
        name: its key in the file.
        folder: the folder of the file, which relative paths start from.
        fetched: the secrets that were needed so far; a vault is asked once for each.
    """

    name: str
    folder: Path
    fetched: dict[SecretRef, Secret] = msgspec.field(default_factory=dict)

    def client(self, named: str | None = None) -> KnownClient | None:
        """Return the client of this id or name whose secret is known; the first without one."""
        return next((c for c in self.clients if named in {None, c.id, c.name}), None)

    def token_client(self, named: str | None = None) -> KnownClient | None:
        """Return the client to obtain test tokens for; None when the environment has none.

        Raises:
            ClientNotFound: ``named`` was asked for, and no secret is known for it.
        """
        client = self.client(named)
        if client is None and named is not None:
            raise ClientNotFound(
                f"No secret is known for client {named!r} in {self.name}.",
                remedy=f"Add it under [[environments.{self.name}.clients]] in opskit.toml.",
                environment=self.name,
            )
        return client

    def require_client(self, named: str | None = None) -> KnownClient:
        """Return the client to obtain test tokens for.

        Raises:
            ConfigError: the environment has none.
            ClientNotFound: ``named`` was asked for, and no secret is known for it.
        """
        client = self.token_client(named)
        if client is None:
            raise ConfigError(
                f"{self.name} has no client whose secret is known, and this command needs one.",
                remedy=f"Add [[environments.{self.name}.clients]] with id and secret.",
                environment=self.name,
            )
        return client

    def resolve(self, reference: SecretRef) -> Secret:
        """Fetch a secret of this environment, the first time that it is needed.

        Raises:
            SecretError: see :meth:`SecretRef.resolve`; the error names this environment.
        """
        if reference not in self.fetched:
            try:
                self.fetched[reference] = reference.resolve(self.folder)
            except UsageError as error:
                error.environment = self.name
                raise
        return self.fetched[reference]

    async def fetch(self, reference: SecretRef) -> Secret:
        """Return what :meth:`resolve` does, in a thread where that may take its time."""
        if reference in self.fetched or reference.env is not None:
            return self.resolve(reference)
        import asyncio

        return await asyncio.to_thread(self.resolve, reference)

    def plain_channels(self) -> list[str]:
        """Return the addresses beyond this machine that are reached without verified TLS."""
        plain = [
            key
            for key in ("identity", "creatio")
            if (url := getattr(self, key)) and url.startswith("http:") and not is_loopback(url)
        ]
        if isinstance(self.database, str):
            plain += [f"database ({option})" for option in _tls_left_out(self.database)]
        return plain

    def path(self, name: str) -> Path:
        """Return the path of a file that opskit.toml names, from its folder or from ~."""
        return self.folder / Path(name).expanduser()

    def require(self, key: Literal["database", "identity", "creatio"]) -> str:
        """Return the address under ``key``.

        Raises:
            ConfigError: the environment has none, or it is no valid address.
        """
        value = getattr(self, key)
        if isinstance(value, SecretRef):
            value = self.resolve(value).reveal()
            try:
                check_database_url(value, password_allowed=True)
            except ValueError as error:
                raise ConfigError(
                    f"The value behind environments.{self.name}.{key}: {error}.",
                    environment=self.name,
                ) from None
        if value is None:
            raise ConfigError(
                f"environments.{self.name}.{key} is not set, and this command needs it.",
                remedy=f"Add {key} = … to [environments.{self.name}] in opskit.toml.",
                environment=self.name,
            )
        return str(value)


@functools.cache
def is_loopback(url: str) -> bool:
    """Return whether ``url`` names this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _check_web_url(key: str, url: str) -> None:
    parts = split(key, url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{key} must look like https://host or http://host:port")
    if key == "creatio" and parts.path.rstrip("/").endswith("/0"):
        raise ValueError('creatio must not end with /0; runtime = "framework" adds it')
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(f"{key} must hold no user, query or fragment")


def _tls_left_out(address: str) -> list[str]:
    """Return the options of a database's address that do without verified TLS."""
    if engine_of(address) == "postgresql":
        pattern = r"[?&](sslmode=(?:disable|allow|prefer|require))\b"
    else:
        pattern = (
            r"(?i)[?&;]\s*(Encrypt=(?:no|optional|false)|TrustServerCertificate=(?:yes|true))\b"
        )
    return re.findall(pattern, address)
