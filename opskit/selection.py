# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which clients a person means by a ClientId, a ClientName or a glob."""

import difflib
from collections.abc import Sequence
from fnmatch import fnmatchcase

from opskit.errors import ClientNotFound
from opskit.models import Client

_LISTED = 10  # clients in the message on an ambiguous selector


def select_clients(clients: Sequence[Client], selector: str) -> list[Client]:
    """Return the clients that ``selector`` means: by ClientId, else by name, else by glob.

    The exact ways go first, because a name may hold a glob's characters. Globs ignore case.
    """
    for meant in (
        lambda c: c.client_id == selector,
        lambda c: c.name == selector,
        lambda c: c.name is not None and fnmatchcase(c.name.casefold(), selector.casefold()),
    ):
        if chosen := [client for client in clients if meant(client)]:
            return chosen
    return []


def pick_clients(
    clients: Sequence[Client], selector: str, environment: str, *, all_matches: bool
) -> list[Client]:
    """Return the clients to change in ``environment``.

    Raises:
        ClientNotFound: none matches, or several do and ``all_matches`` is not set.
    """
    chosen = select_clients(clients, selector)
    if not chosen:
        raise not_found(clients, selector, environment)
    if len(chosen) > 1 and not all_matches:
        lines = [f"{c.client_id}  {c.label}, {c.lifetime} s" for c in chosen[:_LISTED]]
        if len(chosen) > _LISTED:
            lines.append(f"and {len(chosen) - _LISTED} more")
        raise ClientNotFound(
            "\n  ".join([f"{selector!r} matches {len(chosen)} clients in {environment}:", *lines]),
            remedy="Name one by its ClientId, or add --all-matches to change all of them.",
            environment=environment,
            code="client-ambiguous",
        )
    return chosen


def not_found(
    clients: Sequence[Client], selector: str, environment: str | None = None
) -> ClientNotFound:
    """Return the error for a selector that matches none of ``clients``, with the nearest."""
    names = sorted({client.label for client in clients} | {c.client_id for c in clients})
    named = selector.casefold().strip("*? ")
    part_of = [name for name in names if len(named) > 2 and named in name.casefold()]
    near = part_of[:3] or difflib.get_close_matches(selector, names, n=3, cutoff=0.5)
    where = f"in {environment}" if environment else "in these environments"
    return ClientNotFound(
        f"No client matches {selector!r} {where}.",
        remedy=f"Did you mean {', '.join(map(repr, near))}?"
        if near
        else "See the clients with: opskit lifetime list",
        environment=environment,
    )
