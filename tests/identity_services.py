# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The sandbox's Identity Service before a database of either engine, over real HTTP.

It reads the table of clients anew for each token, so that a token proves what stands there.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from opskit.sandbox.catalog import EnvironmentSpec, Runtime
from opskit.sandbox.clients import Client, ClientSource
from opskit.sandbox.database import hashed
from opskit.sandbox.identity import IdentityService
from opskit.sandbox.switches import Switches
from tests.db.mssql_server import MssqlDatabase


class MssqlClients:
    """ClientSource over a database of SQL Server's."""

    def __init__(self, database: MssqlDatabase) -> None:
        self._database = database

    def register(self, client_id: str, name: str, lifetime: int) -> None:
        """Insert an enabled client whose secret is ``secret-of-ID``."""
        self._database.execute(
            "DECLARE @id int; "
            "INSERT INTO [Clients] ([ClientId], [ClientName], [AccessTokenLifetime]) "
            "VALUES (?, ?, ?); SET @id = SCOPE_IDENTITY(); "
            "INSERT INTO [ClientSecrets] ([Value], [Type], [ClientId]) "
            "VALUES (?, 'SharedSecret', @id); "
            "INSERT INTO [ClientScopes] ([Scope], [ClientId]) "
            "VALUES ('ApplicationAccess_0123456789abcdef0123456789abcdef', @id); "
            "INSERT INTO [ClientGrantTypes] ([GrantType], [ClientId]) "
            "VALUES ('client_credentials', @id)",
            *(client_id, name, lifetime, hashed(f"secret-of-{client_id}")),
        )

    def get(self, client_id: str) -> Client | None:
        return next((one for one in self.get_all() if one.client_id == client_id), None)

    def get_all(self) -> list[Client]:
        # A session each time, since the requests come from several threads.
        with self._database.connection() as connection:

            def fetch(query: str, *parameters: Any) -> list[Any]:
                rows: list[Any] = connection.execute(query, *parameters).fetchall()
                return rows

            def texts(column: str, table: str, owner: int) -> list[str]:
                query = f"SELECT [{column}] FROM [{table}] WHERE [ClientId] = ?"
                return [text for (text,) in fetch(query, owner)]

            return [
                Client(
                    client_id,
                    bool(enabled),
                    bool(secret_required),
                    lifetime,
                    grants=texts("GrantType", "ClientGrantTypes", owner),
                    scopes=texts("Scope", "ClientScopes", owner),
                    secret_hashes=texts("Value", "ClientSecrets", owner),
                )
                for owner, client_id, enabled, secret_required, lifetime in fetch(
                    "SELECT [Id], [ClientId], [Enabled], [RequireClientSecret], "
                    "[AccessTokenLifetime] FROM [Clients]"
                )
            ]


@contextmanager
def identity_service(name: str, clients: ClientSource) -> Iterator[str]:
    """Serve the Identity Service of an environment; yield its address."""
    spec = EnvironmentSpec(name, Runtime.NET, configured_runtime="net", wave=1)
    app = IdentityService(spec, Switches(), clients).app()
    config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
