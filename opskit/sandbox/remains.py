# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Cleaning a folder after its sandbox: what the sandbox made, and nothing else."""

import contextlib
import socket
import time
from pathlib import Path

from opskit.errors import SandboxError
from opskit.sandbox.layout import HOST, LOG_HEAD, Layout, State
from opskit.sandbox.postgres import Cluster, remove_home

_ATTEMPTS = 50
_PAUSE_SECONDS = 0.1


def clean(layout: Layout, state: State) -> None:
    """Remove everything that a dead sandbox left, its PostgreSQL included if that still runs."""
    home = Path(state.postgres_home)
    # A process id left in a file may be another process's by now; the port vouches for it.
    if _answers(state.ports.postgres):
        Cluster.at(home).stop()
    remove_home(home)
    layout.remove_files()
    remove_log_and_folder(layout)


def remove_log_and_folder(layout: Layout) -> None:
    """Remove the log, and the folder if nothing else lies in it."""
    for _ in range(_ATTEMPTS):
        try:
            layout.log.unlink(missing_ok=True)
        except PermissionError:  # on Windows until the process that wrote it has ended
            time.sleep(_PAUSE_SECONDS)
        else:
            break
    if layout.folder != Path.cwd():
        with contextlib.suppress(OSError):  # somebody else's files are in it
            layout.folder.rmdir()


def make_room(layout: Layout) -> None:
    """Make sure that a new sandbox overwrites nothing but the log that an earlier one left.

    Raises:
        SandboxError: there is a file by the name of one of ours, and no sandbox made it.
    """
    if layout.log.is_file() and layout.log.read_bytes().startswith(LOG_HEAD):
        layout.log.unlink()
    for path in (layout.config, layout.authority, layout.log, layout.secrets, layout.postgres):
        if path.exists():
            raise SandboxError(
                f"{path} exists already, and no sandbox made it.",
                remedy="Choose an empty or a new folder for the sandbox.",
            )


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False
