# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The rehearsal environments."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SandboxEnvironment:
    """One rehearsal environment of a running sandbox.

    Attributes:
        name: dev, test or prod.
        identity: the base URL of its Identity Service.
        creatio: the base URL of its Creatio.
        runtime: what its Creatio really runs on: ``framework`` (API under /0) or ``net``.
        database: the URL of its database, without the password.
        faults: the faults that are on.
    """

    name: str
    identity: str
    creatio: str
    runtime: str
    database: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """A sandbox, seen from outside.

    Attributes:
        folder: where it lives.
        config: the path of its opskit.toml, which exists while it runs.
        running: whether it answers.
        environments: its environments; none while it does not run.
    """

    folder: str
    config: str
    running: bool
    environments: tuple[SandboxEnvironment, ...]
