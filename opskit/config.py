# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""opskit.toml → typed environments.

Every message names the file, the key and what is allowed there. Unknown keys are errors, because
a misspelt ``protected`` that is silently ignored protects nothing.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec

from opskit.durations import parse_duration
from opskit.errors import ConfigError, UsageError
from opskit.policy import Duration
from opskit.secrets import FORMS, SecretRef
from opskit.settings import Environment, Settings

FILE_NAME = "opskit.toml"


class Config(msgspec.Struct, frozen=True):
    """A whole opskit.toml."""

    path: Path
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
                    f"There is no environment {pattern!r} in {self.path}.",
                    remedy=_suggest(pattern, self.environments),
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
        path: the file; without it, the one in the working folder or the nearest above.

    Raises:
        ConfigError: it is missing or unreadable, or holds something that is not allowed; the
            message lists every environment's first mistake.
    """
    path = Path(os.path.abspath(path or find_config(Path.cwd())))  # noqa: PTH100 (keeps symlinks)
    content = _read(path)
    if unknown := sorted(set(content) - {"defaults", "environments"}):
        raise ConfigError(
            f"{path}: unknown key {unknown[0]!r} at the top.",
            remedy=_suggest(unknown[0], ("defaults", "environments")),
        )
    defaults, tables = content.get("defaults", {}), content.get("environments", {})
    if not isinstance(tables, dict) or not isinstance(defaults, dict) or not tables:
        raise ConfigError(
            f"{path}: no environment is described.",
            remedy="Add a table [environments.dev]; `opskit init` shows one with all its keys.",
        )
    mistakes = _mistakes_in(defaults, Settings, "defaults") or _wrong_values(defaults)
    in_defaults = bool(mistakes)
    environments = {}
    for name, table in tables.items():
        where = f"environments.{name}"
        if not isinstance(table, dict):
            mistakes.append(f"{where}: expected a table, as in [{where}].")
            continue
        if wrong := _mistakes_in(table, Settings, where):
            mistakes += wrong
            continue
        if in_defaults:
            continue
        merged = _merge(defaults, table) | {"name": name, "folder": str(path.parent)}
        try:
            environments[name] = msgspec.convert(merged, Environment, dec_hook=_decode)
        except msgspec.ValidationError as error:
            mistakes.append(_located(where, str(error)))
    if mistakes:
        raise ConfigError(f"{path}:\n  " + "\n  ".join(mistakes), remedy="Correct the file.")
    return Config(path, environments)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{path} is not valid TOML: {error}.",
            remedy="Correct that line; texts stand in quotes, lists in [brackets].",
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text.", remedy="Save it as UTF-8.") from None
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}.",
            remedy="Check the path after -c or in OPSKIT_CONFIG.",
            code="config-missing",
        ) from None


def _decode(kind: type, value: Any) -> Any:
    """Turn what TOML has no type for into ours, for msgspec."""
    if kind is Path:
        return Path(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"expected a duration such as 30 or '30m', not {value!r}")  # noqa: TRY004
    return Duration(parse_duration(str(value)))


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
        msgspec.convert(defaults, Settings, dec_hook=_decode)
    except msgspec.ValidationError as error:
        return [_located("defaults", str(error))]
    return []


def _mistakes_in(table: dict[str, Any], kind: type[msgspec.Struct], where: str) -> list[str]:
    """Name every key of ``table`` that ``kind`` does not have, with the nearest that it has."""
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    mistakes = []
    for key, value in table.items():
        if key not in fields:
            mistakes.append(f"{where}: unknown key {key!r}. {_suggest(key, fields)}")
            continue
        for struct in _structs_of(fields[key]):
            entries = value if isinstance(value, list) else [value]
            for number, entry in enumerate(entries):
                at = f"{where}.{key}" + (f"[{number}]" if isinstance(value, list) else "")
                if isinstance(entry, dict):
                    mistakes += _mistakes_in(entry, struct, at)
    return mistakes


def _structs_of(annotation: Any) -> list[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    if isinstance(annotation, UnionType) or get_origin(annotation) is tuple:
        return [struct for part in get_args(annotation) for struct in _structs_of(part)]
    return []


def _located(where: str, message: str) -> str:
    """Rewrite msgspec's ``… - at `$.policy``` as ``environments.prod.policy: …``."""
    what, _, place = message.partition(" - at `$")
    place = place.rstrip("`")
    if what.startswith(("Expected", "Invalid enum")):
        expected = _allowed(_annotation_at(place))
        got = what.removeprefix("Invalid enum value ").rpartition("got ")[2].strip("`")
        what = f"expected {expected}, got {got}" if expected else what
    return f"{where}{place}: {what}"


def _annotation_at(place: str) -> Any:
    """Return the type of the key at a path such as ``.clients[0].secret``."""
    annotation: Any = Settings
    for key in re.findall(r"\.(\w+)", place):
        struct = next(iter(_structs_of(annotation)), None)
        if struct is None:
            return None
        fields = {field.name: field.type for field in msgspec.structs.fields(struct)}
        annotation = fields.get(key)
    is_item = place.endswith("]") and get_origin(annotation) is tuple
    return get_args(annotation)[0] if is_item else annotation


def _allowed(annotation: Any) -> str:
    """Say in words what a key of this type may hold; empty when there is nothing to add."""
    if isinstance(annotation, UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return " or ".join(_allowed(part) for part in parts)
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f'"{value}"' for value in get_args(annotation))
    if get_origin(annotation) in {tuple, dict}:
        return "a list" if get_origin(annotation) is tuple else "a table"
    words = {str: "a text", bool: "true or false", int: "a number", SecretRef: FORMS}
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return words.get(annotation, "a table")
    return words.get(annotation, "")


def _suggest(word: str, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    return "Known: " + ", ".join(known) + "."
