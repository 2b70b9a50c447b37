# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Identity Service's archive and its files say: runtimes, settings, versions."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

# As .NET reads its configuration: comments and trailing commas are allowed, outside of strings.
_STRING = r'("(?:\\.|[^"\\])*")'
_COMMENT = re.compile(_STRING + r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(_STRING + r"|,(?=\s*[}\]])", re.DOTALL)


class Unusable(Exception):
    """A file that cannot be used; the text says why, and what to do."""


def parse_settings(text, name="appsettings.json"):
    """Parse a JSON file of .NET's, which may have a byte order mark, comments and trailing commas.

    Raises:
        Unusable: it is not JSON, or no object.
    """
    text = text.removeprefix("\ufeff")
    for pattern in (_COMMENT, _TRAILING_COMMA):
        text = pattern.sub(lambda match: match[1] or "", text)
    try:
        value = json.loads(text)
    except ValueError as error:
        # Not the exception's own words: those of the JSON reader could quote the file.
        place = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "unknown"
        raise Unusable(
            f"{name} is not JSON ({place}): repair it, or take it from Creatio's installation files"
            " anew."
        ) from None
    if not isinstance(value, dict):
        raise Unusable(f"{name} holds no JSON object: take it from Creatio's installation files.")
    return value


def merge(shipped, wanted):
    """Return ``shipped`` with the keys of ``wanted``; objects are merged, all else is replaced.

    .NET does not tell keys apart by case, and refuses a file that has one twice.
    """
    merged = dict(shipped)
    for key, value in wanted.items():
        name = next((one for one in merged if one.lower() == key.lower()), key)
        both = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = merge(merged[name], value) if both else value
    return merged


def read_archive(path, assembly):
    """Return what the archive at ``path`` says about the service in it.

    Raises:
        Unusable: it is no archive of an Identity Service.
    """
    try:
        with Path(path).open("rb") as file:
            digest = hashlib.sha256()
            while block := file.read(1 << 20):
                digest.update(block)
        with zipfile.ZipFile(path) as archive:
            members = archive.namelist()
            root = _root(members, assembly, path)
            shipped = _member(archive, root + "appsettings.json")
            if shipped is None:
                raise Unusable(
                    f"{path} holds no {root}appsettings.json: take it from Creatio's files anew."
                )
            stem = assembly.removesuffix(".dll")
            runtime = _member(archive, f"{root}{stem}.runtimeconfig.json")
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise Unusable(
            f"{path} cannot be read as a zip file ({error}): take IdentityService.zip from"
            " Creatio's installation files anew."
        ) from None
    return {
        "sha256": digest.hexdigest(),
        "root": root.rstrip("/"),
        "settings": parse_settings(shipped, f"appsettings.json of {path}"),
        "runtimes": []
        if runtime is None
        else _runtimes(parse_settings(runtime, f"{stem}.runtimeconfig.json")),
    }


def _root(members, assembly, path):
    """Return the folder of the archive that the assembly lies in, with a slash, or nothing."""
    for name in members:
        parts = name.split("/")
        if "\\" in name or name.startswith("/") or ".." in parts:
            raise Unusable(f"{path} holds the name {name!r}, which would go astray: pack it anew.")
    found = sorted(
        (name for name in members if name.split("/")[-1] == assembly),
        key=lambda name: name.count("/"),
    )
    if not found:
        raise Unusable(
            f"{path} holds no {assembly}: is this IdentityService.zip? If the file is called"
            " otherwise, say so with identity_service_assembly."
        )
    return found[0][: -len(assembly)]


def _member(archive, name):
    try:
        return archive.read(name).decode("utf-8")
    except KeyError:
        return None
    except UnicodeDecodeError:
        raise Unusable(f"{name} in {archive.filename} is not UTF-8: save it as UTF-8.") from None


def _runtimes(config):
    options = config.get("runtimeOptions", {})
    frameworks = options.get("frameworks") or [
        options[key] for key in ("framework",) if key in options
    ]
    forward = options.get("rollForward", "Minor")
    return [
        {
            "name": one["name"],
            "version": one["version"],
            "roll_forward": one.get("rollForward", forward),
        }
        for one in frameworks
    ]


def missing_runtimes(required, listed):
    """Return those of ``required`` that are not among the lines of ``dotnet --list-runtimes``."""
    installed = [line.split()[:2] for line in listed if len(line.split()) > 1]
    return [
        one
        for one in required
        if not any(
            name == one["name"]
            and _covers(version, one["version"], one.get("roll_forward", "Minor"))
            for name, version in installed
        )
    ]


def _covers(installed, required, forward):
    """Whether .NET takes the installed version for the required one, previews aside."""
    have, want = _numbers(installed), _numbers(required)
    same = {"Disable": 3, "LatestPatch": 2, "Major": 0, "LatestMajor": 0}.get(forward, 1)
    return have >= want and have[:same] == want[:same]


def _numbers(version):
    numbers = [int(part) for part in re.findall(r"\d+", version.partition("-")[0])][:3]
    return tuple(numbers + [0] * (3 - len(numbers)))
