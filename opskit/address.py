# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which addresses of databases opskit takes, and that none of them shows a password."""

import re
from typing import Literal
from urllib.parse import SplitResult, unquote_plus, urlsplit

Engine = Literal["postgresql", "mssql"]

_SCHEMES: dict[str, Engine] = {
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mssql": "mssql",
}
# host:port/database with options, in which an @ is no sign of a password
_PLACE = re.compile(r"[^@/?#]*:\d+/[^@?]*\?")
_ODBC = re.compile(r"(?i)(?:^|;)\s*(?:driver|server|dsn|filedsn)\s*=")
_NAMED_SECRET = re.compile(r"(?i)(?:pwd|password|secret|token)\s*=")


def engine_of(address: str) -> Engine | None:
    """Return the engine that an address is for; None for one that opskit does not know."""
    scheme, separator, _ = address.partition("://")
    if separator and "=" not in scheme:
        return _SCHEMES.get(scheme)
    return "mssql" if _ODBC.search(address) else None


def check_database_url(url: str, *, password_allowed: bool = False) -> None:
    """Accept the database addresses that opskit has an adapter for.

    Raises:
        ValueError: it is none of them, or holds a password in plain sight. The text never repeats
            the address, because a password may have slipped into it.
    """
    engine = engine_of(url)
    if engine is None:
        raise ValueError(
            "database must look like postgresql://user@host:5432/name, "
            "mssql://user@host:1433/name or SERVER=host,1433;DATABASE=name;UID=user"
        )
    # Not urlsplit's password: it misses one that holds a /, ? or # of its own.
    authority = url.partition("://")[2]
    in_sight = re.match(r"[^@/?#]*:.*@", authority) and not re.match(_PLACE, authority)
    named = "password=" in url or (engine == "mssql" and _NAMED_SECRET.search(unquote_plus(url)))
    if (in_sight or named) and not password_allowed:
        raise ValueError(
            "database must not hold the password; give it as "
            'database_password = { env = "NAME" }, or the whole address as a reference'
        )
    if _ODBC.search(url) and engine == "mssql" and not url.startswith("mssql://"):
        return
    if re.match(r"[^@/?#]*:[^@]*[/?#][^@]*@", authority) and not re.match(_PLACE, authority):
        raise ValueError("database holds a /, ? or # before the @; write it as %2F, %3F or %23")
    if url.partition("?")[0].count("@") > 1:
        raise ValueError("database holds more than one @; write %40 for one in a name or password")
    # several hosts: libpq reads what urlsplit cannot
    if engine == "mssql" or "," not in url.partition("?")[0]:
        split("database", url)


def split(key: str, url: str) -> SplitResult:
    """Return the parts of a URL.

    Raises:
        ValueError: it is malformed; the text names ``key`` and does not repeat the URL.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # a property that may raise
    except ValueError:
        raise ValueError(f"{key} is not a valid address: check its host and port") from None
    return parts
