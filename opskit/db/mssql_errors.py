# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What pyodbc raises, in opskit's words: SQLSTATE first, then the native number, then the text."""

import re
import socket
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass

import pyodbc

from opskit.db.mssql_driver import driver_missing
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
from opskit.secrets import foreign
from opskit.settings import Environment

# One diagnostic record: [state] [vendor][driver][server]words (number)
_RECORD = re.compile(r"\[(\w{5})\] ?((?:\[[^\]]*\] ?)*)(.*?) ?\((-?\d+)\)(?= \(SQL|;|$)", re.DOTALL)

_NO_DRIVER = {"IM002", "IM003", "IM004", "IM005", "IM006", "IM012", "IM014"}
_TIMEOUT = {"HYT00", "HYT01"}
_LOGIN = {18401, 18450, 18452, 18456, 18458, 18459, 18460, 18461, 18470, 18486, 18487, 18488}
_DATABASE = {911, 916, 4060, 4063, 4064}
_BUSY = {17142, 17187, 17197, 17809, 40197, 40501, 40613, 49918, 49919, 49920}
_MISSING = {207, 208, 2812, 4902}
_DENIED = {229, 230, 262, 297, 300, 2760, 3701, 4613, 15151, 15247}
_NO_LOGIN = {15007}
_READ_ONLY = {3906, 3908, 978, 979}
_DUPLICATE = {2601, 2627}
_DEADLOCK = {1205, 3960}
_LOCKED = {1222}
_SESSION_ENDED = {596, 6005, 10053, 10054, 10060, 20004, 20006, 20047}

_GONE_WORDS = (
    "closed connection|connection is closed|communication link failure|terminating connection|"
    "connection is dead|dbprocess is dead|unexpected eof|not connected|tcp provider|"
    # All that FreeTDS says when the server hangs up, the second to a commit.
    "unknown error|driver did not supply an error"
)
_DENIED_WORDS = "permission (was )?denied|must be owner|does not have permission"
_PROBE_SECONDS = 3.0

# Where the number says nothing: Babelfish gives one number to all that PostgreSQL refuses, and
# FreeTDS none to some.
_UNNUMBERED = {0, 20004, 33557097}


@dataclass(frozen=True, slots=True)
class _Said:
    """What the first record of an error says, and the numbers of all."""

    state: str
    number: int
    records: Mapping[int, str]
    words: str
    everything: str

    @property
    def numbers(self) -> Set[int]:
        """The numbers of all records."""
        return self.records.keys()

    def words_of(self, numbers: Set[int]) -> str:
        """Return the words of the record with one of these numbers, else those of the first."""
        return next((self.records[one] for one in self.records if one in numbers), self.words)

    def has(self, pattern: str) -> bool:
        """Return whether the words, where no number tells more, are of this kind."""
        return self.number in _UNNUMBERED and bool(re.search(pattern, self.everything))


@contextmanager
def translated(environment: Environment) -> Iterator[None]:
    """Raise pyodbc's errors as opskit's.

    Raises:
        OpskitError: the subclass that fits.
    """
    try:
        yield
    except pyodbc.Error as error:
        raise statement_failure(error, environment) from None


def statement_failure(error: pyodbc.Error, environment: Environment) -> OpskitError:
    """Return opskit's error for a statement that failed."""
    said, name = _said(error), environment.name
    if said.state in _TIMEOUT:
        return UnreachableError(
            f"SQL Server gave no answer in time, and the connection was given up: {said.words}.",
            remedy=f"Raise timeout under [environments.{name}], or see on the server what holds "
            f"it up; then see what is there: opskit lifetime list -e {name}",
            environment=name,
            code="database-gone",
        )
    if said.state.startswith("08") or said.numbers & _SESSION_ENDED or said.has(_GONE_WORDS):
        return UnreachableError(
            f"The database went away: {said.words}.",
            remedy=f"See what is there now: opskit lifetime list -e {name}",
            environment=name,
            code="database-gone",
        )
    return _refusal(said, environment)


def _refusal(said: _Said, environment: Environment) -> OpskitError:
    """Return the error for a statement that the server refused over a living connection."""
    name = environment.name
    if said.numbers & _DEADLOCK or said.state == "40001" or said.has("deadlock"):
        return LockHeld(
            "The database chose this session as the victim of a deadlock; nothing was written.",
            remedy="Try again.",
            environment=name,
            code="deadlock",
        )
    if said.numbers & _LOCKED or said.has("lock timeout"):
        return lock_held(name)
    if said.numbers & _DENIED or said.has(_DENIED_WORDS):
        return right_missing(said.words, environment)
    if said.numbers & _READ_ONLY or said.has("read-only transaction"):
        return PermissionMissing(
            "The database is read-only: a secondary replica, or set so.",
            remedy="Point database at the primary server.",
            environment=name,
        )
    if said.numbers & _NO_LOGIN or said.has('role ".*" does not exist'):
        return login_unknown(said.words, environment)
    if said.numbers & _MISSING or said.state in {"42S02", "42S22"} or said.has("does not exist"):
        return TableMissing(
            f"The database has no such table or column: {said.words}.",
            remedy=f"Check database and schema under [environments.{name}].",
            environment=name,
        )
    if said.numbers & _DUPLICATE or said.has("duplicate key"):
        return UnreachableError(
            f"There is such a row already: {said.words}.",
            remedy="Nothing was written; look what is there, then repeat the command.",
            environment=name,
            code="database-error",
        )
    return UnreachableError(
        f"SQL Server refused a statement: {said.words} "
        f"(SQLSTATE {said.state or 'none'}, number {said.number}).",
        remedy="This is unexpected: please report it with this line.",
        environment=name,
        code="database-error",
    )


def lock_held(name: str) -> LockHeld:
    """Return the error for a lock that was not had in time."""
    return LockHeld(
        "Another change is under way in this database, or somebody holds a client's row or the "
        "whole table.",
        remedy="Try again; nothing was written. A session that stays open in a SQL tool shows in "
        "sys.dm_tran_locks.",
        environment=name,
    )


def connection_failure(
    error: pyodbc.Error, environment: Environment, *, server: str, user: str, driver: str
) -> OpskitError:
    """Explain why no connection came about; ``server``, ``user`` and ``driver`` were asked for."""
    said, name = _said(error), environment.name
    place = f"SQL Server at {server}"
    if said.state in _NO_DRIVER or re.search("can't open lib|data source name", said.everything):
        known = ", ".join(pyodbc.drivers()) or "none"
        message = f"The ODBC driver {driver!r} cannot be loaded: {said.words}."
        return driver_missing(f"{message} Installed are: {known}.", environment)
    # Before the login, which SQL Server calls failed as well when only the database is not there.
    if said.numbers & _DATABASE or said.has("database .* does not exist|cannot open database"):
        return LoginRefused(
            f"{place} has no such database, or the login may not use it: "
            f"{said.words_of(_DATABASE)}.",
            remedy=f"Correct the database's name in environments.{name}.database, or have a user "
            "made in it for the login.",
            environment=name,
            code="database-unknown",
        )
    if re.search("sspi|kerberos", said.everything):
        return LoginRefused(
            f"{place} was not signed in to as the user of this system: {said.words}.",
            remedy="Get a ticket with kinit, or name a user in "
            f"environments.{name}.database and its password with database_password.",
            environment=name,
        )
    if said.numbers & _LOGIN or said.state == "28000" or said.has("login failed"):
        return LoginRefused(
            f'{place} refused the login of user "{user}": {said.words}.',
            remedy=f"Check the user in environments.{name}.database and what its "
            "database_password refers to; the server's error log says more.",
            environment=name,
        )
    misread = said.state in {"HY024", "HY090", "01S00"} or "invalid value" in said.everything
    if misread or isinstance(error, pyodbc.InterfaceError):
        return ConfigError(
            f"environments.{name}.database: the driver does not understand it: {said.words}.",
            remedy="Check the names and values of its options.",
            environment=name,
        )
    if re.search("certificate|ssl provider|tls", said.everything):
        return UnreachableError(
            f"No verified TLS connection to {place}: {said.words}.",
            remedy="Give the server a certificate that this machine trusts, or accept any: "
            f"TrustServerCertificate=yes in environments.{name}.database, or insecure = true.",
            environment=name,
            code="database-tls",
        )
    if said.numbers & _BUSY:
        return UnreachableError(
            f"{place} takes no logins now: {said.words}.",
            remedy="Try again in a moment.",
            environment=name,
            code="database-unreachable",
        )
    why = _why_unreachable(server) if said.state in _TIMEOUT else ""
    return UnreachableError(
        f"{place} cannot be reached: {why or said.words}.",
        remedy=f"Is it running, with TCP enabled, is the address in environments.{name}.database "
        "right, and does a firewall let you through?",
        environment=name,
        code="database-unreachable",
    )


def _why_unreachable(server: str) -> str:
    """Find out what the driver does not tell when its time is over; empty where nobody knows."""
    place = re.fullmatch(r"(?:tcp:)?([^,\\]+?)(?:,\s*(\d{1,5}))?", server.strip())
    if place is None:  # an instance's name, whose port another service knows
        return ""
    host, port = place[1], int(place[2] or 1433)
    try:
        socket.create_connection((host, port), timeout=_PROBE_SECONDS).close()
    except socket.gaierror:
        return f"the host name {host} is not known"
    except ConnectionRefusedError:
        return f"{host} refuses connections at port {port}"
    except TimeoutError:
        return f"{host} gives no answer at port {port}"
    except (OSError, OverflowError):
        return ""
    return ""


def _said(error: pyodbc.Error) -> _Said:
    arguments = [str(argument) for argument in error.args]
    text = max(arguments, key=len, default="") or type(error).__name__
    records = _RECORD.findall(text)
    words = records[0][2] if records else re.sub(r"^(\[[^\]]*\] ?)+", "", text)
    state = next((a for a in arguments if re.fullmatch(r"[0-9A-Z]{5}", a)), "")
    return _Said(
        state=state or (records[0][0] if records else ""),
        number=int(records[0][3]) if records else 0,
        records={int(number): _tidy(said) for _, _, said, number in reversed(records)},
        words=_tidy(words) or type(error).__name__,
        everything=text.casefold(),
    )


def _tidy(words: str) -> str:
    return foreign(words.strip()).rstrip(".")
