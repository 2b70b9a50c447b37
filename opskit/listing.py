# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Every client's lifetime in every environment, and where they differ."""

from collections.abc import Sequence

from opskit.db.store import open_store
from opskit.errors import OpskitError
from opskit.fleet import at_once
from opskit.models import Client, EnvironmentClients, Lifetimes
from opskit.selection import not_found, select_clients
from opskit.settings import Environment


def list_lifetimes(
    environments: Sequence[Environment], selector: str | None = None
) -> tuple[Lifetimes, list[OpskitError]]:
    """Read the clients of several environments at once.

    Args:
        environments: where to look.
        selector: a ClientId, or a ClientName or glob; None lists every client.

    Returns:
        What could be read, and one error for each environment that could not.

    Raises:
        ClientNotFound: all environments could be read, and none has such a client.
    """
    outcomes = at_once(environments, _read_clients)
    read = [outcome for outcome in outcomes if isinstance(outcome, EnvironmentClients)]
    errors = [outcome for outcome in outcomes if isinstance(outcome, OpskitError)]
    if selector is not None:
        everything = [client for one in read for client in one.clients]
        read = [_only(one, select_clients(one.clients, selector)) for one in read]
        if not errors and not any(one.clients for one in read):
            raise not_found(everything, selector)
    return Lifetimes(read, _drift(read)), errors


def _read_clients(environment: Environment) -> EnvironmentClients:
    with open_store(environment) as store:
        clients = store.clients()
    outside = [c.client_id for c in clients if not environment.policy.allows(c.lifetime)]
    return EnvironmentClients(environment.name, clients, outside)


def _only(one: EnvironmentClients, clients: Sequence[Client]) -> EnvironmentClients:
    ids = {client.client_id for client in clients}
    outside = [client_id for client_id in one.outside_policy if client_id in ids]
    return EnvironmentClients(one.environment, clients, outside)


def _drift(read: Sequence[EnvironmentClients]) -> list[str]:
    """Return the names whose lifetimes differ, within an environment or between several."""
    lifetimes: dict[str, set[int]] = {}
    for one in read:
        for client in one.clients:
            lifetimes.setdefault(client.label, set()).add(client.lifetime)
    return sorted(name for name, values in lifetimes.items() if len(values) > 1)
