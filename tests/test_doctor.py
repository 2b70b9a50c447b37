# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The doctor's examination of one environment, on real databases and servers."""

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from psycopg import sql

from opskit.doctor import examine, examine_offline
from opskit.models import Check, Status
from opskit.sandbox.faults import Fault
from opskit.settings import Environment
from tests.conftest import Database, Sandbox
from tests.conftest import environment as unit
from tests.db import make_journal
from tests.scripted_server import ScriptedServer, html_reply, script_creatio, script_identity

READ_ALL = 'SELECT ("ClientId", "ClientName", "Enabled", "AccessTokenLifetime") ON "Clients"'


def examined(environment: Environment) -> dict[str, Check]:
    report = asyncio.run(examine(environment))
    assert report.environment == environment.name
    return {check.id: check for check in report.checks}


def told(check: Check) -> str:
    assert check.finding is not None
    return check.finding.id


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    """A login that may do nothing yet."""
    name = f"role_{secrets.token_hex(6)}"
    identifier = sql.Identifier(name)
    with database.connect() as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(identifier, sql.Literal("let-me-in"))
        )
        yield name
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(identifier))


def granted(database: Database, role: str, *rights: str) -> Environment:
    """Give ``role`` some rights and return the environment that logs in with it."""
    with database.connect() as connection:
        for right in rights:
            connection.execute(
                sql.SQL("GRANT {} TO {}").format(sql.SQL(right), sql.Identifier(role))
            )
    (database.folder / "password-of-role").write_text("let-me-in")
    return database.environment(
        database=f"postgresql://{role}@127.0.0.1:{database.server.port}/{database.name}",
        database_password={"file": "password-of-role"},
    )


def test_the_sandbox_is_healthy(sandbox: Sandbox) -> None:
    for name in ("dev", "test", "prod"):
        checks = examined(sandbox.environment(name))
        unhealthy = [check.id for check in checks.values() if check.status is not Status.PASS]
        assert unhealthy == ["policy.lifetimes"]


def test_what_is_not_configured_is_skipped(database: Database) -> None:
    checks = examined(database.environment(database=f"postgresql://127.0.0.1/{database.name}"))
    assert checks["identity.reachable"].status is Status.SKIPPED
    assert checks["creatio.runtime"].status is Status.SKIPPED


def test_no_database_is_skipped(sandbox: Sandbox) -> None:
    checks = examined(msgspec.structs.replace(sandbox.environment(), database=None))
    assert checks["database.login"].status is Status.SKIPPED
    assert "database.read" not in checks


def test_a_superuser_may_do_too_much(database: Database) -> None:
    check = examined(database.environment())["database.least_privilege"]
    assert check.status is Status.WARN
    assert told(check) == "rights-too-wide"


def test_without_a_journal_it_says_so(database: Database) -> None:
    check = examined(database.environment())["database.journal"]
    assert (check.status, told(check)) == (Status.WARN, "journal-absent")


def test_a_journal_of_another_version_or_without_rights(database: Database, role: str) -> None:
    make_journal(database)
    assert examined(database.environment())["database.journal"].status is Status.PASS
    forbidden = examined(granted(database, role, READ_ALL))
    assert told(forbidden["database.journal"]) == "journal-right-missing"
    assert forbidden["policy.lifetimes"].status is Status.PASS  # what follows is still looked at
    with database.connect() as connection:
        connection.execute("UPDATE opskit.alembic_version SET version_num = '0099'")
    newer = examined(database.environment())["database.journal"]
    assert (newer.status, told(newer)) == (Status.WARN, "journal-differs")
    assert "0099" in newer.summary


def test_a_login_that_only_looks(database: Database, role: str) -> None:
    checks = examined(granted(database, role, READ_ALL))
    assert checks["database.read"].status is Status.PASS
    assert checks["database.write"].status is Status.WARN
    assert told(checks["database.write"]) == "write-right-missing"
    assert checks["database.least_privilege"].status is Status.PASS


def test_a_login_that_may_not_read_names(database: Database, role: str) -> None:
    database.add_client("0123", "Hidden", 999_999)
    rights = 'SELECT ("ClientId", "AccessTokenLifetime") ON "Clients"'
    checks = examined(granted(database, role, rights))
    assert checks["database.read"].status is Status.WARN
    assert told(checks["database.read"]) == "names-unreadable"
    assert "0123 (999999 s)" in checks["policy.lifetimes"].summary


def test_a_login_without_rights(database: Database, role: str) -> None:
    checks = examined(granted(database, role))
    assert checks["database.login"].status is Status.PASS
    assert checks["database.read"].status is Status.FAIL
    assert "policy.lifetimes" not in checks


def test_a_database_without_the_table(empty_database: Database) -> None:
    checks = examined(empty_database.environment())
    assert checks["database.login"].status is Status.PASS
    assert checks["database.read"].status is Status.FAIL
    assert "Clients" in checks["database.read"].summary


def test_a_refused_login(database: Database) -> None:
    environment = database.environment(database_password={"file": "wrong"})
    (database.folder / "wrong").write_text("not the password")
    checks = examined(environment)
    assert checks["secrets.database"].status is Status.PASS
    assert checks["database.login"].status is Status.FAIL
    assert checks["database.login"].finding is not None
    assert checks["database.login"].finding.unreachable


def test_lifetimes_outside_the_policy(database: Database) -> None:
    for number in range(7):
        database.add_client(f"id-{number}", f"Long {number}", 100_000 + number)
    database.add_client("id-7", "Fine", 3600)
    environment = database.environment()
    check = examined(environment)["policy.lifetimes"]
    assert check.status is Status.WARN
    assert check.summary.count("Long ") == 5
    assert check.summary.endswith(" and 2 more")
    assert "Fine" not in check.summary


def test_lifetimes_within_the_policy(database: Database) -> None:
    database.add_client("0123", "Long", 100_000)
    check = examined(database.environment(policy={"max_lifetime": "2d"}))["policy.lifetimes"]
    assert (check.status, check.summary) == (Status.PASS, "1 client within the policy")


def test_a_wrong_runtime(sandbox: Sandbox) -> None:
    environment = msgspec.structs.replace(sandbox.environment("test"), runtime="net")
    check = examined(environment)["creatio.runtime"]
    assert check.status is Status.FAIL
    assert told(check) == "runtime-differs"
    assert 'runtime = "net", but it is .NET Framework' in check.summary


def test_secrets_that_are_missing(sandbox: Sandbox) -> None:
    environment = sandbox.environment()
    nowhere = sandbox.folder / "nowhere"
    report = asyncio.run(examine(msgspec.structs.replace(environment, folder=nowhere)))
    failures = [check.id for check in report.checks if check.status is Status.FAIL]
    assert failures.count("secrets.database") == 1
    assert failures.count("secrets.client") == len(environment.clients)
    assert "database.login" not in failures
    assert "identity.reachable" not in failures


def test_unverified_certificates(sandbox: Sandbox) -> None:
    check = examined(msgspec.structs.replace(sandbox.environment(), insecure=True))["config.tls"]
    assert check.status is Status.WARN
    assert told(check) == "tls-unverified"


def test_servers_that_are_not_what_they_should_be(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        script_identity(server)
        checks = examined(unit(tmp_path, identity=server.url, creatio=server.url))
        assert checks["identity.reachable"].status is Status.PASS
        assert told(checks["creatio.runtime"]) == "runtime-unknown"


def test_a_creatio_that_restarts(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.UNAVAILABLE)
    check = examined(sandbox.environment())["creatio.runtime"]
    assert check.status is Status.FAIL


def test_servers_that_do_not_answer(tmp_path: Path) -> None:
    dead = "http://127.0.0.1:1"
    checks = examined(unit(tmp_path, identity=dead, creatio=dead))
    for check_id in ("identity.reachable", "creatio.runtime"):
        finding = checks[check_id].finding
        assert finding is not None
        assert finding.unreachable


def test_a_creatio_without_an_identity_service(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        script_creatio(server, "/0")
        server.script("GET", "/.well-known/openid-configuration", html_reply())
        checks = examined(unit(tmp_path, identity=server.url, creatio=server.url))
        assert checks["identity.reachable"].status is Status.FAIL
        assert checks["creatio.runtime"].status is Status.PASS


def offline(environment: Environment) -> dict[str, Check]:
    return {check.id: check for check in asyncio.run(examine_offline(environment)).checks}


def test_offline_nothing_is_reached(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("let-me-in")
    with ScriptedServer() as server:
        nowhere = unit(
            tmp_path,
            database="postgresql://me@127.0.0.1:1/none",
            database_password={"file": "password"},
            identity=server.url,
            creatio=server.url,
        )
        checks = offline(nowhere)
        assert server.connections == 0
    statuses = {check_id: check.status for check_id, check in checks.items()}
    assert statuses == {
        "config.tls": Status.PASS,
        "secrets.client": Status.SKIPPED,
        "secrets.database": Status.PASS,
        "database.driver": Status.PASS,
    }
    assert checks["database.driver"].summary.startswith("psycopg ")


def test_offline_a_wrong_address_is_found(tmp_path: Path) -> None:
    checks = offline(unit(tmp_path, database="postgresql://me@h/d?no_such_option=1"))
    assert told(checks["database.driver"]) == "config"


def test_offline_sql_servers_driver_is_looked_for(tmp_path: Path) -> None:
    pytest.importorskip("pyodbc")
    checks = offline(unit(tmp_path, database="mssql://me@h/d?DRIVER=mine"))
    assert checks["database.driver"].summary.endswith(", mine")


def test_offline_missing_secrets_are_found(tmp_path: Path) -> None:
    missing = unit(tmp_path, database={"file": "none"})
    checks = offline(missing)
    assert checks["secrets.database"].status is Status.FAIL
    assert checks["database.driver"].status is Status.SKIPPED
    assert offline(unit(tmp_path))["database.driver"].status is Status.SKIPPED
