# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The desired lifetime of many clients at once, by the rules of ``opskit.selection``.

A selector is taken for a ClientId if a client has it, else for a ClientName if one has that, else
for a glob. All clients are looked up together, because one after the other would take minutes
where there are many of both.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from itertools import accumulate

from opskit.desired import DesiredState
from opskit.models import Client


@dataclass(frozen=True, slots=True)
class Matched:
    """What the desired state says of the clients of one environment.

    Attributes:
        lifetimes: seconds by client id; clients that it says nothing about are absent.
        missing: selectors that apply in this environment and match no client, each once.
    """

    lifetimes: Mapping[str, int]
    missing: Sequence[str]


def match_clients(desired: DesiredState, environment: str, clients: Sequence[Client]) -> Matched:
    """Find the desired lifetime of each client.

    An entry that names the ClientId goes before one that names the ClientName, and that before a
    glob; of each kind the last one in the file counts. Then come the environment's default and
    the general one.
    """
    # Later entries overwrite earlier ones, but a dict keeps the first one's place.
    wanted: dict[str, int] = {}
    for entry in desired.clients:
        if (lifetime := entry.lifetime_in(environment)) is not None:
            wanted.pop(entry.client, None)
            wanted[entry.client] = lifetime
    ids = {client.client_id for client in clients}
    names = {client.name for client in clients if client.name is not None}
    globs = [selector for selector in wanted if selector not in ids and selector not in names]
    by_glob, missing = _match_globs(globs, names)
    default = desired.default_in(environment)
    lifetimes: dict[str, int] = {}
    for client in clients:
        selector = _selector_of(client, wanted, ids, by_glob)
        lifetime = default if selector is None else wanted[selector]
        if lifetime is not None:
            lifetimes[client.client_id] = lifetime
    return Matched(lifetimes, missing)


def _selector_of(
    client: Client, wanted: Mapping[str, int], ids: set[str], by_glob: Mapping[str, str]
) -> str | None:
    if client.client_id in wanted:
        return client.client_id
    if client.name is None:
        return None
    # What is some client's id means that client and nobody else, even one of that name.
    if client.name in wanted and client.name not in ids:
        return client.name
    return by_glob.get(client.name)


def _match_globs(globs: Sequence[str], names: set[str]) -> tuple[dict[str, str], list[str]]:
    """Return the last glob that matches, by name, and the globs that match none."""
    index = _NameIndex(list(names))
    found: dict[str, str] = {}
    missing = []
    for glob in globs:
        hits = index.matching(glob)
        if not hits:
            missing.append(glob)
        found.update(dict.fromkeys(hits, glob))
    return found, missing


class _NameIndex:
    """Names in one long text: a search in it finds the few that a glob may fit at all."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._folded = [name.casefold() for name in names]
        self._text = "\n".join(self._folded)
        self._ends = list(accumulate(len(name) + 1 for name in self._folded))

    def matching(self, glob: str) -> list[str]:
        """Return the names that ``glob`` matches, whatever their case."""
        fits = re.compile(translate(glob.casefold())).match
        part = _longest_literal(glob.casefold())
        places = range(len(self._names)) if not part else self._places_of(part)
        return [self._names[place] for place in places if fits(self._folded[place])]

    def _places_of(self, part: str) -> Iterator[int]:
        at = self._text.find(part)
        while at >= 0:
            place = bisect_right(self._ends, at)
            yield place
            at = self._text.find(part, self._ends[place])


def _longest_literal(glob: str) -> str:
    """Return what every name that the glob matches contains; up to the first set of letters."""
    return max(re.split(r"[*?]", glob.partition("[")[0]), key=len)
