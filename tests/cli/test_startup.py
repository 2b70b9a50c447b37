# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What a command imports: as little as it needs, so that it starts at once."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import surroundings
from tests.conftest import Sandbox
from tests.scripted_server import ScriptedServer, script_identity

HEAVY = {
    "httpx",
    "jinja2",
    "psycopg",
    "rich",
    "alembic",
    "joserfc",
    "msgspec",
    "uvicorn",
    "starlette",
}

PROGRAM = """
import contextlib, io, json, sys
from opskit.cli import main
said = io.TextIOWrapper(io.BytesIO())
with contextlib.redirect_stdout(said):
    try:
        main(sys.argv[1:])
    except SystemExit as end:
        code = end.code
print(json.dumps({"code": code, "modules": list(sys.modules)}))
"""


def modules_of(program: str, *arguments: str, config: Path | None = None) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        capture_output=True,
        encoding="utf-8",
        env=surroundings(config),
        timeout=60,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["code"] == 0
    return set(told["modules"])


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["lifetime", "--help"], ["sandbox", "up", "--help"]]
)
def test_help_imports_nothing_heavy(arguments: Sequence[str]) -> None:
    loaded = modules_of(PROGRAM, *arguments)
    assert "click" in loaded
    if len(arguments) == 1:
        assert not HEAVY & loaded
    assert not {"httpx", "psycopg", "rich", "uvicorn", "starlette", "joserfc"} & loaded


def test_list_needs_no_web(untouched: Sandbox) -> None:
    loaded = modules_of(PROGRAM, "lifetime", "list", config=untouched.config)
    assert {"psycopg", "rich"} <= loaded
    assert not {"httpx", "joserfc", "alembic", "uvicorn", "starlette"} & loaded


def test_json_needs_no_tables(untouched: Sandbox) -> None:
    loaded = modules_of(PROGRAM, "lifetime", "list", "-o", "json", config=untouched.config)
    assert not {"rich", "httpx", "joserfc"} & loaded


def test_verify_without_database_needs_no_driver(tmp_path: Path) -> None:
    path = tmp_path / "opskit.toml"
    with ScriptedServer() as server:
        script_identity(server)
        path.write_text(f'[environments.dev]\nidentity = "{server.url}"\n', encoding="utf-8")
        loaded = modules_of(PROGRAM, "verify", config=path)
    assert "httpx" in loaded
    assert not {"psycopg", "uvicorn", "starlette"} & loaded


def test_httpx_comes_without_its_command_line() -> None:
    program = (
        "import json, sys, opskit.http\n"
        "print(json.dumps({'code': 0, 'modules': [m for m, it in sys.modules.items() if it]}))"
    )
    loaded = modules_of(program)
    assert "httpx" in loaded
    assert not {"httpx._main", "pygments", "rich", "click"} & loaded
