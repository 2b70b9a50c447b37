# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Reading TOML files that people write, and naming each mistake with its place."""

import difflib
import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from types import UnionType
from typing import Any, Literal, get_args, get_origin

import msgspec

from opskit.durations import parse_duration
from opskit.errors import ConfigError
from opskit.policy import Duration
from opskit.secrets import FORMS, SecretRef


def read_toml(path: Path, *, remedy: str, code: str) -> dict[str, Any]:
    """Return what the file holds.

    Args:
        path: the file.
        remedy: what to do when it cannot be opened.
        code: the error's stable name in that case.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}.", remedy=remedy, code=code
        ) from None
    return _parse(content, str(path))


def read_toml_from_stdin(source: str) -> dict[str, Any]:
    """Return what standard input holds; ``source`` is what messages call it.

    Raises:
        ConfigError: it is no TOML.
    """
    return _parse(sys.stdin.buffer.read(), source)


def _parse(content: bytes, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{source} is not valid TOML: {error}.",
            remedy="Correct that line; texts stand in quotes, lists in [brackets].",
        ) from None
    except RecursionError:
        raise ConfigError(
            f"{source} is nested too deeply.", remedy="Close the brackets where they should end."
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{source} is not UTF-8 text.", remedy="Save it as UTF-8.") from None


def decode(kind: type, value: Any) -> Any:
    """Turn what TOML has no type for into ours, for msgspec."""
    if kind is Path:
        return Path(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"expected a duration such as 30 or '30m', not {value!r}")  # noqa: TRY004
    return Duration(parse_duration(str(value)))


def mistakes_in(table: dict[str, Any], kind: type[msgspec.Struct], where: str) -> list[str]:
    """Name every key of ``table`` that ``kind`` does not have, with the nearest that it has."""
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
    mistakes = []
    for key, value in table.items():
        if key not in fields:
            mistakes.append(f"{where}: unknown key {key!r}. {suggest(key, fields)}")
            continue
        for struct in _structs_of(fields[key]):
            entries = value if isinstance(value, list) else [value]
            for number, entry in enumerate(entries):
                at = f"{where}.{key}" + (f"[{number}]" if isinstance(value, list) else "")
                if isinstance(entry, dict):
                    mistakes += mistakes_in(entry, struct, at)
    return mistakes


def _structs_of(annotation: Any) -> list[type[msgspec.Struct]]:
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return [annotation]
    if isinstance(annotation, UnionType) or get_origin(annotation) is tuple:
        return [struct for part in get_args(annotation) for struct in _structs_of(part)]
    return []


def located(kind: type[msgspec.Struct], where: str, message: str) -> str:
    """Rewrite msgspec's ``… - at `$.policy``` as ``environments.prod.policy: …``.

    Args:
        kind: what the table at ``where`` was to become.
        where: its place in the file.
        message: msgspec's words.
    """
    what, _, place = message.partition(" - at `$")
    place = place.rstrip("`")
    if what.startswith(("Expected", "Invalid enum")):
        expected = _allowed(_annotation_at(kind, place))
        got = what.removeprefix("Invalid enum value ").rpartition("got ")[2].strip("`")
        what = f"expected {expected}, got {got}" if expected else what
    return f"{where}{place}: {what}"


def _annotation_at(kind: type[msgspec.Struct], place: str) -> Any:
    """Return the type of the key at a path such as ``.clients[0].secret``."""
    annotation: Any = kind
    for key in re.findall(r"\.(\w+)", place):
        struct = next(iter(_structs_of(annotation)), None)
        if struct is None:
            return None
        fields = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
        annotation = fields.get(key)
    if place.endswith("]") and (origin := get_origin(annotation)) in {tuple, dict}:
        return get_args(annotation)[1 if origin is dict else 0]
    return annotation


def _allowed(annotation: Any) -> str:
    """Say in words what a key of this type may hold; empty when there is nothing to add."""
    if isinstance(annotation, UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return " or ".join(dict.fromkeys(filter(None, map(_allowed, parts))))
    if get_origin(annotation) is Literal:
        return "one of " + ", ".join(f'"{value}"' for value in get_args(annotation))
    if (origin := get_origin(annotation)) in {tuple, list, dict}:
        return "a table" if origin is dict else "a list"
    words = {str: "a text", bool: "true or false", int: "a number", float: "a number"}
    words[SecretRef] = FORMS
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return words.get(annotation, "a table")
    return words.get(annotation, "")


def suggest(word: str, known: Iterable[str]) -> str:
    """Return the nearest known word as a question, or all of them."""
    known = list(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"Did you mean {near[0]!r}?"
    return "Known: " + ", ".join(known) + "."
