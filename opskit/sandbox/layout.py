# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Where a sandbox keeps what, and the state file that says how to reach and clean it."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from opskit.errors import SandboxError
from opskit.sandbox.catalog import ENVIRONMENTS, integrations_of
from opskit.sandbox.sample import remove_sample

LOG_HEAD = b"# The log of opskit's sandbox\n"
"""The first line of a sandbox's log, by which a log that was left behind is known as one."""

HOST = "127.0.0.1"
"""The only address that anything in a sandbox listens on."""

_SCHEMES = {spec.name: spec.scheme for spec in ENVIRONMENTS}


@dataclass(frozen=True)
class Ports:
    """The TCP ports of a sandbox, all on 127.0.0.1; identity and creatio by environment."""

    control: int
    postgres: int
    identity: dict[str, int]
    creatio: dict[str, int]

    def identity_url(self, environment: str) -> str:
        """Return the base URL of an environment's Identity Service."""
        return f"{_SCHEMES[environment]}://{HOST}:{self.identity[environment]}"

    def creatio_url(self, environment: str) -> str:
        """Return the base URL of an environment's Creatio."""
        return f"{_SCHEMES[environment]}://{HOST}:{self.creatio[environment]}"

    def database_url(self, environment: str) -> str:
        """Return the URL of an environment's database for opskit's role, without a password."""
        return f"postgresql://opskit@{HOST}:{self.postgres}/identity_{environment}"


@dataclass(frozen=True)
class State:
    """What another process needs to reach a sandbox, and to clean up after a killed one.

    Attributes:
        token: the bearer token of the control app.
        pid: the server process, for people only: a pid alone proves nothing.
        ports: where everything listens.
        postgres_home: the folder made for PostgreSQL: its data, its log, perhaps its programs.
    """

    token: str
    pid: int
    ports: Ports
    postgres_home: str


@dataclass(frozen=True)
class Layout:
    """The paths of a sandbox in its folder, which must be absolute."""

    folder: Path

    @property
    def config(self) -> Path:
        """The opskit.toml for the three environments."""
        return self.folder / "opskit.toml"

    @property
    def authority(self) -> Path:
        """The certificate of the authority that the servers' certificates are signed by."""
        return self.folder / "ca.pem"

    @property
    def lifetimes(self) -> Path:
        """A sample of the desired state, which belongs to whoever edits it."""
        return self.folder / "lifetimes.toml"

    @property
    def state(self) -> Path:
        """The state file: the first thing that a sandbox makes, the last that it removes."""
        return self.folder / "state.json"

    @property
    def log(self) -> Path:
        """What the server process had to say."""
        return self.folder / "sandbox.log"

    @property
    def secrets(self) -> Path:
        """The folder with one file for each secret."""
        return self.folder / "secrets"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's folder, unless it must lie elsewhere because root started the sandbox."""
        return self.folder / "postgres"

    def database_secret(self, environment: str) -> Path:
        """Return the file with the password of opskit's database role."""
        return self.secrets / f"{environment}-database"

    def administrator_secret(self, environment: str) -> Path:
        """Return the file with the password of Creatio's administrator, Supervisor."""
        return self.secrets / f"{environment}-supervisor"

    def client_secret(self, environment: str, slug: str) -> Path:
        """Return the file with the secret of an integration."""
        return self.secrets / f"{environment}-{slug}"

    def secret_files(self) -> tuple[Path, ...]:
        """Return every secret file that a sandbox may make."""
        names = [spec.name for spec in ENVIRONMENTS]
        return (
            *(self.database_secret(name) for name in names),
            *(self.administrator_secret(name) for name in names),
            *(
                self.client_secret(name, integration.slug)
                for name in names
                for integration in integrations_of(name)
                if integration.secret_known
            ),
        )

    def read_state(self) -> State | None:
        """Return the state of the sandbox in this folder; None when there is none.

        Raises:
            SandboxError: the state file is not one of ours, or damaged.
        """
        try:
            content = self.state.read_bytes()
            # Empty for the moment between its making and its only write.
            return msgspec.json.decode(content, type=State) if content else None
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise SandboxError(
                f"{self.state} cannot be read as the state of a sandbox: {error}",
                remedy="Choose another folder, or remove that file if it is a sandbox's.",
            ) from error

    def create_state(self, state: State) -> None:
        """Claim the folder for a new sandbox.

        Raises:
            SandboxError: another sandbox has the folder already.
        """
        try:
            write_private(self.state, msgspec.json.encode(state))
        except FileExistsError as error:
            raise SandboxError(f"Another sandbox is starting in {self.folder}.") from error

    def remove_files(self) -> None:
        """Remove everything that a sandbox makes but its log, the state file last."""
        for path in (self.config, self.authority, *self.secret_files()):
            path.unlink(missing_ok=True)
        remove_sample(self.lifetimes)
        with contextlib.suppress(OSError):  # absent, or it holds somebody else's files
            self.secrets.rmdir()
        self.state.unlink(missing_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Make a new file that only its owner can read.

    Raises:
        FileExistsError: there is such a file already.
    """
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(content)
