# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What pyodbc raises, in opskit's words: all of it, and each failure by its own name."""

from pathlib import Path

import pyodbc
import pytest

from opskit.db.mssql_errors import connection_failure, translated
from opskit.errors import (
    EXIT_CONFLICT,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    ConfigError,
    DriverMissing,
    LockHeld,
    LoginRefused,
    OpskitError,
    PermissionMissing,
    TableMissing,
    UnreachableError,
    UsageError,
)
from opskit.secrets import Secret
from opskit.settings import Environment
from tests.conftest import environment
from tests.scripted_server import closed_port

MICROSOFT = "[Microsoft][ODBC Driver 18 for SQL Server][SQL Server]"
FREETDS = "[FreeTDS][SQL Server]"


@pytest.fixture
def unit(tmp_path: Path) -> Environment:
    return environment(tmp_path)


def _every_pyodbc_error() -> list[type[Exception]]:
    kinds: list[type[Exception]] = [pyodbc.Error]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return kinds


def _error(state: str, number: int, words: str, by: str = MICROSOFT) -> Exception:
    return pyodbc.Error(state, f"[{state}] {by}{words} ({number}) (SQLExecDirectW)")  # type: ignore[no-any-return]


def _translation(error: BaseException, unit: Environment) -> OpskitError:
    with pytest.raises(OpskitError) as caught, translated(unit):
        raise error
    return caught.value


def _no_connection(error: Exception, unit: Environment) -> OpskitError:
    return connection_failure(error, unit, server="db\\unit", user="opskit", driver="X")


def test_pyodbc_has_the_errors_that_this_guards_against() -> None:
    assert {pyodbc.OperationalError, pyodbc.InterfaceError, pyodbc.ProgrammingError} <= set(
        _every_pyodbc_error()
    )
    assert len(_every_pyodbc_error()) >= 9


@pytest.mark.parametrize(
    "arguments",
    [(), ("the words",), ("HY000", "[HY000] the words (0) (SQLExecDirectW)"), ("the words", "HY1")],
)
def test_no_error_of_pyodbcs_escapes(arguments: tuple[str, ...], unit: Environment) -> None:
    for kind in _every_pyodbc_error():
        for error in (
            _translation(kind(*arguments), unit),
            _no_connection(kind(*arguments), unit),
        ):
            assert "the words" in error.message or not arguments, kind
            assert error.remedy, kind
            assert error.environment == "unit", kind
            assert error.exit_code in {EXIT_USAGE, EXIT_UNREACHABLE, EXIT_CONFLICT}, kind
    assert _translation(pyodbc.Error(), unit).__suppress_context__


BABELFISH = 33557097


@pytest.mark.parametrize(
    ("state", "number", "words", "kind", "code"),
    [
        ("42S02", 208, "Invalid object name 'dbo.Clients'.", TableMissing, "table-missing"),
        ("42S02", 3701, "Cannot drop the table 'x'.", PermissionMissing, "permission-missing"),
        ("42000", BABELFISH, "must be owner of table x", PermissionMissing, "permission-missing"),
        ("42S22", 207, "Invalid column name 'x'.", TableMissing, "table-missing"),
        ("42S02", BABELFISH, 'relation "x" does not exist', TableMissing, "table-missing"),
        ("42000", 229, "The SELECT permission was denied", PermissionMissing, "permission-missing"),
        ("42000", 230, "denied on the column", PermissionMissing, "permission-missing"),
        ("42000", BABELFISH, "permission denied for", PermissionMissing, "permission-missing"),
        (
            "42000",
            BABELFISH,
            "Current login x does not have permission to alter role y",
            PermissionMissing,
            "permission-missing",
        ),
        (
            "42000",
            4613,
            "Grantor does not have GRANT permission.",
            PermissionMissing,
            "permission-missing",
        ),
        (
            "42000",
            15007,
            "'x' is not a valid login or you do not have permission.",
            UsageError,
            "login-unknown",
        ),
        ("42000", BABELFISH, 'role "x" does not exist', UsageError, "login-unknown"),
        ("42000", 3906, "Failed to update database", PermissionMissing, "permission-missing"),
        ("42000", 1222, "Lock request time out period", LockHeld, "lock-held"),
        ("42000", BABELFISH, "canceling statement due to lock timeout", LockHeld, "lock-held"),
        ("40001", 1205, "was deadlocked on lock resources", LockHeld, "deadlock"),
        ("HY000", 1205, "was deadlocked", LockHeld, "deadlock"),
        ("42000", 3960, "Snapshot isolation transaction", LockHeld, "deadlock"),
        ("08S01", 0, "Communication link failure", UnreachableError, "database-gone"),
        ("08S01", 10054, "TCP Provider: reset", UnreachableError, "database-gone"),
        ("HY000", 596, "session is in the kill state", UnreachableError, "database-gone"),
        ("01000", 20006, "Write to the server failed", UnreachableError, "database-gone"),
        ("HY000", 0, "Unknown error", UnreachableError, "database-gone"),
        ("HYT00", 0, "Query timeout expired", UnreachableError, "database-gone"),
        ("23000", 2627, "Violation of PRIMARY KEY", UnreachableError, "database-error"),
        ("23000", 2601, "Cannot insert duplicate key", UnreachableError, "database-error"),
        ("22003", 0, "Numeric value out of range", UnreachableError, "database-error"),
        ("42000", 102, "the lock timeout does not exist", UnreachableError, "database-error"),
    ],
)
@pytest.mark.parametrize("by", [MICROSOFT, FREETDS])
def test_each_state_and_number_has_its_name(
    by: str,
    state: str,
    number: int,
    words: str,
    kind: type[OpskitError],
    code: str,
    unit: Environment,
) -> None:
    error = _translation(_error(state, number, words, by), unit)
    assert (type(error), error.code) == (kind, code)
    assert "[" not in error.message


def test_a_query_that_took_too_long_names_the_setting(unit: Environment) -> None:
    error = _translation(_error("HYT00", 0, "Query timeout expired"), unit)
    assert "timeout under [environments.unit]" in error.remedy
    assert "opskit lifetime list -e unit" in error.remedy


def test_an_unexpected_number_is_told_for_the_report(unit: Environment) -> None:
    error = _translation(_error("22012", 8134, "Divide by zero error."), unit)
    assert "Divide by zero error (SQLSTATE 22012, number 8134)" in error.message
    assert "report" in error.remedy


@pytest.mark.parametrize(
    ("state", "number", "words", "kind", "code"),
    [
        ("28000", 18456, "Login failed for user 'x'.", LoginRefused, "login-refused"),
        ("42000", 18456, "Login failed for user 'x'.", LoginRefused, "login-refused"),
        ("42000", 4060, "Cannot open database", LoginRefused, "database-unknown"),
        ("42000", 911, "Database 'x' does not exist.", LoginRefused, "database-unknown"),
        ("08001", 0, "SSL Provider: self-signed", UnreachableError, "database-tls"),
        ("08001", 10061, "TCP Provider: refused", UnreachableError, "database-unreachable"),
        ("HYT00", 0, "Login timeout expired", UnreachableError, "database-unreachable"),
        ("HY000", 17187, "is not ready to accept", UnreachableError, "database-unreachable"),
        ("01000", 0, "Can't open lib 'X' : file not found", DriverMissing, "driver-missing"),
        ("IM002", 0, "Data source name not found", DriverMissing, "driver-missing"),
        ("HY024", 0, "Invalid attribute value", ConfigError, "config"),
        (
            *("08001", 0, "Invalid value specified for attribute 'TrustServerCertificate'"),
            *(ConfigError, "config"),
        ),
        ("HY000", 458752, "SSPI Provider: No credentials", LoginRefused, "login-refused"),
    ],
)
def test_each_failure_to_connect_has_its_name(
    state: str, number: int, words: str, kind: type[OpskitError], code: str, unit: Environment
) -> None:
    error = _no_connection(_error(state, number, words), unit)
    assert (type(error), error.code) == (kind, code)
    assert words.rstrip(".") in error.message


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("127.0.0.1,{port}", "127.0.0.1 refuses connections at port {port}"),
        ("tcp:127.0.0.1,{port}", "127.0.0.1 refuses connections at port {port}"),
        ("no-such-host.invalid,1433", "the host name no-such-host.invalid is not known"),
        ("db\\instance", "Login timeout expired"),
    ],
)
def test_what_the_driver_does_not_tell_is_found_out(
    server: str, words: str, unit: Environment
) -> None:
    port = closed_port()
    timeout = _error("HYT00", 0, "Login timeout expired")
    server, words = server.format(port=port), words.format(port=port)
    error = connection_failure(timeout, unit, server=server, user="opskit", driver="X")
    assert error.code == "database-unreachable"
    assert words in error.message


def test_a_login_without_a_ticket_is_told_how_to_get_one(unit: Environment) -> None:
    error = _error("HY000", 458752, "SSPI Provider: No Kerberos credentials available")
    assert "kinit" in _no_connection(error, unit).remedy


def test_of_several_records_the_one_that_tells_the_cause_is_told(unit: Environment) -> None:
    text = (
        f"[28000] {MICROSOFT}Login failed for user 'x'. (18456) (SQLDriverConnect); "
        f'[28000] {MICROSOFT}Cannot open database "y" (asked for). (4060)'
    )
    error = _no_connection(pyodbc.InterfaceError("28000", text), unit)
    assert error.code == "database-unknown"
    assert 'Cannot open database "y" (asked for).' in error.message
    assert "Login failed" not in error.message


def test_a_resolved_secret_never_shows_in_the_words(unit: Environment) -> None:
    Secret("hunter2-of-mssql")
    error = _error("42000", 102, "near hunter2-of-mssql\nand more")
    for told in (_translation(error, unit), _no_connection(error, unit)):
        assert "hunter2" not in told.message + told.remedy
        assert "\n" not in told.message


@pytest.mark.parametrize("other", [ValueError("x"), KeyboardInterrupt(), OpskitError("x")])
def test_other_errors_pass(other: BaseException, unit: Environment) -> None:
    with pytest.raises(type(other)) as caught, translated(unit):
        raise other
    assert caught.value is other
