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

    @contextmanager
    def session(self) -> Iterator[Callable[[str], None]]:
        """Yield what runs a statement as the login, with what the server says translated."""
        adapter, errors = (
            (postgres, postgres_errors)
            if self.site.dialect == "postgresql"
            else (mssql, mssql_errors)
        )
        address = self.environment.require("database")
        connection: Any = adapter.open_connection(self.environment, address)

        def execute(statement: str) -> None:
            with errors.translated(self.environment):
                connection.execute(statement).close()

        with closing(connection):
            yield execute

    def prepare(self) -> None:
        """Put the client back, and empty the journal."""
        self.fill()
        self.site.query("DELETE FROM opskit.lifetime_change")

    def make_journal(self) -> None:
        """Let a DBA make the journal and the role."""
        _make_role(self.site)

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
def postgresql_login(database: Database) -> Iterator[str]:
    """Make the journal, the role, and a login of the superuser's password that has the role."""
    _make_role(PostgresSite(database))
    name = f"operator_{secrets.token_hex(6)}"
    login, password = sql.Identifier(name), sql.Literal(database.server.password)
    with database.connect() as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(login, password))
        connection.execute(sql.SQL("GRANT opskit_operator TO {}").format(login))
        yield name
        connection.execute("DROP OWNED BY opskit_operator; DROP ROLE opskit_operator")
        connection.execute(sql.SQL("DROP ROLE {}").format(login))


@contextmanager
def mssql_login(site: MssqlSite) -> Iterator[tuple[str, str]]:
    """Make the journal, the role, and a login that has the role; yield its name and password."""
    _make_role(site)
    name, password = f"operator_{secrets.token_hex(6)}", f"Aa1!{secrets.token_hex(12)}"
    site.query(f"CREATE LOGIN {name} WITH PASSWORD = '{password}'")
    try:
        site.query(f"CREATE USER {name} FOR LOGIN {name}")
        site.query(f"ALTER ROLE opskit_operator ADD MEMBER {name}")
        yield name, password
        site.query(f"DROP USER {name}")
    finally:
        site.query(f"DROP LOGIN {name}")


def _make_role(site: Site) -> None:
    """Run the scripts for a DBA."""
    site.run(upgrade_script(site.dialect))
    for _ in range(2):  # it is safe to run again
        site.run(role_script(site.dialect, None, [], diagnosis=False))


@contextmanager
def postgresql_operator(server: Server, template: str, folder: Path) -> Iterator[Operator]:
    """Make a database and a login for the length of the block."""
    own = folder / "operator"
    own.mkdir()
    with (
        new_database(server, template, folder) as database,
        postgresql_login(database) as name,
        ConnectionPool(database.conninfo, min_size=1, open=True) as pool,
        identity_service("unit", ClientStore(pool)) as identity,
        ScriptedServer() as creatio,
    ):
        script_creatio(creatio)
        environment = Database(server, database.name, own).environment(
            database=f"postgresql://{name}@127.0.0.1:{server.port}/{database.name}",
            **settings(identity, creatio.url, own),
        )

        def fill() -> None:
            remove_clients(database)
            database.add_client(CLIENT, "Data Mart Sync", 3600)

        yield Operator(name, environment, PostgresSite(database), fill)


@contextmanager
def mssql_operator(server: str, folder: Path) -> Iterator[Operator]:
    """Make a database and a login for the length of the block."""
    own = folder / "operator"
    own.mkdir()
    with new_mssql_database(server, folder) as database:
        site, clients = MssqlSite(database), MssqlClients(database)

        def fill() -> None:
            for table in ("Clients", "ClientSecrets", "ClientScopes", "ClientGrantTypes"):
                site.query(f"DELETE FROM [{table}]")
            clients.register(CLIENT, "Data Mart Sync", 3600)

        with (
            mssql_login(site) as (name, password),
            identity_service("unit", clients) as identity,
            ScriptedServer() as creatio,
        ):
            script_creatio(creatio)
            rest = settings(identity, creatio.url, own)
            yield Operator(name, site.environment_for(name, password, own, **rest), site, fill)
