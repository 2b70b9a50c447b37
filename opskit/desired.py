# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""lifetimes.toml → the lifetime that each client shall have in each environment."""

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from opskit.errors import ConfigError
from opskit.policy import LARGEST, Duration, Policy
from opskit.settings import Environment
from opskit.tables import decode, located, mistakes_in, read_toml, suggest

FILE_NAME = "lifetimes.toml"

Found = TypeVar("Found")


def _check_lifetime(lifetime: int | None, key: str = "lifetime") -> None:
    if lifetime is not None and not 0 < lifetime <= LARGEST:
        raise ValueError(
            f"{key} = {lifetime}: must be 1 to {LARGEST} seconds; IdentityServer4 refuses the "
            "whole client with 0 or less"
        )


class Bounds(msgspec.Struct, frozen=True):
    """Bounds in addition to the environment's own policy; both must hold.

    Attributes:
        min_lifetime: seconds; None adds no lower bound.
        max_lifetime: seconds; None adds no upper bound.
    """

    min_lifetime: Duration | None = None
    max_lifetime: Duration | None = None

    def __post_init__(self) -> None:
        least = self.min_lifetime if self.min_lifetime is not None else 1
        most = self.max_lifetime if self.max_lifetime is not None else LARGEST
        if not 0 < least <= most <= LARGEST:
            raise ValueError("0 < min_lifetime <= max_lifetime must hold")

    def within(self, policy: Policy) -> bool:
        """Return whether any lifetime is left that both accept."""
        least, most = self.min_lifetime or 1, self.max_lifetime or LARGEST
        return max(least, policy.min_lifetime) <= min(most, policy.max_lifetime)


class Defaults(msgspec.Struct, frozen=True):
    """What holds everywhere for clients that no entry names.

    Attributes:
        lifetime: seconds; None leaves them unmanaged.
    """

    lifetime: Duration | None = None

    def __post_init__(self) -> None:
        _check_lifetime(self.lifetime)


class DesiredEnvironment(msgspec.Struct, frozen=True):
    """What one table ``[environments.NAME]`` says.

    Attributes:
        lifetime: seconds for clients that no entry names; None leaves it to [defaults].
        policy: bounds in addition to those of opskit.toml.
    """

    lifetime: Duration | None = None
    policy: Bounds = Bounds()

    def __post_init__(self) -> None:
        _check_lifetime(self.lifetime)


class DesiredClient(msgspec.Struct, frozen=True):
    """One ``[[clients]]`` entry.

    Attributes:
        client: a ClientId, or a ClientName or glob.
        lifetime: seconds in every environment that ``environments`` has no value for.
        environments: seconds by the name or glob of environments.
    """

    client: str
    lifetime: Duration | None = None
    environments: dict[str, Duration] = {}

    def __post_init__(self) -> None:
        if not self.client:
            raise ValueError("client must not be empty")
        if self.lifetime is None and not self.environments:
            raise ValueError("give lifetime, environments or both")
        _check_lifetime(self.lifetime)
        for name, lifetime in self.environments.items():
            _check_lifetime(lifetime, f"environments.{name}")

    def lifetime_in(self, environment: str) -> int | None:
        """Return the seconds for one environment; None where the entry does not apply."""
        own = most_specific(self.environments, environment)
        return _seconds(self.lifetime if own is None else own)


class DesiredState(msgspec.Struct, frozen=True):
    """A whole lifetimes.toml.

    Attributes:
        path: the file.
        defaults: what holds everywhere.
        clients: the entries, in the order of the file.
        environments: by name or glob.
    """

    path: Path
    defaults: Defaults = Defaults()
    clients: Sequence[DesiredClient] = ()
    environments: Mapping[str, DesiredEnvironment] = {}

    def default_in(self, environment: str) -> int | None:
        """Return the seconds for clients that no entry names; None leaves them unmanaged."""
        tables = self.environments.items()
        own = {name: one.lifetime for name, one in tables if one.lifetime is not None}
        found = most_specific(own, environment)
        return _seconds(self.defaults.lifetime if found is None else found)

    def bounds_in(self, environment: str) -> list[Bounds]:
        """Return the bounds of every table that matches the environment: all must hold."""
        return [
            one.policy for name, one in self.environments.items() if _matches(environment, name)
        ]


def most_specific(values: Mapping[str, Found], environment: str) -> Found | None:
    """Return the value under the environment's own name, else under the last glob that fits."""
    if environment in values:
        return values[environment]
    fitting = [value for name, value in values.items() if _matches(environment, name)]
    return fitting[-1] if fitting else None


def load_desired(path: Path, environments: Iterable[Environment]) -> DesiredState:
    """Read and check lifetimes.toml.

    Args:
        path: the file.
        environments: all of opskit.toml, which the file's names and globs must fit.

    Raises:
        ConfigError: it is missing or unreadable, or holds something that is not allowed; the
            message lists every mistake.
    """
    content = read_toml(
        path,
        remedy=f"Write a {FILE_NAME} beside opskit.toml, or name one with -f FILE.",
        code="lifetimes-missing",
    )
    known = {one.name: one for one in environments}
    parts = ("defaults", "clients", "environments")
    mistakes = [
        f"unknown key {k!r} at the top. {suggest(k, parts)}" for k in set(content) - {*parts}
    ]
    defaults, wrong = _convert(content.get("defaults", {}), Defaults, "defaults")
    mistakes += wrong
    clients, wrong = _read_clients(content.get("clients", []), known)
    mistakes += wrong
    tables, wrong = _read_environments(content.get("environments", {}), known)
    mistakes += wrong
    if not mistakes and not content:
        mistakes = ["it says nothing. Add an entry [[clients]] with client and lifetime."]
    if mistakes:
        raise ConfigError(f"{path}:\n  " + "\n  ".join(mistakes), remedy="Correct the file.")
    return DesiredState(path, defaults or Defaults(), clients, tables)


def _read_clients(
    entries: Any, known: Mapping[str, Environment]
) -> tuple[list[DesiredClient], list[str]]:
    if not isinstance(entries, list):
        return [], ["clients: expected a list of tables, each under [[clients]]"]
    clients: list[DesiredClient] = []
    mistakes: list[str] = []
    for number, entry in enumerate(entries):
        at = f"clients[{number}]"
        client, wrong = _convert(entry, DesiredClient, at)
        own = entry.get("environments") if isinstance(entry, dict) else None
        if isinstance(own, dict):
            wrong += _unknown_environments(own, known, f"{at}.environments")
        if client is not None:
            clients.append(client)
        # A number alone is hard to find in a long file.
        named = entry.get("client") if isinstance(entry, dict) else None
        mistakes += [f"{words} (client = {named!r})" if named else words for words in wrong]
    return clients, mistakes


def _read_environments(
    tables: Any, known: Mapping[str, Environment]
) -> tuple[dict[str, DesiredEnvironment], list[str]]:
    if not isinstance(tables, dict):
        return {}, ["environments: expected tables, as in [environments.prod]"]
    found: dict[str, DesiredEnvironment] = {}
    mistakes = _unknown_environments(tables, known, "environments")
    for name, table in tables.items():
        one, wrong = _convert(table, DesiredEnvironment, f"environments.{name}")
        mistakes += wrong
        if one is None:
            continue
        found[name] = one
        mistakes += [
            f"environments.{name}.policy: leaves nothing of what opskit.toml accepts in "
            f"{environment.name}, {environment.policy.min_lifetime} to "
            f"{environment.policy.max_lifetime} s"
            for environment in known.values()
            if _matches(environment.name, name) and not one.policy.within(environment.policy)
        ]
    return found, mistakes


def _unknown_environments(
    names: Iterable[str], known: Mapping[str, Environment], where: str
) -> list[str]:
    return [
        f"{where}: no environment of opskit.toml is {name!r}. {suggest(name, known)}"
        for name in names
        if not any(_matches(one, name) for one in known)
    ]


Table = TypeVar("Table", bound=msgspec.Struct)


def _convert(table: Any, kind: type[Table], where: str) -> tuple[Table | None, list[str]]:
    """Return the table as ``kind``, or what is wrong with it."""
    if not isinstance(table, dict):
        return None, [f"{where}: expected a table"]
    if mistakes := mistakes_in(table, kind, where):
        return None, mistakes
    own = table.get("environments")
    for name, value in own.items() if isinstance(own, dict) else ():
        # Here, because msgspec does not say under which key of a mapping a value was wrong.
        try:
            decode(Duration, value)
        except ValueError as error:
            mistakes.append(f"{where}.environments.{name}: {error}")
    if mistakes:
        return None, mistakes
    try:
        return msgspec.convert(table, kind, dec_hook=decode), []
    except msgspec.ValidationError as error:
        return None, [located(kind, where, str(error))]


def _seconds(lifetime: Duration | None) -> int | None:
    # The subclass is only how the file is read; drivers and JSON want the number.
    return None if lifetime is None else int(lifetime)


def _matches(environment: str, pattern: str) -> bool:
    return environment == pattern or fnmatchcase(environment, pattern)
