# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What psycopg raises, in opskit's words: by SQLSTATE first, by text only where there is none."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from opskit.db.store import login_unknown, right_missing
from opskit.errors import (
    ConfigError,
    LockHeld,
    LoginRefused,
    OpskitError,
    PermissionMissing,
    TableMissing,
    UnreachableError,
)
from opskit.secrets import redact
from opskit.settings import Environment


@contextmanager
def translated(environment: Environment) -> Iterator[None]:
    """Raise psycopg's errors as opskit's.

    Raises:
        OpskitError: the subclass that fits the SQLSTATE.
    """
    try:
        yield
    except psycopg.Error as error:
        raise _statement_failure(error, environment) from None


def _statement_failure(error: psycopg.Error, environment: Environment) -> OpskitError:
    state, words, name = error.sqlstate or "", _first_line(error), environment.name
    match state[:2], state:
        case _, "42P01" | "42703" | "3F000":
            return TableMissing(
                f"The database has no such table or column: {words}.",
                remedy=f"Check database and schema under [environments.{name}].",
                environment=name,
            )
        case _, "42501":
            return right_missing(words, environment)
        case _, "55P03":
            return LockHeld(
                "Another change is under way in this database, or somebody holds a client's row "
                "or the whole table.",
                remedy="Try again; nothing was written. A session that stays open in a SQL tool "
                "shows in pg_stat_activity.",
                environment=name,
            )
        case _, "40P01" | "40001":
            return LockHeld(
                "The database chose this change as the victim of a deadlock; nothing was written.",
                remedy="Try again.",
                environment=name,
                code="deadlock",
            )
        case _, "42704":
            return login_unknown(words, environment)
        case "25", "25006":
            return PermissionMissing(
                "The database is read-only: a standby, or set so.",
                remedy="Point database at the primary server.",
                environment=name,
            )
        case _, "57014":
            return UnreachableError(
                f"The server cancelled a statement: {words}.",
                remedy="Its statement_timeout, or an administrator: try again, or raise it.",
                environment=name,
                code="database-error",
            )
        case (("08" | "57"), _) | (_, "25P03"):
            return _gone(words, environment)
        case _ if isinstance(error, psycopg.OperationalError) and not state:
            return _gone(words, environment)
    return UnreachableError(
        f"PostgreSQL refused a statement: {words} (SQLSTATE {state or 'none'}).",
        remedy="This is unexpected: please report it with this line.",
        environment=name,
        code="database-error",
    )


def _gone(words: str, environment: Environment) -> UnreachableError:
    return UnreachableError(
        f"The database went away: {words}.",
        remedy=f"See what is there now: opskit lifetime list -e {environment.name}",
        environment=environment.name,
        code="database-gone",
    )


def connection_failure(
    error: psycopg.Error, environment: Environment, parameters: Mapping[str, Any]
) -> OpskitError:
    """Explain why no connection came about.

    libpq gives no SQLSTATE before a login, so this one has to read its words.
    """
    words, said, name = _first_line(error), str(error), environment.name
    place = f"{parameters.get('host', 'localhost')}:{parameters.get('port') or 5432}"
    user, database = parameters.get("user", ""), parameters.get("dbname", "")
    if isinstance(error, psycopg.ProgrammingError) or re.search(r"invalid .*value", said):
        return ConfigError(f"environments.{name}.database: {words}.", environment=name)
    if "no password supplied" in said:
        return LoginRefused(
            f'PostgreSQL at {place} wants a password for user "{user}", and there is none.',
            remedy=f'Add database_password = {{ env = "…" }} under [environments.{name}].',
            environment=name,
        )
    if "FATAL" not in said and ("certificate" in said or "SSL" in said):
        return UnreachableError(
            f"No verified TLS connection to PostgreSQL at {place}: {words}.",
            remedy='Name the authority with ca_file = "…", or say in the address what you accept, '
            "such as ?sslmode=require (encrypted, unverified) or ?sslmode=disable.",
            environment=name,
            code="database-tls",
        )
    if "FATAL" not in said:
        return UnreachableError(
            f"PostgreSQL at {place} cannot be reached: {words}.",
            remedy=f"Is it running, is the address in environments.{name}.database right, "
            "and does a firewall let you through?",
            environment=name,
            code="database-unreachable",
        )
    if "starting up" in words or "shutting down" in words or "too many" in words:
        return UnreachableError(
            f"PostgreSQL at {place} takes no logins now: {words}.",
            remedy="Try again in a moment.",
            environment=name,
            code="database-unreachable",
        )
    if f'database "{database}"' in words and "not exist" in words:
        return LoginRefused(
            f'PostgreSQL at {place} has no database "{database}".',
            remedy=f"Correct the name at the end of environments.{name}.database.",
            environment=name,
            code="database-unknown",
        )
    return LoginRefused(
        f'PostgreSQL at {place} refused the login of user "{user}": {words}.',
        remedy=f"Check the user in environments.{name}.database and what its database_password "
        "refers to; pg_hba.conf on the server says who may come from where.",
        environment=name,
    )


def _first_line(error: psycopg.Error) -> str:
    text = str(error.diag.message_primary or error).strip() or type(error).__name__
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = next((line for line in lines if "FATAL" in line), lines[0])
    # libpq repeats the address, which our own sentence has already named.
    line = re.sub(r'^.*connection to server at "[^"]*"(, port \d+)? failed: ', "", line)
    return redact(line.removeprefix("FATAL:").strip().rstrip("."))
