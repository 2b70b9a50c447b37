# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What is known to fail, end to end: a fault in the sandbox, and the finding that names it.

One line for each way in which sign-in and data paths are known to fail.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opskit.explain import EXPLANATIONS
from opskit.models import Check, Status
from opskit.sandbox.faults import DESCRIPTIONS, NEED_TLS, Fault
from opskit.smoke import smoke
from opskit.verify import verify
from tests.cli.conftest import altered, run
from tests.conftest import Sandbox
from tests.smoke import HEALTH, ORDERS, PATHS, with_checks

ROOT = Path(__file__).resolve().parents[1]
ODATA = ("odata4", "odata3")
TOKENS = ("token.post", "token.basic")
SMOKE = ("token", *HEALTH, *PATHS, ORDERS.name)
SECURED = ("token", *HEALTH)  # the Identity Service's certificate, and Creatio's

# Fault → the checks of verify or smoke that show it → how they end and by which finding.
REHEARSALS: dict[Fault, tuple[tuple[str, ...], Status, str]] = {
    # Nothing comes back.
    Fault.IDENTITY_STOPPED: (("token",), Status.FAIL, "connection-refused"),
    Fault.CREATIO_STOPPED: ((*HEALTH, *PATHS), Status.FAIL, "connection-refused"),
    Fault.CERTIFICATE_EXPIRED: (SECURED, Status.FAIL, "tls-expired"),
    Fault.CERTIFICATE_NOT_YET_VALID: (SECURED, Status.FAIL, "tls-not-yet-valid"),
    Fault.CERTIFICATE_WRONG_HOST: (SECURED, Status.FAIL, "tls-wrong-host"),
    Fault.CERTIFICATE_SELF_SIGNED: (SECURED, Status.FAIL, "tls-self-signed"),
    Fault.CERTIFICATE_UNKNOWN_ISSUER: (SECURED, Status.FAIL, "tls-unknown-issuer"),
    # The database answers 42P01.
    Fault.TABLE_MISSING: (("lifetime.database",), Status.FAIL, "table-missing"),
    # The token endpoint answers invalid_client, unauthorized_client or invalid_scope.
    Fault.CLIENT_UNKNOWN: (TOKENS, Status.FAIL, "client-unknown"),
    Fault.CLIENT_DISABLED: (TOKENS, Status.FAIL, "client-disabled"),
    Fault.LIFETIME_ZERO: (TOKENS, Status.FAIL, "lifetime-not-positive"),
    Fault.SECRET_WRONG: (TOKENS, Status.FAIL, "secret-wrong"),
    Fault.SECRET_EXPIRED: (TOKENS, Status.FAIL, "secret-expired"),
    Fault.GRANT_MISSING: (TOKENS, Status.FAIL, "grant-missing"),
    Fault.SCOPE_NONE: (TOKENS, Status.FAIL, "scope-none"),
    Fault.INVALID_SCOPE: (TOKENS, Status.FAIL, "invalid-scope"),
    # The token is not what it should be.
    Fault.WRONG_KEY: (("token.key",), Status.FAIL, "key-unknown"),
    Fault.WRONG_ISSUER: (("token.issuer",), Status.FAIL, "issuer-mismatch"),
    Fault.INTERNAL_ENDPOINTS: (("discovery.endpoints",), Status.FAIL, "internal-endpoints"),
    # The token is fine, and every call is refused.
    Fault.CLIENT_UNREGISTERED: (PATHS, Status.FAIL, "client-unregistered"),
    Fault.USER_INACTIVE: (PATHS, Status.FAIL, "client-unregistered"),
    Fault.UNAUTHORIZED: (PATHS, Status.FAIL, "client-unregistered"),
    Fault.IDENTITY_URL_EMPTY: (PATHS, Status.FAIL, "identity-url-empty"),
    Fault.IDENTITY_UNAVAILABLE: (PATHS, Status.FAIL, "identity-unavailable"),
    Fault.SYSTEM_TOKEN_REFUSED: (PATHS, Status.FAIL, "system-token-refused"),
    Fault.HEALTH_PROBLEM: (("health.oauth",), Status.FAIL, "oauth-problem"),
    Fault.HEALTH_ABSENT: (("health.oauth",), Status.UNSUPPORTED, "health-absent"),
    # The token is ignored.
    Fault.OTHER_RUNTIME: (PATHS, Status.FAIL, "prefix-wrong"),
    Fault.LOGIN_REDIRECT: (PATHS, Status.FAIL, "integration-off"),
    Fault.LOGIN_HTML: (PATHS, Status.FAIL, "integration-off"),
    Fault.CSRF_DEMANDED: (PATHS, Status.FAIL, "integration-off"),
    # Rights.
    Fault.ODATA_RIGHTS: (ODATA, Status.FAIL, "odata-rights"),
    Fault.ODATA_EMPTY: (ODATA, Status.WARN, "rows-empty"),
    Fault.SUCCESS_FALSE: (("dataservice",), Status.FAIL, "object-rights"),
    Fault.ACCESS_DENIED: (("dataservice",), Status.FAIL, "object-restricted"),
    # A check of one's own.
    Fault.ORDERS_BUSY: (("orders",), Status.FAIL, "condition-not-met"),
    # Deploys, restarts, what is not there.
    Fault.ROUTES_RELOADING: (PATHS, Status.FAIL, "routes-reloading"),
    Fault.ODATA_REBUILDING: (("odata4",), Status.FAIL, "entity-unknown"),
    Fault.ODATA3_ABSENT: (("odata3",), Status.UNSUPPORTED, "odata3-absent"),
    Fault.COLUMN_UNKNOWN: (ODATA, Status.FAIL, "column-unknown"),
    Fault.UNAVAILABLE: (PATHS, Status.FAIL, "restarting"),
    # Somebody else's pages.
    Fault.IIS_NOT_FOUND: (PATHS, Status.FAIL, "iis-not-found"),
    Fault.IIS_UNAVAILABLE: (PATHS, Status.FAIL, "iis-unavailable"),
    Fault.ASPNET_ERROR: (PATHS, Status.FAIL, "aspnet-error"),
    Fault.ASPNET_CORE_NOT_STARTED: (PATHS, Status.FAIL, "aspnet-core-not-started"),
    Fault.HTML_GATEWAY: (PATHS, Status.FAIL, "gateway-page"),
    Fault.LARGE: (("odata4",), Status.FAIL, "answer-too-large"),
}

MENDED = '[environments.dev]\nschema = "identity"'

# Rehearsed by tests of their own: below, in tests/smoke and in tests/verify.
ELSEWHERE = {Fault.CACHE, Fault.SLOW, Fault.UNAUTHORIZED_ONCE}


def place_of(fault: Fault) -> str:
    return "prod" if fault in NEED_TLS else "dev"


def checks_of(sandbox: Sandbox, fault: Fault) -> dict[str, Check]:
    where, (shown_by, _, _) = sandbox.environment(place_of(fault)), REHEARSALS[fault]
    if set(shown_by) <= set(SMOKE):
        report = asyncio.run(smoke(with_checks(where, ORDERS)))
    else:
        report = asyncio.run(verify(where))
    return {check.id: check for check in report.checks}


@pytest.mark.parametrize("fault", REHEARSALS, ids=str)
def test_each_fault_has_its_finding(sandbox: Sandbox, fault: Fault) -> None:
    shown_by, status, finding_id = REHEARSALS[fault]
    sandbox.fault(fault, place_of(fault))
    checks = checks_of(sandbox, fault)
    ended = {i: (checks[i].status, getattr(checks[i].finding, "id", "")) for i in shown_by}
    assert ended == dict.fromkeys(shown_by, (status, finding_id))


# Faults in place of every page, the login pages by which a runtime is found out too.
EVERYWHERE = (
    Fault.CREATIO_STOPPED,
    *(Fault.UNAVAILABLE, Fault.IIS_NOT_FOUND, Fault.IIS_UNAVAILABLE),
    *(Fault.ASPNET_ERROR, Fault.ASPNET_CORE_NOT_STARTED, Fault.HTML_GATEWAY),
)


@pytest.mark.parametrize("fault", EVERYWHERE, ids=str)
def test_it_has_the_same_finding_where_the_runtime_is_found_out(
    sandbox: Sandbox, fault: Fault
) -> None:
    where = sandbox.environment("test")
    assert where.runtime == "auto"
    sandbox.fault(fault, "test")
    report = asyncio.run(smoke(where))
    failures = {check.id: check.finding for check in report.checks if check.status is Status.FAIL}
    assert set(failures) == {"runtime"}
    assert failures["runtime"] is not None
    assert failures["runtime"].id == REHEARSALS[fault][2]


@pytest.mark.parametrize("fault", REHEARSALS, ids=str)
def test_each_fault_leaves_nothing_behind(sandbox: Sandbox, fault: Fault) -> None:
    for _ in range(2):  # told twice, it breaks once
        sandbox.fault(fault, place_of(fault))
    sandbox.mend(fault, place_of(fault))
    shown_by, _, _ = REHEARSALS[fault]
    checks = checks_of(sandbox, fault)
    assert {checks[check_id].status for check_id in shown_by} == {Status.PASS}


def test_every_fault_is_rehearsed() -> None:
    assert set(REHEARSALS) | ELSEWHERE == set(Fault) == set(DESCRIPTIONS)
    assert not set(REHEARSALS) & ELSEWHERE


@pytest.mark.parametrize("finding_id", sorted({known for _, _, known in REHEARSALS.values()}))
def test_each_finding_is_explained_and_documented(finding_id: str) -> None:
    assert finding_id in EXPLANATIONS
    page = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert f"\n## {finding_id}\n" in page


def test_an_old_lifetime_from_a_cache(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.CACHE, seconds=60)
    client = sandbox.environment().clients[0].id
    arguments = ("lifetime", "set", client, "20m", "-e", "dev", "-o", "json")
    ran = run(*arguments, config=sandbox.config)
    (change_set,) = ran.json()["data"]["change_sets"]
    assert ran.code == 1
    assert change_set["checks"][1]["finding"]["id"] == "lifetime-stale"


def test_a_table_that_is_not_found_at_the_terminal(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.fault(Fault.TABLE_MISSING)
    said = 'No table "Clients" in schema public; there is one in identity.'
    for command in ("verify", "doctor"):
        ran = run(command, "-e", "dev", config=sandbox.config)
        assert ran.code == 1
        assert said in ran.out
        assert "more opskit explain table-missing" in ran.out
    ran = run("lifetime", "list", "-e", "dev", config=sandbox.config)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert 'Set schema = "identity" under [environments.dev].' in ran.err
    mended = altered(sandbox, tmp_path, ("[environments.dev]", MENDED))
    assert run("verify", "-e", "dev", config=mended).code == 0


def test_a_certificate_that_has_expired_at_the_terminal(sandbox: Sandbox) -> None:
    switch = ("sandbox", "fault", "certificate-expired", "-e", "prod", "--dir", str(sandbox.folder))
    assert run(*switch).code == 0
    ran = run("smoke", "-e", "prod", config=sandbox.config)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    assert ran.code == 3
    assert "failed: certificate has expired." in ran.out
    assert re.search(rf"saw  It is valid from \S+ \S+ UTC to {yesterday:%Y-%m-%d} ", ran.out)
    assert "It has nothing to do with credentials." in ran.out
    assert "more opskit explain tls-expired" in ran.out
    assert run(*switch, "--off").code == 0
    assert run("smoke", "-e", "prod", config=sandbox.config).code == 0


def test_a_refusal_at_the_terminal(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.SECRET_EXPIRED)
    ran = run("verify", "-e", "dev", config=sandbox.config)
    assert ran.code == 1
    assert "the secret expired 20" in ran.out
    assert "saw  ClientSecrets: the secret of opskit.toml, expired 20" in ran.out
    assert "more opskit explain secret-expired" in ran.out
    ran = run("smoke", "-e", "dev", "-o", "json", config=sandbox.config)
    (report,) = ran.json()["data"]["environments"]
    token = next(check for check in report["checks"] if check["id"] == "token")
    assert token["finding"]["id"] == "secret-expired"
    assert len(token["finding"]["evidence"]) == 5
