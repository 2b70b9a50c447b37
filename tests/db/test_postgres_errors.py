# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What psycopg raises, in opskit's words: all of it, and each failure by its own name."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from opskit.db.postgres_errors import connection_failure, translated
from opskit.db.store import open_store
from opskit.errors import (
    EXIT_CONFLICT,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
    ConfigError,
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
from tests.conftest import Database, environment

# Statements


def _every_psycopg_error() -> list[type[psycopg.Error]]:
    found: set[type[psycopg.Error]] = set()
    waiting: list[type[psycopg.Error]] = [psycopg.Error]
    while waiting:
        kind = waiting.pop()
        if kind not in found:
            found.add(kind)
            waiting += kind.__subclasses__()
    return sorted(found, key=lambda kind: kind.__name__)


@pytest.fixture
def unit(tmp_path: Path) -> Environment:
    return environment(tmp_path)


def _translation(error: BaseException, unit: Environment) -> OpskitError:
    with pytest.raises(OpskitError) as caught, translated(unit):
        raise error
    return caught.value


def test_psycopg_has_the_errors_that_this_guards_against() -> None:
    kinds = _every_psycopg_error()
    assert len(kinds) > 250
    assert {errors.lookup("42P01"), errors.lookup("55P03"), psycopg.InterfaceError} <= set(kinds)


def test_no_error_of_psycopgs_escapes(unit: Environment) -> None:
    for kind in _every_psycopg_error():
        error = _translation(kind("the words"), unit)
        assert "the words" in error.message or isinstance(error, LockHeld | PermissionMissing), kind
        assert error.remedy, kind
        assert error.environment == "unit", kind
        assert error.exit_code in {EXIT_USAGE, EXIT_UNREACHABLE, EXIT_CONFLICT}, kind
        assert error.__suppress_context__, kind  # a driver's traceback may show its parameters


def test_no_failure_to_connect_escapes(unit: Environment) -> None:
    for kind in _every_psycopg_error():
        error = connection_failure(kind("the words"), unit, {"password": "hunter2"})
        assert "the words" in error.message, kind
        assert "hunter2" not in error.message + error.remedy, kind


@pytest.mark.parametrize("state", ["42P01", "42703", "3F000"])
def test_tables_columns_and_schemas_that_are_not_there(state: str, unit: Environment) -> None:
    error = _translation(errors.lookup(state)("words"), unit)
    assert isinstance(error, TableMissing)
    assert "[environments.unit]" in error.remedy


@pytest.mark.parametrize(
    ("state", "kind", "code"),
    [
        ("42501", PermissionMissing, "permission-missing"),
        ("25006", PermissionMissing, "permission-missing"),
        ("42704", UsageError, "login-unknown"),
        ("55P03", LockHeld, "lock-held"),
        ("40P01", LockHeld, "deadlock"),
        ("40001", LockHeld, "deadlock"),
        ("08006", UnreachableError, "database-gone"),
        ("08003", UnreachableError, "database-gone"),
        ("57P01", UnreachableError, "database-gone"),
        ("57P02", UnreachableError, "database-gone"),
        ("57P03", UnreachableError, "database-gone"),
        ("57P05", UnreachableError, "database-gone"),
        ("25P03", UnreachableError, "database-gone"),
        ("22003", UnreachableError, "database-error"),
        ("42601", UnreachableError, "database-error"),
    ],
)
def test_each_state_has_its_name(
    state: str, kind: type[OpskitError], code: str, unit: Environment
) -> None:
    error = _translation(errors.lookup(state)("words"), unit)
    assert (type(error), error.code) == (kind, code)


def test_an_unexpected_state_is_told_for_the_report(unit: Environment) -> None:
    error = _translation(errors.lookup("22012")("division by zero"), unit)
    assert "division by zero (SQLSTATE 22012)" in error.message
    assert "report" in error.remedy


def test_a_lost_connection_has_no_state(unit: Environment) -> None:
    words = "consuming input failed: server closed the connection unexpectedly\n\tThis probably"
    error = _translation(psycopg.OperationalError(words), unit)
    assert error.code == "database-gone"
    assert "server closed the connection unexpectedly" in error.message
    assert "This probably" not in error.message


@pytest.mark.parametrize("words", ["", " ", "\n\n"])
def test_an_error_without_words_is_told_by_its_kind(words: str, unit: Environment) -> None:
    assert "OperationalError" in _translation(psycopg.OperationalError(words), unit).message


def test_a_resolved_secret_never_shows_in_the_words(unit: Environment) -> None:
    Secret("hunter2-of-the-errors")
    for make in (psycopg.OperationalError, errors.lookup("42601")):
        error = _translation(make("near hunter2-of-the-errors"), unit)
        assert "hunter2" not in error.message + error.remedy


@pytest.mark.parametrize("other", [ValueError("x"), KeyboardInterrupt(), OpskitError("x")])
def test_other_errors_pass(other: BaseException, unit: Environment) -> None:
    with pytest.raises(type(other)) as caught, translated(unit):
        raise other
    assert caught.value is other


# Connecting


def _failure(unit: Environment) -> OpskitError:
    with pytest.raises(OpskitError) as caught, open_store(unit):
        pass
    error = caught.value
    assert error.environment == "unit"
    assert error.remedy
    assert "\n" not in error.message
    return error


def _address(database: Database, user: str = "postgres", name: str = "") -> str:
    return f"postgresql://{user}@127.0.0.1:{database.server.port}/{name or database.name}"


def test_a_wrong_password(empty_database: Database) -> None:
    unit = empty_database.environment()
    (empty_database.folder / "password").write_text("hunter2-is-wrong")
    error = _failure(unit)
    assert isinstance(error, LoginRefused)
    assert (error.code, error.exit_code) == ("login-refused", EXIT_UNREACHABLE)
    assert f"127.0.0.1:{empty_database.server.port}" in error.message
    assert 'user "postgres"' in error.message
    assert "environments.unit.database" in error.remedy
    assert "database_password" in error.remedy
    assert "hunter2" not in error.message + error.remedy


def test_no_password(empty_database: Database) -> None:
    error = _failure(environment(empty_database.folder, database=_address(empty_database)))
    assert "password" in error.message
    assert "database_password" in error.remedy
    assert error.code == "login-refused"


def test_an_unknown_user(empty_database: Database) -> None:
    error = _failure(empty_database.environment(database=_address(empty_database, "nobody")))
    assert (error.code, error.exit_code) == ("login-refused", EXIT_UNREACHABLE)
    assert 'user "nobody"' in error.message
    assert empty_database.server.password not in error.message + error.remedy


def test_an_unknown_database(empty_database: Database) -> None:
    unit = empty_database.environment(database=_address(empty_database, name="nowhere"))
    error = _failure(unit)
    assert isinstance(error, LoginRefused)
    assert (error.code, error.exit_code) == ("database-unknown", EXIT_UNREACHABLE)
    assert 'no database "nowhere"' in error.message
    assert "environments.unit.database" in error.remedy


def test_no_logins_now(empty_database: Database) -> None:
    with psycopg.connect(empty_database.server.conninfo(), autocommit=True) as admin:
        name = sql.Identifier(empty_database.name)
        admin.execute("CREATE ROLE crowd LOGIN PASSWORD 'crowd'")
        admin.execute(sql.SQL("ALTER DATABASE {} CONNECTION LIMIT 0").format(name))
        (empty_database.folder / "crowd").write_text("crowd")
        try:
            error = _failure(
                environment(
                    empty_database.folder,
                    database=_address(empty_database, "crowd"),
                    database_password={"file": "crowd"},
                )
            )
        finally:
            admin.execute("DROP ROLE crowd")
    assert "takes no logins now: " in error.message
    assert "too many connections" in error.message
    assert (error.code, error.exit_code) == ("database-unreachable", EXIT_UNREACHABLE)
    assert "Try again" in error.remedy


@contextmanager
def _port(answer: bytes | None) -> Iterator[int]:
    """A port where nothing listens (None), or something that answers and hangs up."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if answer is not None:
            listener.listen()

            def serve() -> None:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1024)
                    connection.sendall(answer)

            threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (None, "refused"),
        (b"", "closed"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", ""),
    ],
)
def test_a_place_that_is_no_postgresql(answer: bytes | None, words: str, tmp_path: Path) -> None:
    with _port(answer) as port:
        # No TLS and no GSSAPI first: the listener takes one connection.
        query = "?sslmode=disable&gssencmode=disable"
        url = f"postgresql://opskit@127.0.0.1:{port}/identity{query}"
        error = _failure(environment(tmp_path, database=url))
    assert (error.code, error.exit_code) == ("database-unreachable", EXIT_UNREACHABLE)
    assert f"PostgreSQL at 127.0.0.1:{port} cannot be reached" in error.message
    assert words in error.message
    assert "firewall" in error.remedy


def test_a_place_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        url = f"postgresql://opskit@127.0.0.1:{port}/identity"
        error = _failure(environment(tmp_path, database=url, timeout=1))
    assert error.code == "database-unreachable"
    assert "timeout" in error.message


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    url = "postgresql://opskit@db.invalid/identity"
    error = _failure(environment(tmp_path, database=url))
    assert (error.code, error.exit_code) == ("database-unreachable", EXIT_UNREACHABLE)
    assert "db.invalid:5432 cannot be reached" in error.message
    assert "resolve" in error.message
    assert "environments.unit.database" in error.remedy


@pytest.mark.parametrize("end", ["SSL off", "SSL on", "no encryption"])
def test_a_login_that_pg_hba_does_not_know_is_no_tls_failure(end: str, unit: Environment) -> None:
    """Servers before PostgreSQL 14 say "SSL off" where later ones say "no encryption"."""
    words = (
        'connection failed: FATAL:  no pg_hba.conf entry for host "10.0.0.5", user "opskit", '
        f'database "identity", {end}'
    )
    error = connection_failure(psycopg.OperationalError(words), unit, {"user": "opskit"})
    assert isinstance(error, LoginRefused)
    assert "pg_hba.conf" in error.remedy


@pytest.mark.parametrize(
    "url",
    ["postgresql://u@127.0.0.1:1/d?connect_timeout=soon", "postgresql://u@127.0.0.1:1/d?sslmode=x"],
)
def test_a_wrong_parameter_is_the_configurations_mistake(url: str, tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match=r"environments\.unit\.database") as caught,
        open_store(environment(tmp_path, database=url)),
    ):
        pass
    assert caught.value.exit_code == EXIT_USAGE


def test_no_database_at_all_names_the_key(tmp_path: Path) -> None:
    error = _failure(environment(tmp_path))
    assert isinstance(error, ConfigError)
    assert "environments.unit.database is not set" in error.message
