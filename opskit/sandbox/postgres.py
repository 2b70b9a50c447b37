# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""One private PostgreSQL server: made, started on 127.0.0.1, stopped and removed."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from opskit.errors import SandboxError
from opskit.sandbox.layout import HOST
from opskit.sandbox.programs import (
    HOME_PREFIX,
    Account,
    find_programs,
    foreign_account,
    give,
    make_home,
    run,
)

SUPERUSER = "postgres"

_SETTINGS = """
# A rehearsal's data need not survive a crash: speed goes first.
fsync = off
full_page_writes = off
synchronous_commit = off
listen_addresses = '{host}'
unix_socket_directories = ''
port = {port}
max_connections = 100
"""


def remove_home(home: Path) -> None:
    """Remove a folder that was made for PostgreSQL, and none that has another name."""
    if home.name == "postgres" or home.name.startswith(HOME_PREFIX):
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server's folder, and how to run its programs.

    Attributes:
        home: the folder made for it: its data, its log, perhaps its programs.
        programs: the folder of initdb and pg_ctl.
        account: the user that it runs as; None for our own.
    """

    home: Path
    programs: Path
    account: Account | None

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """What PostgreSQL had to say."""
        return self.home / "postgres.log"

    @classmethod
    def prepare(cls, inside: Path) -> "Cluster":
        """Make the folder and find the programs; root's folder lies elsewhere than ``inside``."""
        account = foreign_account()
        home = make_home(inside, account)
        try:
            return cls(home, find_programs(home, account), account)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise

    @classmethod
    def at(cls, home: Path) -> "Cluster":
        """Return the server of a folder that was prepared earlier."""
        account = foreign_account()
        return cls(home, find_programs(home, account), account)

    def initialise(self, password: str) -> None:
        """Make an empty cluster whose superuser has the password.

        Raises:
            SandboxError: initdb failed; the message carries its last words.
        """
        password_file = self.home / "password"
        password_file.touch(mode=0o600, exist_ok=False)
        password_file.write_text(password, encoding="ascii")
        give(password_file, self.account)
        try:
            self._run(
                "initdb",
                *("-D", self.data, "-U", SUPERUSER, "--pwfile", password_file),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
                *("--no-sync", "--no-instructions"),
            )
        finally:
            password_file.unlink()

    def start(self, port: int) -> None:
        """Start the server and wait until it takes connections.

        Raises:
            SandboxError: it does not start; the message carries its last words.
        """
        # In the file rather than on pg_ctl's command line, whose quoting differs by platform.
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(_SETTINGS.format(host=HOST, port=port))
        self._run("pg_ctl", "start", "-D", self.data, "-w", "-s", "-l", self.log)

    def stop(self) -> None:
        """Stop the server if it runs; what it has in memory is given up."""
        if (self.data / "postmaster.pid").exists():
            self._call("pg_ctl", "stop", "-D", self.data, "-w", "-s", "-m", "immediate")

    def remove(self) -> None:
        """Remove the folder of the stopped server."""
        remove_home(self.home)

    def _run(self, program: str, *arguments: str | Path) -> None:
        if self._call(program, *arguments) != 0:
            raise SandboxError(f"PostgreSQL's {program} failed: {self._last_words()}")

    def _call(self, program: str, *arguments: str | Path) -> int:
        executable = self.programs / (f"{program}.exe" if sys.platform == "win32" else program)
        output = self.home / f"{program}.log"
        return run([executable, *arguments], output=output, cwd=self.home, account=self.account)

    def _last_words(self) -> str:
        for log in (self.log, self.home / "pg_ctl.log", self.home / "initdb.log"):
            lines = log.read_text("utf-8", "replace").split("\n") if log.exists() else []
            for marker in ("FATAL", "error", ""):
                if found := [line.strip() for line in lines if line.strip() and marker in line]:
                    return found[-1]
        return "it left no message"
