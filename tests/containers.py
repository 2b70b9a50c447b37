# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Servers in containers where a Docker engine answers: one of a kind for all workers of a run.

Whoever needs one first starts it and leaves a note in the run's folder; the end of the run removes
it. A run that is killed leaves it behind: its name begins with ``opskit-tests-``.
"""

import gc
import json
import secrets
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

_PATIENCE = 600.0  # seconds for another worker to start it, the image's download included


class NoContainer(Exception):
    """Why there is none."""


@dataclass(frozen=True)
class Container:
    """A running server on a port of this machine."""

    id: str
    port: int
    password: str


def postgresql_16(folder: Path) -> Container:
    """Return this run's PostgreSQL 16.

    Raises:
        NoContainer: there is no Docker engine, or it could not start one.
    """
    return _shared(folder, "postgres:16", 5432, {"POSTGRES_PASSWORD": "{password}"})


def mssql_2022(folder: Path) -> Container:
    """Return this run's SQL Server 2022.

    Raises:
        NoContainer: there is no Docker engine, or it could not start one.
    """
    settings = {"ACCEPT_EULA": "Y", "MSSQL_PID": "Developer", "MSSQL_SA_PASSWORD": "{password}"}
    return _shared(folder, "mcr.microsoft.com/mssql/server:2022-latest", 1433, settings)


def remove_all(folder: Path) -> None:
    """Remove the containers of this run."""
    for note in folder.glob("container-*.json"):
        from testcontainers.core.docker_client import DockerClient

        if "id" in (noted := json.loads(note.read_text("utf-8"))):
            DockerClient().client.containers.get(noted["id"]).remove(force=True, v=True)
        note.unlink()


def look_for_docker() -> None:
    """Look for a Docker engine.

    Raises:
        NoContainer: none answers.
    """
    from testcontainers.core.docker_client import DockerClient

    reason = ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            DockerClient().client.ping()
        except Exception as error:  # noqa: BLE001 (Docker is absent in many ways)
            reason = f"no Docker engine answers ({type(error).__name__})"
        gc.collect()  # its client leaves a socket open
    if reason:
        raise NoContainer(reason)


def _shared(folder: Path, image: str, port: int, settings: Mapping[str, str]) -> Container:
    look_for_docker()
    note = folder / f"container-{port}.json"
    try:
        note.with_suffix(".lock").touch(exist_ok=False)
    except FileExistsError:
        deadline = time.monotonic() + _PATIENCE
        while not note.exists() and time.monotonic() < deadline:
            time.sleep(0.2)
    else:
        try:
            noted = asdict(_start(image, port, settings))
        except Exception as error:  # noqa: BLE001 (the other workers must hear of it)
            noted = {"failure": f"{image} did not start: {error}"}
        written = note.with_suffix(".new")
        written.write_text(json.dumps(noted), "utf-8")
        written.replace(note)
    known = json.loads(note.read_text("utf-8")) if note.exists() else {"failure": "it took long"}
    if "failure" in known:
        raise NoContainer(known["failure"])
    return Container(**known)


def _start(image: str, port: int, settings: Mapping[str, str]) -> Container:
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    # Its reaper would remove the container with the worker that happened to start it.
    testcontainers_config.ryuk_disabled = True
    password = f"Aa1!{secrets.token_hex(16)}"  # of all kinds of characters, as SQL Server wants
    container = DockerContainer(image).with_name(f"opskit-tests-{secrets.token_hex(6)}")
    for name, value in settings.items():
        container.with_env(name, value.format(password=password))
    container.with_exposed_ports(port)
    container.start()
    where = int(container.get_exposed_port(port))
    return Container(str(container.get_wrapped_container().id), where, password)
