# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How to reach a SQL Server: its address as an ODBC connection string."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from opskit.db.mssql_driver import find_driver, is_freetds
from opskit.errors import ConfigError, UnreachableError
from opskit.secrets import Secret
from opskit.settings import Environment

# One NAME=value of a connection string; a value in braces may hold anything, its } twice.
_PART = re.compile(r"\s*([^=;{}]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|(?!\{)[^;]*?)\s*(?:;|$)")
_SAME = {
    "password": "pwd",
    "user": "uid",
    "user id": "uid",
    "username": "uid",
    "data source": "server",
    "address": "server",
    "addr": "server",
    "initial catalog": "database",
    "application name": "app",
    "integrated security": "trusted_connection",
    "trust server certificate": "trustservercertificate",
}
_YES = {"yes", "true", "1", "sspi"}
_NO_ENCRYPTION = {"no", "optional", "false", "0"}


def connection_string(environment: Environment, address: str) -> Secret:
    """Return what pyodbc connects with: encrypted, verified, with the password in it.

    Args:
        environment: whose password, whether it is ``insecure``, and the name for messages.
        address: ``mssql://user@host:port/database?Option=value`` or an ODBC connection string;
            what it says itself goes before the defaults.

    Raises:
        ConfigError: it is malformed, or FreeTDS cannot be told a value of it.
        DriverMissing: it names no driver, and none is installed.
        SecretError: the password cannot be fetched.
        UnreachableError: its driver cannot verify certificates, and nothing says that it need not.
    """
    given = address_parts(address, environment)
    if environment.database_password is not None:
        given["pwd"] = environment.resolve(environment.database_password).reveal()
    if "pwd" in given:
        Secret(given["pwd"])  # known from now on to whatever redacts
    if not given.keys() & {"uid", "pwd", "authentication", "trusted_connection", "dsn", "filedsn"}:
        given["trusted_connection"] = "yes"
    if not given.keys() & {"driver", "dsn", "filedsn"}:
        given = {"driver": find_driver(environment), **given}
    given.setdefault("app", "opskit")
    if is_freetds(given.get("driver", "")):
        said = _for_freetds(given, environment)
        parts = {name: _quoted_for_freetds(name, said[name], environment) for name in said}
    else:
        given.setdefault("encrypt", "yes")
        if environment.insecure:
            given.setdefault("trustservercertificate", "yes")
        parts = {name: quoted(value) for name, value in given.items()}
    return Secret(";".join(f"{name}={value}" for name, value in parts.items()))


def address_parts(address: str, environment: Environment) -> dict[str, str]:
    """Return the parts of an address by the lower-case names that ODBC has for them.

    Raises:
        ConfigError: it cannot be read; the text does not repeat it.
    """
    if address.startswith("mssql://"):
        return _from_url(address)
    position, given = 0, dict[str, str]()
    text = address.strip().rstrip(";")
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise ConfigError(
                f"environments.{environment.name}.database is no connection string of ODBC.",
                remedy="Write NAME=value;NAME=value, and a value with a ; or } in it in braces, "
                "where each } of its own stands twice.",
                environment=environment.name,
            )
        name, value = part.groups()
        if value.startswith("{"):
            value = value[1:-1].replace("}}", "}")
        given.setdefault(_name(name), value)  # ODBC too takes the first of two
        position = part.end()
    return given


def place(parts: Mapping[str, str]) -> str:
    """Return which server the parts of an address mean, with its port where one is named."""
    named = [parts[name] for name in ("server", "port") if name in parts]
    return ",".join(named) or parts.get("dsn", "")


def _from_url(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    host = unquote(parts.hostname or "localhost")
    given = {"server": f"{host},{parts.port}" if parts.port else host}
    if database := unquote(parts.path.removeprefix("/")):
        given["database"] = database
    if parts.username:
        given["uid"] = unquote(parts.username)
    if parts.password:
        given["pwd"] = unquote(parts.password)
    options = parse_qsl(parts.query, keep_blank_values=True)
    return given | {_name(name): value for name, value in options}


def _name(name: str) -> str:
    lower = name.strip().casefold()
    return _SAME.get(lower, lower)


def _for_freetds(given: Mapping[str, str], environment: Environment) -> dict[str, str]:
    """Say the same to FreeTDS, which has other names for port, protocol and encryption.

    Raises:
        ConfigError: it asks for a login that only Microsoft's driver knows.
        UnreachableError: nothing says that the certificate need not be verified.
    """
    said = dict(given)
    if "authentication" in said:
        raise ConfigError(
            f"environments.{environment.name}.database asks for Authentication="
            f"{said['authentication']}, which FreeTDS does not know.",
            remedy='Use Microsoft\'s driver: pip install "creatio-opskit[mssql]"',
            environment=environment.name,
        )
    plain = said.pop("encrypt", "yes").casefold() in _NO_ENCRYPTION
    trusted = said.pop("trustservercertificate", "no").casefold() in _YES or environment.insecure
    if not (plain or trusted or "encryption" in said):
        raise UnreachableError(
            "FreeTDS encrypts, but verifies no certificate unless its own configuration says so.",
            remedy="Use Microsoft's driver, or accept any certificate: TrustServerCertificate=yes "
            f"in environments.{environment.name}.database, or insecure = true.",
            environment=environment.name,
            code="database-tls",
        )
    host, comma, port = said.get("server", "").removeprefix("tcp:").partition(",")
    if comma:
        said |= {"server": host, "port": port}
    # Without a version FreeTDS speaks one that knows neither Unicode nor datetime2.
    defaults = {"tds_version": "7.4", "clientcharset": "UTF-8"}
    return {"encryption": "off" if plain else "require", **defaults, **said}


def _quoted_for_freetds(name: str, value: str, environment: Environment) -> str:
    """Return a value as FreeTDS reads it, to which two } in braces are not one of the value's own.

    Raises:
        ConfigError: the value cannot be written so that every version of it reads the same.
    """
    if "}" not in value:
        return quoted(value)
    if ";" not in value and not value.startswith("{"):
        return value
    what = "the password" if name == "pwd" else f"the value of {name.upper()}"
    raise ConfigError(
        f"environments.{environment.name}: FreeTDS cannot be told {what}: it reads no }} in a "
        "value that holds a ; too, or begins with a {.",
        remedy='Use Microsoft\'s driver, which can: pip install "creatio-opskit[mssql]", and no '
        "DRIVER in the address; or choose a value without }.",
        environment=environment.name,
    )


def quoted(value: str) -> str:
    """Return a value in braces where ODBC would take its characters for syntax."""
    if re.fullmatch(r"[\w./\\,:@-]*", value):
        return value
    return "{" + value.replace("}", "}}") + "}"
