# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The database engines that tests run on, and the last lines that say which were there.

PostgreSQL is embedded. SQL Server is the one that ``OPSKIT_TEST_MSSQL`` names (an ODBC connection
string without DATABASE; any T-SQL server will do), else a container where Docker answers; so is
PostgreSQL 16. ``OPSKIT_REQUIRE_DB=postgresql,mssql`` makes those skips failures.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Never

import pytest

MSSQL_VARIABLE = "OPSKIT_TEST_MSSQL"
REQUIRED_VARIABLE = "OPSKIT_REQUIRE_DB"
ENGINES = ("postgresql", "postgresql-16", "mssql")


@dataclass
class Register:
    """What this process, and the workers that have ended, saw of the engines."""

    exercised: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


_register = Register()


def exercised(engine: str, version: str) -> None:
    """Note that tests run on an engine."""
    _register.exercised[engine] = version


def absent(engine: str, reason: str) -> Never:
    """Skip the test, or fail it where the engine is required."""
    _register.skipped[engine] = reason
    if engine in required():
        pytest.fail(f"{REQUIRED_VARIABLE} wants {engine}: {reason}", pytrace=False)
    pytest.skip(f"{engine}: {reason}")


def candidates() -> list[str]:
    """Return the engines to make tests for: all but the containers that nobody could start.

    Each worker must come to the same answer.
    """
    from tests.containers import NoContainer, look_for_docker

    names = list(ENGINES)
    if "postgresql-16" not in required():
        try:
            look_for_docker()
        except NoContainer as error:
            _register.skipped["postgresql-16"] = str(error)
            names.remove("postgresql-16")
    return names


def required() -> set[str]:
    """Return the engines that must be there."""
    return {name.strip() for name in os.environ.get(REQUIRED_VARIABLE, "").split(",")} - {""}


def mssql_from_environment() -> str | None:
    """Return the connection string of the server that ``OPSKIT_TEST_MSSQL`` names."""
    return os.environ.get(MSSQL_VARIABLE, "").rstrip("; ") or None


# Hooks, which conftest.py imports


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what would otherwise skip or fail test by test."""
    if unknown := required() - set(ENGINES):
        raise pytest.UsageError(f"{REQUIRED_VARIABLE}: no such engine: {', '.join(unknown)}")
    server = mssql_from_environment()
    if server is None or hasattr(config, "workerinput"):
        return
    from opskit.errors import OpskitError
    from tests.db.mssql_server import version

    try:
        version(server)
    except OpskitError as error:
        raise pytest.UsageError(f"{MSSQL_VARIABLE}: {error.message} {error.remedy}") from None


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's part over to the controller; remove the containers of all."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["engines"] = (_register.exercised, _register.skipped)
        return
    from tests.containers import remove_all

    remove_all(shared_folder(session.config))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker saw."""
    seen, skipped = getattr(node, "workeroutput", {}).get("engines", ({}, {}))
    _register.exercised.update(seen)
    _register.skipped.update(skipped)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which engines the tests ran on, since a skip reads as green."""
    if not (_register.exercised or _register.skipped):
        return
    terminalreporter.section("database engines")
    for engine in ENGINES:
        if engine in _register.exercised:
            terminalreporter.write_line(f"exercised      {engine}: {_register.exercised[engine]}")
        elif engine in _register.skipped:
            terminalreporter.write_line(f"NOT exercised  {engine}: {_register.skipped[engine]}")


def shared_folder(config: pytest.Config) -> Path:
    """Return the folder that all processes of one run have in common."""
    factory: pytest.TempPathFactory = config._tmp_path_factory  # type: ignore[attr-defined]
    base = factory.getbasetemp()
    return base.parent if hasattr(config, "workerinput") else base
