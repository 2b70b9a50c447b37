# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit smoke`` as Postman collections: one for all environments that are checked alike."""

import json
import uuid
from collections.abc import Collection, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from opskit.errors import UsageError
from opskit.export.files import file_stem, write_new
from opskit.export.postman.collection import collection
from opskit.models import PostmanExport, PostmanFiles
from opskit.settings import Environment, KnownClient
from opskit.smoke.runtime import PREFIXES

_COLLECTION, _ENVIRONMENT = ".postman_collection.json", ".postman_environment.json"


def export_postman(
    environments: Sequence[Environment], folder: Path, client: str | None, *, force: bool
) -> PostmanExport:
    """Write a collection, and an environment file for each environment.

    No secret is fetched: its variable is there, and empty. Environments whose smoke settings
    differ get collections of their own.

    Args:
        environments: which.
        folder: where the files go; made if need be.
        client: id or name of the client whose token to use; each environment's first by default.
        force: write over files that are there.

    Raises:
        ConfigError: an environment lacks Identity Service, Creatio or a client.
        ClientNotFound: no secret is known for ``client``.
        UsageError: a file is there already, or cannot be written.
    """
    files: dict[Path, dict[str, Any]] = {}
    written: dict[str, PostmanFiles] = {}
    alike = _alike(environments, client)
    for group in alike:
        names = [environment.name for environment in group]
        scoped = group[0].require_client(client).scope is not None
        stem = "opskit" if len(alike) == 1 else "-".join(["opskit", *map(file_stem, names)])
        path = folder / f"{stem}{_COLLECTION}"
        files[path] = collection(group[0].smoke, names, scoped=scoped)
        for environment in group:
            variables = _unused(folder, file_stem(environment.name), files)
            files[variables] = _environment(environment, environment.require_client(client))
            written[environment.name] = PostmanFiles(environment.name, str(path), str(variables))
    _write(files, force=force)
    return PostmanExport([written[environment.name] for environment in environments])


def _alike(environments: Sequence[Environment], client: str | None) -> list[list[Environment]]:
    """Put those together that the same collection can check."""
    groups: list[tuple[object, list[Environment]]] = []
    for environment in environments:
        key = (environment.smoke, environment.require_client(client).scope is None)
        group = next((members for known, members in groups if known == key), None)
        if group is None:
            groups.append((key, [environment]))
        else:
            group.append(environment)
    return [members for _, members in groups]


def _unused(folder: Path, stem: str, files: Collection[Path]) -> Path:
    """Return a name for an environment's file; two may differ in what no file is called."""
    stems = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
    return next(path for s in stems if (path := folder / f"{s}{_ENVIRONMENT}") not in files)


def _environment(environment: Environment, client: KnownClient) -> dict[str, Any]:
    creatio = environment.require("creatio").rstrip("/")
    prefix = PREFIXES.get(environment.runtime)
    plain = {
        "identity": environment.require("identity").rstrip("/"),
        "creatio": creatio,
        "runtime": environment.runtime,
        "api": "" if prefix is None else creatio + prefix,
        "client_id": client.id,
        "scope": client.scope or "",
        "token_endpoint": "",
    }
    values = [{"key": k, "value": v, "type": "default", "enabled": True} for k, v in plain.items()]
    values += [
        {"key": secret, "value": "", "type": "secret", "enabled": True}
        for secret in ("client_secret", "access_token")
    ]
    name = f"Creatio {environment.name}"
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"opskit/postman/{name}/{creatio}")),
        "name": name,
        "values": values,
        "_postman_variable_scope": "environment",
    }


def _write(files: dict[Path, dict[str, Any]], *, force: bool) -> None:
    if not force and (there := [str(path) for path in files if path.exists()]):
        raise UsageError(
            f"Already there: {', '.join(there)}.",
            remedy="Name another folder with --out-dir, or write over them with --force; a secret "
            "that somebody entered there is lost then.",
            code="file-exists",
        )
    for path, content in files.items():
        text = json.dumps(content, ensure_ascii=False, indent=2)
        write_new(path, text + "\n", force=force)
