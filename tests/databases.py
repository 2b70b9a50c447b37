# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of the tests' own, and Identity Services' databases on it."""

import json
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from opskit.config import load_config
from opskit.errors import SandboxError
from opskit.sandbox.database import hashed
from opskit.sandbox.postgres import SUPERUSER, Cluster
from opskit.settings import Environment

_PORTS = 5  # that a server tries


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server for tests that need a superuser."""

    port: int
    password: str

    def conninfo(self, database: str = "postgres") -> str:
        return make_conninfo(
            host="127.0.0.1",
            port=self.port,
            user=SUPERUSER,
            password=self.password,
            dbname=database,
        )

    def version(self) -> str:
        with psycopg.connect(self.conninfo()) as connection:
            ((version,),) = connection.execute("SHOW server_version").fetchall()
        return f"PostgreSQL {version}"


@dataclass(frozen=True)
class Database:
    """An empty Identity Service database of its own, which the test may fill and break."""

    server: Server
    name: str
    folder: Path

    @property
    def conninfo(self) -> str:
        return self.server.conninfo(self.name)

    @property
    def url(self) -> str:
        """What opskit reaches it by as its superuser, password included."""
        return (
            f"postgresql://{SUPERUSER}:{self.server.password}"
            f"@127.0.0.1:{self.server.port}/{self.name}"
        )

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.conninfo, autocommit=True)

    def environment(self, **settings: object) -> Environment:
        """An environment that reads this database as its superuser."""
        (self.folder / "password").write_text(self.server.password)
        content = {
            "database": f"postgresql://{SUPERUSER}@127.0.0.1:{self.server.port}/{self.name}",
            "database_password": {"file": "password"},
            **settings,
        }
        return environment(self.folder, **content)

    def add_client(self, client_id: str, name: str, lifetime: int = 3600) -> None:
        """Insert an enabled client whose secret is ``secret-of-ID``."""
        script = resources.files("opskit.sandbox").joinpath("client.sql").read_bytes()
        with self.connect() as connection:
            row = {
                "client_id": client_id,
                "name": name,
                "enabled": True,
                "lifetime": lifetime,
                "secret_hash": hashed(f"secret-of-{client_id}"),
                "scope": "ApplicationAccess_0123456789abcdef0123456789abcdef",
                "grants": ["client_credentials"],
                "user": f"{client_id}.oauth"[:50],
            }
            connection.execute(script, row)


def environment(folder: Path, **settings: object) -> Environment:
    """Build the environment "unit" through the real configuration file."""
    path = folder / "opskit.toml"
    lines = [f"{key} = {_toml(value)}" for key, value in settings.items()]
    path.write_text("\n".join(["[environments.unit]", *lines]), encoding="utf-8")
    return load_config(path).environments["unit"]


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value)


@contextmanager
def new_server() -> Iterator[Server]:
    """Run a PostgreSQL server on a free port for the length of the block."""
    with new_cluster() as (cluster, password):
        yield Server(start_on_free_port(cluster), password)


@contextmanager
def new_cluster() -> Iterator[tuple[Cluster, str]]:
    """Make a PostgreSQL server and its superuser's password; it goes again with the block."""
    # Not below pytest's own folder: PostgreSQL under Windows cannot read what it makes.
    folder = Path(tempfile.gettempdir()) / f"opskit-tests-{secrets.token_hex(8)}"
    folder.mkdir()
    cluster = Cluster.prepare(folder / "postgres")
    password = secrets.token_hex(16)
    try:
        cluster.initialise(password)
        yield cluster, password
    finally:
        cluster.stop()
        cluster.remove()
        folder.rmdir()


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def start_on_free_port(cluster: Cluster, choose: Callable[[], int] = free_port) -> int:
    """Start ``cluster`` and return its port; another process may be quicker to take the first."""
    for _ in range(_PORTS - 1):
        port = choose()
        try:
            cluster.start(port)
        except SandboxError:
            continue
        return port
    cluster.start(port := choose())
    return port


def make_template(server: Server) -> str:
    """Make a database with IdentityServer4's and Creatio's tables and no client, to copy."""
    name = "identity_template"
    script = resources.files("opskit.sandbox").joinpath("schema.sql").read_bytes()
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    with psycopg.connect(server.conninfo(name), autocommit=True) as connection:
        connection.execute(script)
    return name


@contextmanager
def new_database(server: Server, template: str, folder: Path) -> Iterator[Database]:
    """Copy ``template`` into a database that goes again with the block."""
    name = sql.Identifier(f"db_{secrets.token_hex(6)}")
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        # Copying files is several times faster here than the default, which writes a log of it.
        create = "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY"
        admin.execute(sql.SQL(create).format(name, sql.Identifier(template)))
        yield Database(server, name.as_string().strip('"'), folder)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
