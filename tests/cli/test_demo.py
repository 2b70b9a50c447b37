# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit demo``: the story it tells, and that it leaves nothing, however it ends."""

import json
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cli.conftest import command, posix_only, run, surroundings

SECONDS_TO_VANISH = 15


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A temporary folder for the command alone.

    Not below pytest's own, which nobody else may enter: for root, PostgreSQL runs as nobody.
    """
    folder = Path(tempfile.gettempdir()).resolve() / f"opskit-tests-{secrets.token_hex(8)}"
    folder.mkdir()
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def variables(temporary: Path) -> dict[str, str]:
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))


def test_the_story(temporary: Path, tmp_path: Path) -> None:
    ran = run("demo", env=variables(temporary), cwd=tmp_path)
    assert ran.code == 0
    assert ran.err.count("probably it was carried out already") == 2
    assert list(temporary.iterdir()) == []
    assert list(tmp_path.iterdir()) == []
    told = iter(ran.out.splitlines())
    for words in (
        "$ opskit lifetime list",
        "≠ not the same everywhere: Telephony Bridge",
        '$ opskit lifetime set "Data Mart Sync" 30m -e dev',
        "3600 s (1h)   →   1800 s (30m)",
        "✓  lifetime.read_back    the database holds 1800 s",
        "✓  lifetime.fresh_token  a fresh token (issued",
        "$ opskit plan --out plan.json",
        "3600 s (1h) → 900 s (15m)",
        "3 changes in 2 environments",
        '$ opskit apply plan.json --smoke --yes --reason "security review"',
        "test  changed",
        "prod  changed",
        "prod  8 passed",
        '$ opskit apply plan.json --smoke --yes --reason "security review"',
        "not started: dev, test, prod",
        "$ opskit history",
        "security review",
        "$ opskit revert ",
        "prod  changed back, which reverts",
        "$ opskit verify -e dev",
        "✓  lifetime.database       a fresh token",
        "$ opskit smoke -e dev -e test",
        "dev  8 passed",
        "test  8 passed",
        "$ opskit smoke -e test",
        "test  4 passed  4 failed",
        "302 to the login page",
        "saw  OAuthHealthCheck below http",
        "probably the feature OAuth20Integration is off",
        "do   Turn the feature OAuth20Integration on",
        "$ opskit smoke -e test",
        "test  8 passed",
        "the sandbox: it is gone again",
        "opskit init",
        "opskit doctor",
        "opskit sandbox up",
    ):
        assert any(words in line for line in told), words  # in this order
    assert "eyJ" not in ran.out
    assert "\x1b" not in ran.out


def stopped(folder: Path, ending: str) -> tuple[int, str]:
    """Stop a demo in its second scene, wait until nothing is left, and return how it ended."""
    folder.mkdir()
    folder.chmod(0o755)
    with subprocess.Popen(
        command("demo"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=surroundings(None, variables(folder)),
    ) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("2. "))
        ports = ports_below(folder)
        assert all(map(listens, ports))
        process.send_signal(getattr(signal, ending))
        _, err = process.communicate(timeout=30)
    deadline = time.monotonic() + SECONDS_TO_VANISH
    while any(folder.iterdir()) or any(map(listens, ports)):
        assert time.monotonic() < deadline, list(folder.iterdir())
        time.sleep(0.05)
    return process.returncode, err.strip()


@posix_only
def test_nothing_is_left_of_one_that_is_stopped(temporary: Path) -> None:
    folders = [temporary / name for name in ("interrupted", "killed")]
    with ThreadPoolExecutor() as pool:
        interrupted, killed = pool.map(stopped, folders, ["SIGINT", "SIGKILL"])
    code, said = interrupted
    # While it asks its databases, it says too that nothing was written.
    assert (code, said.partition(";")[0].rstrip(".")) == (130, "error: Interrupted")
    assert killed == (-9, "")


def ports_below(temporary: Path) -> list[int]:
    """Return the ports of everything that the sandbox in ``temporary`` runs."""
    (state,) = temporary.glob("opskit-sandbox-*/state.json")
    ports = json.loads(state.read_text("utf-8"))["ports"]
    several = [*ports["identity"].values(), *ports["creatio"].values()]
    return [ports["control"], ports["postgres"], *several]


def listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
