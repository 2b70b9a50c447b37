# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A run of the tests says which engines it exercised, and does not pass over a required one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines import MSSQL_VARIABLE, REQUIRED_VARIABLE

ROOT = Path(__file__).resolve().parents[1]
ONE_CASE = "tests/db/test_client_store.py::test_no_clients"


def _run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on a machine without Docker and without a SQL Server, unless one is named."""
    kept = {k: v for k, v in os.environ.items() if k not in {MSSQL_VARIABLE, REQUIRED_VARIABLE}}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=ROOT,
        env={**kept, "DOCKER_HOST": "tcp://127.0.0.1:9", **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_the_last_lines_name_the_engines(workers: str) -> None:
    done = _run(workers, ONE_CASE)
    assert done.returncode == 0, done.stdout
    assert "exercised      postgresql: PostgreSQL 1" in done.stdout
    assert f"NOT exercised  mssql: {MSSQL_VARIABLE} names no server" in done.stdout
    assert "NOT exercised  postgresql-16: no Docker engine answers" in done.stdout
    assert "1 passed, 1 skipped" in done.stdout


@pytest.mark.parametrize("engine", ["mssql", "postgresql-16"])
def test_a_required_engine_that_is_not_there_fails(engine: str) -> None:
    done = _run("-n0", ONE_CASE, **{REQUIRED_VARIABLE: f"postgresql, {engine}"})
    assert done.returncode == 1, done.stdout
    assert f"{REQUIRED_VARIABLE} wants {engine}" in done.stdout


def test_an_engine_that_nobody_knows_is_refused() -> None:
    done = _run("-n0", ONE_CASE, **{REQUIRED_VARIABLE: "oracle"})
    assert done.returncode == 4
    assert "no such engine: oracle" in done.stderr


def test_a_server_that_cannot_be_reached_ends_the_run() -> None:
    server = "SERVER=127.0.0.1,9;UID=sa;PWD=hunter2-of-engines"
    done = _run("-n2", ONE_CASE, **{MSSQL_VARIABLE: server})
    assert done.returncode == 4
    assert f"{MSSQL_VARIABLE}: SQL Server at 127.0.0.1,9 cannot be reached" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
