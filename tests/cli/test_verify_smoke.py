# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit verify`` and ``opskit smoke``: their reports, as table and as JSON."""

import pytest

from opskit.sandbox.faults import Fault
from tests.cli.conftest import plain, posix_only, run, run_at_terminal
from tests.conftest import Sandbox

PATHS = ("odata4", "odata3", "dataservice", "webservice")


def test_verify_as_table(untouched: Sandbox) -> None:
    ran = run("verify", config=untouched.config)
    assert (ran.code, ran.err) == (0, "")
    for environment in ("dev", "test", "prod"):
        assert f"\n{environment}  " in f"\n{ran.out}"
    for check in ("discovery.reachable", "token.post", "token.basic", "token.signature"):
        assert ran.out.count(f"✓  {check} ") == 3
    assert ran.out.count("20 passed\n") == 3  # nothing to worry about, so no warning


def test_verify_as_json(untouched: Sandbox) -> None:
    arguments = ("verify", "-e", "dev", "--client", "Billing Export", "-o", "json")
    document = run(*arguments, config=untouched.config).json()
    assert (document["command"], document["errors"]) == ("verify", [])
    (dev,) = document["data"]["environments"]
    checks = {check["id"]: check for check in dev["checks"]}
    assert checks["lifetime.database"]["status"] == "pass"
    assert "1800 s" in checks["lifetime.database"]["summary"]
    assert checks["discovery.issuer"]["finding"] is None
    assert checks["token.post"]["elapsed"] > 0


def test_a_failed_verify_says_why(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.WRONG_KEY)
    ran = run("verify", "-e", "dev", config=sandbox.config)
    assert ran.code == 1
    assert "✗  token.key" in ran.out
    assert "why  Probably the signing certificate was replaced" in ran.out


def test_smoke_as_table(untouched: Sandbox) -> None:
    ran = run("smoke", "-e", "dev", "-e", "test", config=untouched.config)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("8 passed") == 2
    assert ".NET Framework, API under /0" in ran.out
    for path in PATHS:
        assert ran.out.count(f"✓  {path} ") == 2


def test_smoke_as_json(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.ODATA_RIGHTS)
    ran = run("smoke", "-e", "dev", "-o", "json", config=sandbox.config)
    assert ran.code == 1
    document = ran.json()
    assert document["errors"] == []  # a failed check is data
    checks = {check["id"]: check for check in document["data"]["environments"][0]["checks"]}
    assert [checks[path]["status"] for path in PATHS] == ["fail", "fail", "pass", "pass"]
    finding = checks["odata4"]["finding"]
    assert finding["id"] == "odata-rights"
    assert finding["symptom"] == checks["odata4"]["summary"]
    assert finding["cause"]
    assert finding["remedy"]
    assert finding["link"] == "docs/findings.md#odata-rights"


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault.UNAUTHORIZED_ONCE, 0, "401 first, then with a fresh token"),
        (Fault.UNAVAILABLE, 1, "The server answers 503."),
    ],
)
def test_smoke_with_a_fault(sandbox: Sandbox, fault: Fault, code: int, words: str) -> None:
    sandbox.fault(fault)
    ran = run("smoke", "-e", "dev", config=sandbox.config)
    assert ran.code == code
    assert words in ran.out


@posix_only
def test_a_report_fits_its_terminal(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.LOGIN_REDIRECT)
    ran = run_at_terminal("smoke", "-e", "dev", config=sandbox.config, columns=60)
    assert ran.code == 1
    assert "\x1b[1;31m✗\x1b[0m" in ran.out
    assert max(map(len, plain(ran.out).splitlines())) <= 60
