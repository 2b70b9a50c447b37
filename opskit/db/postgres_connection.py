# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Where PostgreSQL is and how the connection there is secured: addresses for psycopg."""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from opskit.errors import ConfigError
from opskit.secrets import Secret
from opskit.settings import Environment

# Where Debian and Red Hat keep their authorities.
_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


def connection_parameters(environment: Environment, url: str) -> dict[str, Any]:
    """Return what psycopg connects with; TLS is verified beyond the own machine.

    Raises:
        ConfigError: the address is malformed.
        SecretError: its password cannot be fetched.
    """
    try:
        parameters: dict[str, Any] = conninfo_to_dict(url)
    except psycopg.Error:
        # libpq's own words would repeat a part of the address, perhaps of a password.
        raise ConfigError(
            f"environments.{environment.name}.database is not an address that PostgreSQL knows.",
            remedy="Check its options after the ?, and write %40 for an @ in a name, %2F for a /.",
            environment=environment.name,
        ) from None
    if environment.database_password is not None:
        parameters["password"] = environment.resolve(environment.database_password).reveal()
    if parameters.get("password"):
        Secret(str(parameters["password"]))  # known from now on to whatever redacts
    parameters.setdefault("application_name", "opskit")
    parameters.setdefault("connect_timeout", max(2, min(int(environment.timeout), 15)))
    parameters.setdefault("tcp_user_timeout", int(environment.timeout) * 1000)
    # That one counts only while something is sent: a server that vanishes while it works, or
    # while we wait for a lock, is found out by asking whether it still lives.
    parameters.setdefault("keepalives_idle", max(1, int(environment.timeout)))
    parameters.setdefault("keepalives_interval", 5)
    parameters.setdefault("keepalives_count", 3)
    if _is_remote(parameters) and not environment.insecure:
        mode = parameters.setdefault("sslmode", "verify-full")
        if mode.startswith("verify"):
            parameters.setdefault("sslrootcert", _authorities(environment))
    return {"autocommit": True, "client_encoding": "utf8", **parameters}


def _is_remote(parameters: Mapping[str, Any]) -> bool:
    """Return whether any of the hosts may lie beyond this machine."""
    named = str(parameters.get("hostaddr") or parameters.get("host") or "")
    if not named:
        elsewhere = ("PGHOST", "PGHOSTADDR", "PGSERVICE")
        return "service" in parameters or any(os.environ.get(name) for name in elsewhere)
    return not all(_is_local(host) for host in named.split(","))


def _is_local(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authorities(environment: Environment) -> str:
    """Return a file of trusted authorities: psycopg's own OpenSSL does not know the system's."""
    if environment.ca_file is not None:
        return str(environment.path(environment.ca_file))
    import ssl

    import certifi

    known = (ssl.get_default_verify_paths().cafile, *_BUNDLES)
    return next((path for path in known if path and Path(path).is_file()), certifi.where())
