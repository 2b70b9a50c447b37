# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The wheel, as somebody without the checkout gets it."""

import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from opskit import __version__

ROOT = Path(__file__).parents[1]
SCRIPTS = "Scripts" if sys.platform == "win32" else "bin"


def call(*arguments: str | Path, cwd: Path) -> str:
    """Run a program far from the checkout and return what it printed."""
    kept = {name: value for name, value in os.environ.items() if name[:6] != "PYTHON"}
    done = subprocess.run(
        arguments,
        cwd=cwd,
        env=kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    call(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def files_below(*parts: str, suffixes: Sequence[str]) -> set[str]:
    folder = ROOT.joinpath(*parts)
    found = (path for path in folder.rglob("*") if path.suffix in suffixes)
    return {path.relative_to(ROOT).as_posix() for path in found}


def test_everything_travels_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    statements = files_below("sql", suffixes=[".sql"])
    assert statements
    migrations = files_below("migrations", suffixes=[".py"])
    assert {"migrations/env.py", "migrations/versions/0001_journal.py"} <= migrations
    wanted = {f"opskit/{name}" for name in statements | migrations}
    wanted |= files_below("opskit", suffixes=[".py", ".sql", ".toml", ".typed", ".js"])
    assert {"opskit/py.typed", "opskit/starter.toml", "opskit/sandbox/schema.sql"} <= wanted
    assert wanted <= names
    told = f"creatio_opskit-{__version__}.dist-info/"
    assert names - wanted == {name for name in names if name.startswith(told)}


def test_it_works_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    venv, empty = tmp_path / "venv", tmp_path / "empty"
    empty.mkdir()
    call(sys.executable, "-m", "venv", venv, cwd=empty)
    python, opskit = venv / SCRIPTS / "python", venv / SCRIPTS / "opskit"
    pinned = ("--constraint", ROOT / "constraints.txt")
    call(python, "-m", "pip", "install", "--quiet", *pinned, f"{wheel}[sandbox]", cwd=empty)
    where = call(python, "-c", "import opskit; print(opskit.__file__)", cwd=empty).strip()
    assert Path(where).resolve().is_relative_to(venv.resolve())
    assert call(opskit, "--version", cwd=empty) == f"opskit {__version__}\n"
    assert "CREATE TABLE" in call(opskit, "db", "upgrade", "--sql", "--dialect", "mssql", cwd=empty)
    assert "the sandbox: it is gone again" in call(opskit, "demo", cwd=empty)
    assert list(empty.iterdir()) == []
