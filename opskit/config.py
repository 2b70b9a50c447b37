# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""opskit.toml → typed environments.

Every message names the file, the key and what is allowed there. Unknown keys are errors, because
a misspelt ``protected`` that is silently ignored protects nothing.
"""

import os
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from opskit.errors import ConfigError, UsageError
from opskit.settings import Environment, Settings
from opskit.tables import decode, located, mistakes_in, read_toml, read_toml_from_stdin, suggest

FILE_NAME = "opskit.toml"
STDIN = Path("-")


class Config(msgspec.Struct, frozen=True):
    """A whole opskit.toml.

    Attributes:
        source: what messages call it: its path, or standard input.
        folder: where relative paths start, and where lifetimes.toml is looked for.
        environments: by name, in the order of the file.
    """

    source: str
    folder: Path
    environments: Mapping[str, Environment]

    def select(self, patterns: Iterable[str] = ()) -> list[Environment]:
        """Return the environments that match any of the names or globs; all without patterns.

        Raises:
            UsageError: a pattern matches none.
        """
        patterns = list(patterns) or ["*"]
        chosen: dict[str, Environment] = {}
        for pattern in patterns:
            hits = [n for n in self.environments if n == pattern or fnmatchcase(n, pattern)]
            if not hits:
                raise UsageError(
                    f"There is no environment {pattern!r} in {self.source}.",
                    remedy=suggest(pattern, self.environments),
                    code="unknown-environment",
                )
            chosen.update({name: self.environments[name] for name in hits})
        return list(chosen.values())


def find_config(start: Path) -> Path:
    """Return the opskit.toml of ``start`` or of the nearest folder above it.

    Raises:
        ConfigError: there is none.
    """
    for folder in (start, *start.parents):
        if (path := folder / FILE_NAME).is_file():
            return path
    raise ConfigError(
        f"No {FILE_NAME} in {start} or in a folder above it.",
        remedy="Write one with `opskit init`, name one with -c FILE, or try `opskit demo` first.",
        code="config-missing",
    )


def load_config(path: Path | None = None) -> Config:
    """Read and check opskit.toml.

    Args:
        path: the file, or ``-`` for standard input, where relative paths start from the working
            folder; without it, the one in the working folder or the nearest above.

    Raises:
        ConfigError: it is missing or unreadable, or holds something that is not allowed; the
            message lists every environment's first mistake.
    """
    if path == STDIN:
        source = "standard input"
        return _config(read_toml_from_stdin(source), source, Path.cwd())
    path = Path(os.path.abspath(path or find_config(Path.cwd())))  # noqa: PTH100 (keeps symlinks)
    content = read_toml(
        path, remedy="Check the path after -c or in OPSKIT_CONFIG.", code="config-missing"
    )
    return _config(content, str(path), path.parent)


def _config(content: dict[str, Any], source: str, folder: Path) -> Config:
    if unknown := sorted(set(content) - {"defaults", "environments"}):
        raise ConfigError(
            f"{source}: unknown key {unknown[0]!r} at the top.",
            remedy=suggest(unknown[0], ("defaults", "environments")),
        )
    defaults, tables = content.get("defaults", {}), content.get("environments", {})
    if not isinstance(tables, dict) or not isinstance(defaults, dict) or not tables:
        raise ConfigError(
            f"{source}: no environment is described.",
            remedy="Add a table [environments.dev]; `opskit init` shows one with all its keys.",
        )
    mistakes = mistakes_in(defaults, Settings, "defaults") or _wrong_values(defaults)
    in_defaults = bool(mistakes)
    environments = {}
    for name, table in tables.items():
        where = f"environments.{name}"
        if not isinstance(table, dict):
            mistakes.append(f"{where}: expected a table, as in [{where}].")
            continue
        if wrong := mistakes_in(table, Settings, where):
            mistakes += wrong
            continue
        if in_defaults:
            continue
        merged = _merge(defaults, table) | {"name": name, "folder": str(folder)}
        try:
            environments[name] = msgspec.convert(merged, Environment, dec_hook=decode)
        except msgspec.ValidationError as error:
            mistakes.append(located(Settings, where, str(error)))
    if mistakes:
        raise ConfigError(f"{source}:\n  " + "\n  ".join(mistakes), remedy="Correct the file.")
    return Config(source, folder, environments)


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Lay one table over another; tables in both are merged, but a reference is one value."""
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        is_section = isinstance(value, dict) and isinstance(below, dict)
        whole = key in {"database", "database_password", "body"}
        merged[key] = _merge(below, value) if is_section and not whole and below else value
    return merged


def _wrong_values(defaults: dict[str, Any]) -> list[str]:
    try:
        msgspec.convert(defaults, Settings, dec_hook=decode)
    except msgspec.ValidationError as error:
        return [located(Settings, "defaults", str(error))]
    return []
