# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The shared sandbox as its users meet it: over HTTP, and through opskit's database role."""

import ssl
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from opskit.sandbox import lifecycle
from opskit.sandbox.faults import Fault

NAMES = ("dev", "test", "prod")
SELECT_NAME = {
    "RootSchemaName": "Account",
    "columns": {"items": {"Name": {"expression": {"columnPath": "Name"}}}},
}


@dataclass(frozen=True)
class Rehearsal:
    """One environment of the running sandbox, as its opskit.toml describes it."""

    folder: Path
    name: str
    http: httpx.Client

    @property
    def settings(self) -> dict[str, Any]:
        content = tomllib.loads((self.folder / "opskit.toml").read_text("utf-8"))
        settings: dict[str, Any] = content["environments"][self.name]
        return settings

    @property
    def identity(self) -> str:
        return str(self.settings["identity"])

    @property
    def api(self) -> str:
        return f"{self.settings['creatio']}{'/0' if self.name == 'test' else ''}"

    def secret(self, entry: dict[str, str]) -> str:
        return (self.folder / entry["file"]).read_text("ascii")

    def credentials(self, client: str = "Data Mart Sync") -> tuple[str, str]:
        entry = next(item for item in self.settings["clients"] if item["name"] == client)
        return entry["id"], self.secret(entry["secret"])

    def ask_token(self, client: str = "Data Mart Sync", **form: str) -> httpx.Response:
        client_id, secret = self.credentials(client)
        fields = {
            "client_id": client_id,
            "client_secret": secret,
            "grant_type": "client_credentials",
            **form,
        }
        return self.http.post(f"{self.identity}/connect/token", data=fields)

    def bearer(self, client: str = "Data Mart Sync") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.ask_token(client).json()['access_token']}"}

    def odata4(self, headers: dict[str, str] | None = None, **query: str) -> httpx.Response:
        params = {f"${name}": value for name, value in query.items()}
        return self.http.get(
            f"{self.api}/odata/Account", params=params, headers=headers or self.bearer()
        )

    def odata3(self, headers: dict[str, str] | None = None, **query: str) -> httpx.Response:
        params = {f"${name}": value for name, value in query.items()}
        return self.http.get(
            f"{self.api}/ServiceModel/EntityDataService.svc/AccountCollection/",
            params=params,
            headers={"Accept": "application/json;odata=verbose", **(headers or self.bearer())},
        )

    def select(self, body: object = SELECT_NAME) -> httpx.Response:
        path = "DataService/json/SyncReply/SelectQuery"
        return self.http.post(f"{self.api}/{path}", json=body, headers=self.bearer())

    def converted_password(self, password: str = "test") -> httpx.Response:
        path = "rest/CryptographicService/GetConvertedPasswordValue"
        body = {"password": password}
        return self.http.post(f"{self.api}/{path}", json=body, headers=self.bearer())

    @property
    def trust(self) -> ssl.SSLContext:
        """How the authority of the sandbox's servers is trusted."""
        return ssl.create_default_context(cafile=self.folder / "ca.pem")

    def fault(self, fault: Fault, *, on: bool = True, seconds: float | None = None) -> None:
        lifecycle.set_fault(self.folder, [self.name], fault, on=on, seconds=seconds)

    def faults(self) -> tuple[str, ...]:
        environments = lifecycle.status(self.folder).environments
        return next(item.faults for item in environments if item.name == self.name)

    def connect(self) -> psycopg.Connection:
        """Connect with opskit's role."""
        url = urlsplit(self.settings["database"])
        return psycopg.connect(
            host=url.hostname,
            port=url.port,
            dbname=url.path[1:],
            user=url.username,
            password=self.secret(self.settings["database_password"]),
            autocommit=True,
        )

    def set_lifetime(self, seconds: int, client: str = "Data Mart Sync") -> None:
        statement = 'UPDATE "Clients" SET "AccessTokenLifetime" = %s WHERE "ClientId" = %s'
        with self.connect() as connection:
            connection.execute(statement, [seconds, self.credentials(client)[0]])


@pytest.fixture(scope="session")
def http(sandbox_folder: Path) -> Iterator[httpx.Client]:
    ours = ssl.create_default_context(cafile=sandbox_folder / "ca.pem")
    with httpx.Client(verify=ours, trust_env=False, timeout=20) as client:
        yield client


@pytest.fixture
def rehearsals(sandbox_folder: Path, http: httpx.Client) -> Iterator[dict[str, Rehearsal]]:
    """All three environments; faults are cleared and Data Mart Sync reset after each test."""
    environments = {name: Rehearsal(sandbox_folder, name, http) for name in NAMES}
    yield environments
    lifecycle.clear_faults(sandbox_folder, NAMES)
    environments["dev"].set_lifetime(3600)


@pytest.fixture
def dev(rehearsals: dict[str, Rehearsal]) -> Rehearsal:
    return rehearsals["dev"]
