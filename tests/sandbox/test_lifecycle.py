# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A sandbox starts once, ends completely, and leaves alone what is not its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from opskit.config import load_config
from opskit.desired import load_desired
from opskit.errors import SandboxError
from opskit.sandbox import lifecycle
from opskit.sandbox.faults import Fault
from opskit.sandbox.layout import LOG_HEAD, Layout, State
from opskit.sandbox.ports import DEFAULT_PORT
from opskit.sandbox.remains import make_room
from opskit.sandbox.sample import remove_sample, write_sample
from tests.sandbox.conftest import Rehearsal

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="file modes and signals of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "rehearsal"
    yield folder
    lifecycle.down(folder)


def state_of(folder: Path) -> State:
    state = Layout(folder).read_state()
    assert state is not None
    return state


def listens(port: int, host: str = "127.0.0.1") -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def kill(state: State) -> None:
    """End the server at once, as no cleaning up can survive."""
    os.kill(state.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    assert eventually(lambda: not listens(state.ports.control))


def eventually(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def break_it(folder: Path) -> None:
    """Switch faults on that last: a table elsewhere, a closed port, a wrong certificate."""
    for name, fault in (
        ("dev", Fault.CREATIO_STOPPED),
        ("dev", Fault.TABLE_MISSING),
        ("prod", Fault.CERTIFICATE_EXPIRED),
    ):
        lifecycle.set_fault(folder, [name], fault, on=True)


def all_ports(state: State) -> list[int]:
    ports = state.ports
    return [ports.control, ports.postgres, *ports.identity.values(), *ports.creatio.values()]


def is_gone(folder: Path, state: State) -> bool:
    home = Path(state.postgres_home)
    return not (folder.exists() or home.exists() or any(map(listens, all_ports(state))))


def free_run_of_ports() -> int:
    """Find eight consecutive ports that are free now."""
    for first in range(20_000, 30_000, 8):
        if not any(listens(first + offset) for offset in range(8)):
            return first
    raise AssertionError("no eight consecutive ports are free")


def test_up_and_down_twice_beside_foreign_files(folder: Path) -> None:
    folder.mkdir()
    first = free_run_of_ports()
    started, fresh = lifecycle.up(folder, port=first)
    assert fresh
    assert started.running
    assert Path(started.config) == folder.resolve() / "opskit.toml"
    assert [item.name for item in started.environments] == ["dev", "test", "prod"]
    assert [item.runtime for item in started.environments] == ["net", "framework", "net"]
    dev = started.environments[0]
    assert dev.database == f"postgresql://opskit@127.0.0.1:{first + 1}/identity_dev"
    assert dev.identity == f"http://127.0.0.1:{first + 2}"
    assert dev.creatio == f"http://127.0.0.1:{first + 3}"
    assert started.environments[2].creatio == f"https://127.0.0.1:{first + 7}"
    break_it(folder)
    assert not listens(first + 3)
    again, fresh = lifecycle.up(folder, port=0)
    assert not fresh
    faults = [item.faults for item in again.environments]
    assert faults == [("table-missing", "creatio-stopped"), (), ("certificate-expired",)]

    state = state_of(folder)
    for mine in (folder / "lifetimes.toml", folder / "secrets" / "mine"):
        mine.write_text("made by somebody else")
    assert lifecycle.down(folder)
    assert not any(map(listens, all_ports(state)))
    left = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    assert left == [Path("lifetimes.toml"), Path("secrets", "mine")]

    assert not lifecycle.down(folder)
    assert not lifecycle.status(folder).running
    assert lifecycle.status(folder).environments == ()


def test_faults_want_a_running_sandbox(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="No sandbox is running"):
        lifecycle.set_fault(tmp_path, ["dev"], Fault.SLOW, on=True)
    with pytest.raises(SandboxError, match="No sandbox is running"):
        lifecycle.clear_faults(tmp_path, ["dev"])


def test_a_killed_server(folder: Path, sandbox_folder: Path) -> None:
    lifecycle.up(folder, port=0)
    break_it(folder)
    state = state_of(folder)
    kill(state)
    assert listens(state.ports.postgres)
    assert not lifecycle.status(folder).running
    with pytest.raises(SandboxError, match="No sandbox is running"):
        lifecycle.set_fault(folder, ["dev"], Fault.SLOW, on=True)

    # Somebody else on its control port is not taken for it.
    theirs = state_of(sandbox_folder).ports.control
    text = Layout(folder).state.read_text()
    Layout(folder).state.write_text(text.replace(f":{state.ports.control},", f":{theirs},"))
    assert not lifecycle.status(folder).running

    started, fresh = lifecycle.up(folder, port=0)
    assert fresh
    assert started.running
    assert [item.faults for item in started.environments] == [(), (), ()]
    assert not listens(state.ports.postgres)
    assert lifecycle.status(sandbox_folder).running

    state = state_of(folder)
    kill(state)
    assert lifecycle.down(folder)
    assert is_gone(folder, state)


def test_a_taken_port_is_named_and_nothing_is_left(folder: Path) -> None:
    first = free_run_of_ports()
    for offset, name in ((1, "PostgreSQL"), (5, "test creatio")):
        with (
            socket.create_server(("127.0.0.1", first + offset)),
            pytest.raises(SandboxError, match=rf"Port {first + offset} .*{name}") as raised,
        ):
            lifecycle.up(folder, port=first)
        assert "--port" in raised.value.remedy
        assert not folder.exists()


@pytest.mark.parametrize("port", [-1, 65_530, 70_000])
def test_an_impossible_port(folder: Path, port: int) -> None:
    with pytest.raises(SandboxError, match=f"Port {port} cannot be the first"):
        lifecycle.up(folder, port=port)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["opskit.toml", "ca.pem", "sandbox.log"])
def test_nothing_foreign_is_overwritten(folder: Path, name: str) -> None:
    folder.mkdir()
    (folder / name).write_text("mine")
    with pytest.raises(SandboxError, match="no sandbox made it"):
        lifecycle.up(folder, port=0)
    assert (folder / name).read_text() == "mine"


def test_a_state_file_that_is_none(folder: Path) -> None:
    folder.mkdir()
    (folder / "state.json").write_text('{"token": 1}')
    for call in (lifecycle.up, lifecycle.down, lifecycle.status):
        with pytest.raises(SandboxError, match="cannot be read as the state"):
            call(folder)
    (folder / "state.json").unlink()


@pytest.mark.skipif(sys.platform == "darwin", reason="only 127.0.0.1 is its own there")
def test_everything_listens_on_one_loopback_address_only(sandbox_folder: Path) -> None:
    for port in all_ports(state_of(sandbox_folder)):
        reached = [host for host in ("127.0.0.1", "127.0.0.2", "::1") if listens(port, host)]
        assert reached == ["127.0.0.1"]


@posix_only
def test_secrets_are_private(sandbox_folder: Path) -> None:
    layout = Layout(sandbox_folder)
    assert layout.secrets.stat().st_mode & 0o777 == 0o700
    modes = {path.stat().st_mode & 0o777 for path in (layout.state, *layout.secret_files())}
    assert modes == {0o600}
    assert set(layout.secrets.iterdir()) == set(layout.secret_files())
    assert layout.log.read_bytes() == LOG_HEAD


def test_the_configuration(dev: Rehearsal) -> None:
    content = tomllib.loads((dev.folder / "opskit.toml").read_text("utf-8"))["environments"]
    assert {name: settings["runtime"] for name, settings in content.items()} == {
        "dev": "net",
        "test": "auto",
        "prod": "net",
    }
    assert [name for name, settings in content.items() if settings.get("protected")] == ["prod"]
    names = [client["name"] for client in content["test"]["clients"]]
    assert names == ["Data Mart Sync", "Telephony Bridge", "Billing Export", "Legacy Reporting"]
    for client in content["test"]["clients"]:
        assert (dev.folder / client["secret"]["file"]).read_text().isalnum()


def test_the_default_ports_are_documented_constants() -> None:
    assert DEFAULT_PORT == lifecycle.DEFAULT_PORT == 18_090


def test_importing_the_library_loads_none_of_the_server_s_packages() -> None:
    code = (
        "import sys, opskit.sandbox.lifecycle;"
        "print(*{'uvicorn', 'starlette', 'psycopg', 'joserfc', 'httpx'} & set(sys.modules))"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert output.stdout.strip() == b""


def test_temporary_is_gone_after_its_server_was_killed() -> None:
    with lifecycle.temporary() as folder:
        state = state_of(folder)
        kill(state)
    assert is_gone(folder, state)


@posix_only
def test_a_sandbox_vanishes_with_its_parent() -> None:
    code = (
        "import time; from opskit.sandbox import lifecycle\n"
        "with lifecycle.temporary() as folder:\n"
        "    print(folder, flush=True)\n"
        "    time.sleep(60)\n"
    )
    endings = (signal.SIGKILL, signal.SIGINT)
    with contextlib.ExitStack() as stack:
        parents = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", code],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            )
            for _ in endings
        ]
        folders = [Path(parent.stdout.readline().strip()) for parent in parents if parent.stdout]
        states = [state_of(folder) for folder in folders]
        for parent, ending in zip(parents, endings, strict=True):
            parent.send_signal(ending)
    assert eventually(lambda: all(map(is_gone, folders, states)))


@posix_only
def test_a_terminated_server_leaves_only_its_log(folder: Path) -> None:
    lifecycle.up(folder, port=0)
    state = state_of(folder)
    os.kill(state.pid, signal.SIGTERM)
    assert eventually(lambda: not Layout(folder).state.exists())
    assert [path.name for path in folder.iterdir()] == ["sandbox.log"]
    assert not any(map(listens, all_ports(state)))
    assert Layout(folder).log.read_bytes() == LOG_HEAD

    make_room(Layout(folder))  # what a new one does first
    assert not Layout(folder).log.exists()


def test_the_sample_of_the_desired_state_goes_again_unless_it_was_edited(
    tmp_path: Path, sandbox_folder: Path
) -> None:
    config = load_config(sandbox_folder / "opskit.toml")
    sample = (sandbox_folder / "lifetimes.toml").read_text("utf-8")
    desired = load_desired(sandbox_folder / "lifetimes.toml", config.environments.values())
    assert [one.client for one in desired.clients] == ["Data Mart Sync", "Telephony Bridge"]
    path = tmp_path / "lifetimes.toml"
    write_sample(path)
    assert path.read_text("utf-8") == sample
    remove_sample(path)
    assert not path.exists()
    path.write_text("# mine", "utf-8")
    write_sample(path)
    remove_sample(path)
    assert path.read_text("utf-8") == "# mine"


def test_plans_reach_dev_before_test_before_prod(sandbox_folder: Path) -> None:
    environments = load_config(sandbox_folder / "opskit.toml").environments.values()
    assert [(one.name, one.wave) for one in environments] == [("dev", 1), ("test", 2), ("prod", 3)]
