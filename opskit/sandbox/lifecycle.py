# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Starting, stopping and inspecting a sandbox from another process.

A sandbox lives in a folder. Its background process claims the folder with a state file, makes
everything, and removes everything when it ends; the functions here start it, talk to it, and clean
up after one that was killed. Whether one runs is asked of the sandbox itself: a process id in a
file proves nothing.
"""

import contextlib
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from opskit.errors import SandboxError, UsageError
from opskit.models import SandboxEnvironment, SandboxStatus
from opskit.sandbox.catalog import ENVIRONMENTS
from opskit.sandbox.control import Control, NotRunning
from opskit.sandbox.faults import NEED_TLS, Fault, setting_for
from opskit.sandbox.launch import launch
from opskit.sandbox.layout import Layout, State
from opskit.sandbox.ports import DEFAULT_PORT, check_first
from opskit.sandbox.programs import HOME_PREFIX
from opskit.sandbox.remains import clean

__all__ = [
    "DEFAULT_PORT",
    "SandboxEnvironment",
    "SandboxStatus",
    "clear_faults",
    "down",
    "set_fault",
    "status",
    "temporary",
    "up",
]

_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.02


def up(folder: Path, *, port: int = DEFAULT_PORT) -> tuple[SandboxStatus, bool]:
    """Start a sandbox, unless the folder's is running, and wait until it serves.

    Args:
        folder: where it keeps its files; made if missing.
        port: the first of its consecutive ports, or 0 for any free ones.

    Returns:
        The sandbox, and whether it was started now rather than running already.

    Raises:
        DriverMissing: a package that only the sandbox needs is not installed.
        SandboxError: it does not start; nothing is left of the attempt.
    """
    layout = Layout(folder.resolve())
    state = layout.read_state()
    if state is not None:
        with contextlib.suppress(NotRunning):
            return _status(layout, state), False
        clean(layout, state)
    check_first(port)
    with launch(layout, port=port, follow=False) as launched:
        state = launched.wait_until_serving()
        launched.let_go()
        return _status(layout, state), True


def down(folder: Path) -> bool:
    """Stop the sandbox of a folder and remove its files; everything else in the folder stays.

    Returns:
        Whether there was anything to stop or remove.
    """
    layout = Layout(folder.resolve())
    state = layout.read_state()
    if state is None:
        return False
    with contextlib.suppress(NotRunning):
        Control(state).stop()
        _wait_until_gone(layout)
    clean(layout, state)
    return True


def status(folder: Path) -> SandboxStatus:
    """Return the sandbox of a folder, with its environments if it runs."""
    layout = Layout(folder.resolve())
    state = layout.read_state()
    if state is not None:
        with contextlib.suppress(NotRunning):
            return _status(layout, state)
    return SandboxStatus(str(layout.folder), str(layout.config), running=False, environments=())


def set_fault(
    folder: Path,
    environments: Sequence[str],
    fault: Fault,
    *,
    on: bool,
    seconds: float | None = None,
) -> SandboxStatus:
    """Switch a fault on or off in some environments of a running sandbox.

    Args:
        folder: the sandbox's folder.
        environments: their names.
        fault: what goes wrong.
        on: whether it does from now on.
        seconds: how long, for the faults that take a time; they have a default.

    Raises:
        UsageError: there is no such environment, it has no certificate that could be at fault, or
            the fault takes no such seconds.
        SandboxError: the sandbox does not run.
    """
    _check_environments(environments)
    if fault in NEED_TLS:
        _check_tls(environments)
    try:
        setting = setting_for(fault, seconds)
    except ValueError as error:
        raise UsageError(str(error)) from error
    with _running(folder) as (layout, state):
        control = Control(state)
        for name in environments:
            if on:
                control.turn_on(name, fault, setting)
            else:
                control.turn_off(name, fault)
        return _status(layout, state)


def clear_faults(folder: Path, environments: Sequence[str]) -> SandboxStatus:
    """Switch every fault off in some environments of a running sandbox.

    Raises:
        UsageError: there is no such environment.
        SandboxError: the sandbox does not run.
    """
    _check_environments(environments)
    with _running(folder) as (layout, state):
        control = Control(state)
        faults = control.status().faults
        for name in environments:
            for fault in faults[name]:
                control.turn_off(name, Fault(fault))
        return _status(layout, state)


@contextlib.contextmanager
def temporary() -> Iterator[Path]:
    """Run a sandbox on free ports for the length of a with block, and yield its folder.

    It is gone at the end of the block, however that ends, and also when this process is killed: it
    watches a pipe that closes with us.

    Raises:
        DriverMissing: a package that only the sandbox needs is not installed.
        SandboxError: it does not start; nothing is left of the attempt.
    """
    folder = Path(tempfile.gettempdir()).resolve() / (HOME_PREFIX + secrets.token_hex(8))
    with launch(Layout(folder), port=0, follow=True) as launched:
        launched.wait_until_serving()
        yield folder


def _status(layout: Layout, state: State) -> SandboxStatus:
    faults = Control(state).status().faults
    return SandboxStatus(
        folder=str(layout.folder),
        config=str(layout.config),
        running=True,
        environments=tuple(
            SandboxEnvironment(
                name=spec.name,
                identity=state.ports.identity_url(spec.name),
                creatio=state.ports.creatio_url(spec.name),
                runtime=str(spec.runtime),
                database=state.ports.database_url(spec.name),
                faults=tuple(faults[spec.name]),
            )
            for spec in ENVIRONMENTS
        ),
    )


@contextlib.contextmanager
def _running(folder: Path) -> Iterator[tuple[Layout, State]]:
    layout = Layout(folder.resolve())
    error = SandboxError(
        f"No sandbox is running in {layout.folder}.", remedy="Start one with: opskit sandbox up"
    )
    state = layout.read_state()
    if state is None:
        raise error
    try:
        yield layout, state
    except NotRunning as cause:
        raise error from cause


def _check_environments(names: Sequence[str]) -> None:
    known = [spec.name for spec in ENVIRONMENTS]
    for name in names:
        if name not in known:
            raise UsageError(f"The sandbox has no environment {name!r}: it has {', '.join(known)}.")


def _check_tls(names: Sequence[str]) -> None:
    secured = [spec.name for spec in ENVIRONMENTS if spec.scheme == "https"]
    for name in names:
        if name not in secured:
            raise UsageError(
                f"{name} is served over http, so there is no certificate to be wrong.",
                remedy=f"Served over https: -e {' -e '.join(secured)}",
            )


def _wait_until_gone(layout: Layout) -> None:
    # The state file is the last thing that a sandbox removes.
    deadline = time.monotonic() + _STOP_SECONDS
    while layout.state.exists() and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
