# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Logins that have the role opskit_operator and nothing else, in environments that have it all."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import sql
from psycopg_pool import ConnectionPool

from opskit.db import mssql, mssql_errors, postgres, postgres_errors
from opskit.db.journal_script import downgrade_script, upgrade_script
from opskit.export.role import role_script
from opskit.sandbox.clients import ClientStore
from opskit.settings import Environment
from tests.databases import Database, Server, new_database
from tests.db import remove_clients
from tests.db.journal_sites import MssqlSite, PostgresSite, Site
from tests.db.mssql_server import new_mssql_database
from tests.identity_services import MssqlClients, identity_service
from tests.scripted_server import ScriptedServer, script_creatio

CLIENT = "A1"


@dataclass(frozen=True)
class Operator:
    """A login that has the role and nothing else.

    Attributes:
        name: the login's.
        environment: with the client's secret, an Identity Service before the database, a Creatio.
        site: the database, as its DBA sees it.
        fill: puts the client there (3600 s, its secret known), and no other.
    """

    name: str
    environment: Environment
    site: Site
    fill: Callable[[], object]

    @property
    def config(self) -> Path:
        return self.environment.folder / "opskit.toml"

    def execute(self, *statements: str) -> None:
        """Run statements in a session of the login's, with what the server refuses translated."""
        adapter, errors = (
            (postgres, postgres_errors)
            if self.site.dialect == "postgresql"
            else (mssql, mssql_errors)
        )
        opened: Any = adapter.open_connection(
            self.environment, self.environment.require("database")
        )
        with closing(opened) as connection, errors.translated(self.environment):
            for one in statements:
                connection.execute(one)

    def prepare(self) -> None:
        """Put the client back, and empty the journal."""
        self.fill()
        self.site.query("DELETE FROM opskit.lifetime_change")

    def make_journal(self) -> None:
        """Let a DBA make the journal and the role, by the scripts for that."""
        self.site.run(upgrade_script(self.site.dialect))
        for _ in range(2):  # it is safe to run again
            self.site.run(role_script(self.site.dialect, None, [], diagnosis=False))

    def remove_journal(self) -> None:
        """Let a DBA remove the journal."""
        self.site.run(downgrade_script(self.site.dialect))

    def allow_diagnosis(self) -> None:
        """Let a DBA grant what the optional block of the role's script does; it stays so."""
        self.site.run(role_script(self.site.dialect, None, [], diagnosis=True))


def settings(identity: str, creatio: str, folder: Path) -> dict[str, object]:
    """Return all of the environment but its database."""
    (folder / "secret").write_text(f"secret-of-{CLIENT}", "utf-8")
    known = {"id": CLIENT, "secret": {"file": "secret"}}
    return {"identity": identity, "creatio": creatio, "runtime": "net", "clients": [known]}


@contextmanager
def postgresql_operator(server: Server, template: str, folder: Path) -> Iterator[Operator]:
    """Make a database and a login for the length of the block."""
    own = folder / "operator"
    own.mkdir()
    name = f"operator_{secrets.token_hex(6)}"
    with (
        new_database(server, template, folder) as database,
        ConnectionPool(database.conninfo, min_size=1, open=True) as pool,
        identity_service("unit", ClientStore(pool)) as identity,
        ScriptedServer() as creatio,
        database.connect() as connection,
    ):
        script_creatio(creatio)
        environment = Database(server, database.name, own).environment(
            database=f"postgresql://{name}@127.0.0.1:{server.port}/{database.name}",
            **settings(identity, creatio.url, own),
        )

        def fill() -> None:
            remove_clients(database)
            database.add_client(CLIENT, "Data Mart Sync", 3600)

        operator = Operator(name, environment, PostgresSite(database), fill)
        operator.make_journal()
        login, password = sql.Identifier(name), sql.Literal(server.password)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(login, password))
        connection.execute(sql.SQL("GRANT opskit_operator TO {}").format(login))
        yield operator
        connection.execute("DROP OWNED BY opskit_operator; DROP ROLE opskit_operator")
        connection.execute(sql.SQL("DROP ROLE {}").format(login))


@contextmanager
def mssql_operator(server: str, folder: Path) -> Iterator[Operator]:
    """Make a database and a login for the length of the block."""
    own = folder / "operator"
    own.mkdir()
    name, password = f"operator_{secrets.token_hex(6)}", f"Aa1!{secrets.token_hex(12)}"
    with new_mssql_database(server, folder) as database:
        site, clients = MssqlSite(database), MssqlClients(database)

        def fill() -> None:
            for table in ("Clients", "ClientSecrets", "ClientScopes", "ClientGrantTypes"):
                site.query(f"DELETE FROM [{table}]")
            clients.register(CLIENT, "Data Mart Sync", 3600)

        with identity_service("unit", clients) as identity, ScriptedServer() as creatio:
            script_creatio(creatio)
            where = site.environment_for(
                name, password, own, **settings(identity, creatio.url, own)
            )
            operator = Operator(name, where, site, fill)
            operator.make_journal()
            site.query(f"CREATE LOGIN {name} WITH PASSWORD = '{password}'")
            try:
                site.query(f"CREATE USER {name} FOR LOGIN {name}")
                site.query(f"ALTER ROLE opskit_operator ADD MEMBER {name}")
                yield operator
                site.query(f"DROP USER {name}")
            finally:
                site.query(f"DROP LOGIN {name}")
