# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Clients and their lifetimes."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """One row of ``Clients``, as far as opskit needs it.

    Attributes:
        client_id: the OAuth client id; unique within its environment, different in each.
        name: the ClientName that people know; None where there is none or no right to read it.
        lifetime: AccessTokenLifetime in seconds.
        enabled: False for a client that gets no tokens; None without the right to read it.
    """

    client_id: str
    name: str | None
    lifetime: int
    enabled: bool | None

    @property
    def label(self) -> str:
        """The name by which the same integration is known in every environment."""
        return self.name or self.client_id


@dataclass(frozen=True, slots=True)
class Change:
    """One lifetime to change: from ``old`` to ``new`` seconds."""

    client_id: str
    name: str | None
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class EnvironmentClients:
    """The clients of one environment.

    Attributes:
        environment: its name.
        clients: by name.
        outside_policy: ids of clients whose lifetime the environment's policy does not allow.
    """

    environment: str
    clients: Sequence[Client]
    outside_policy: Sequence[str]


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The clients of several environments.

    Attributes:
        environments: one entry for each environment that could be read.
        drift: names of clients whose lifetime is not the same everywhere.
    """

    environments: Sequence[EnvironmentClients]
    drift: Sequence[str]
