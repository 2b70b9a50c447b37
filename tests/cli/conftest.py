# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Running the command in a process of its own, with pipes or at a terminal."""

import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox

ENVELOPE = ["opskit", "command", "ok", "data", "errors"]
SECONDS = 60
posix_only = pytest.mark.skipif(
    sys.platform == "win32", reason="signals and terminals as only POSIX has them"
)

# What the surroundings of a test run must not decide.
_LEFT_OUT = {
    "GITHUB_ACTIONS",
    "GITHUB_STEP_SUMMARY",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "LINES",
    "TTY_COMPATIBLE",
    "PYTHONWARNINGS",
}


@dataclass(frozen=True)
class Ran:
    """A command that has ended; at a terminal both streams are one."""

    code: int
    out: str
    err: str = ""

    @property
    def all(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        """The one document of ``-o json``, its envelope checked."""
        document = json.loads(self.out)
        assert list(document) == ENVELOPE
        assert document["ok"] is (self.code == 0)
        return document

    def error_codes(self) -> list[str]:
        return [error["code"] for error in self.json()["errors"]]


@pytest.fixture
def untouched(sandbox_folder: Path) -> Sandbox:
    """The running sandbox, for tests that change nothing in it."""
    return Sandbox(sandbox_folder)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "opskit", *arguments]


def surroundings(config: Path | None, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of this process, less those that change what opskit does."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _LEFT_OUT and not name.startswith("OPSKIT_")
    }
    named = {"OPSKIT_CONFIG": str(config)} if config else {}
    return kept | named | dict(more or {})


def run(
    *arguments: str,
    config: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str = "",
) -> Ran:
    """Run the command with pipes."""
    done = subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env=surroundings(config, env),
        cwd=cwd,
        timeout=SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def run_both(*arguments: str, config: Path | None = None, cwd: Path | None = None) -> list[Ran]:
    """Run the command twice at once, for a table and for JSON."""

    def as_(output: str) -> Ran:
        at = arguments.index("--") if "--" in arguments else len(arguments)
        return run(*arguments[:at], "-o", output, *arguments[at:], config=config, cwd=cwd)

    with ThreadPoolExecutor() as pool:
        return list(pool.map(as_, ("table", "json")))


def run_and_interrupt(
    *arguments: str, config: Path, when: Callable[[], bool], seconds: float, times: int = 1
) -> Ran:
    """Run the command with pipes, and press Ctrl-C; fail if it goes on longer than ``seconds``."""
    with subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=surroundings(config),
    ) as process:
        try:
            _wait_until(when, process)
            for _ in range(times):
                process.send_signal(signal.SIGINT)
                time.sleep(0.3)
            out, err = process.communicate(timeout=seconds)
        finally:
            process.kill()
    return Ran(process.returncode, out, err)


def _wait_until(when: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + SECONDS
    while not when():
        assert process.poll() is None, "it ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.1)


def run_at_terminal(
    *arguments: str,
    config: Path,
    columns: int = 80,
    answer: str = "",
    env: Mapping[str, str] | None = None,
    interrupt_when: Callable[[], bool] | None = None,
) -> Ran:
    """Run the command at a pseudo-terminal that types ``answer``, and Ctrl-C when it is time."""
    if sys.platform == "win32":
        pytest.skip("there are no pseudo-terminals on Windows")
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    try:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        with subprocess.Popen(
            command(*arguments),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=surroundings(config, {"TERM": "xterm-256color", **(env or {})}),
        ) as process:
            os.close(theirs)
            os.write(ours, answer.encode())
            if interrupt_when is not None:
                _wait_until(interrupt_when, process)
                process.send_signal(signal.SIGINT)
            text = _read_to_end(ours).decode()
    finally:
        os.close(ours)
    return Ran(process.returncode, text.replace("\r\n", "\n"))


def _read_to_end(terminal: int) -> bytes:
    content = b""
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # how Linux says that the other side is closed
            return content
        if not part:
            return content
        content += part


def plain(text: str) -> str:
    """Return ``text`` without the terminal's codes."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def altered(sandbox: Sandbox, folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the sandbox's configuration to ``folder`` with some texts replaced."""
    text = sandbox.config.read_text("utf-8")
    for old, new in [('file = "', f'file = "{sandbox.folder.as_posix()}/'), *changes]:
        assert old in text
        text = text.replace(old, new)
    path = folder / "opskit.toml"
    path.write_text(text, encoding="utf-8")
    return path


def secrets_of(sandbox: Sandbox) -> Sequence[str]:
    """Everything that must appear nowhere, as long as the sandbox runs."""
    files = sorted((sandbox.folder / "secrets").iterdir())
    state = json.loads((sandbox.folder / "state.json").read_text("utf-8"))
    return [*(file.read_text("utf-8") for file in files), state["token"]]


def assert_error_is_said(ran: Ran) -> None:
    """What went wrong and what to do now go to standard error, and nothing anywhere else."""
    assert ran.out == ""
    assert "error: " in ran.err
    assert "   do: " in ran.err
    assert "Traceback" not in ran.err
