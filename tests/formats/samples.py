# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Results of every kind that reports are made of, and names that try to break out of them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from opskit.checks import failed, passed, skipped, warned
from opskit.errors import ConfigError, Interrupted, LoginRefused, PolicyError
from opskit.explain import finding
from opskit.formats import Run
from opskit.models import (
    Applied,
    Change,
    ChangeSet,
    Check,
    Client,
    EnvironmentPlan,
    EnvironmentReport,
    Latency,
    Outcome,
    Plan,
    Report,
    Status,
    VerifiedClient,
    Violation,
)
from opskit.results import Result

RUN = Run(datetime(2026, 11, 24, 8, 15, 2, tzinfo=UTC), 2.345)
LATENCY = Latency(20, 0.04, 0.05, 0.08, 0.12, 0.13)
PATHS = ("odata4", "odata3", "dataservice", "webservice")
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\"quoted\" & 'quoted' \\",
    "]]> <!-- {{ 7*7 }} {% raw %}",
    "a\x00b\x07c\x1b[31md\x85\ufffe\uffff",
    "\u202egnirts\u202c \u200f\u2066x",
    "two\nlines\r\nand\ta tab",
    "::error::%0A,%3A##[error]",
    "| a | `b` | **c** | [d](javascript:alert(1)) | @somebody | http://example.com",
    "x" * 200,
    "Überweisung 日本語 עברית 👩‍💻",
)


def checks_gone_wrong(name: str = "prod") -> EnvironmentReport:
    evidence = ["The system setting OAuth20Integration is off."]
    refused = finding("login-redirect", "302 to the login page", evidence=evidence)
    fine = Check("token", Status.PASS, "expires in 3600 s", None, 0.05, LATENCY)
    return EnvironmentReport(name, [fine, *(failed(path, refused, 0.006) for path in PATHS)])


WAITED = "9 attempts in 31.0 s; gave up: waiting cannot mend odata4"


def waited_for(name: str = "prod") -> EnvironmentReport:
    return replace(
        checks_gone_wrong(name), attempts=9, waited=31, gave_up="waiting cannot mend odata4"
    )


def checks_gone_well(name: str = "dev") -> EnvironmentReport:
    warning = warned("dataservice", finding("routes-reloading", "Routes are reloaded."), 0.3)
    absent = Check("odata3", Status.UNSUPPORTED, "absent on this runtime")
    left_out = skipped("webservice", "skip in opskit.toml")
    fine = passed("token", "expires in 3600 s", 0.05)
    return EnvironmentReport(
        name, [fine, passed("odata4", "2 rows", 0.1), absent, warning, left_out]
    )


def smoke(environments: int) -> Result:
    """A smoke check over many environments, each seventh of them broken."""
    names = [f"customer-{number:03d}" for number in range(environments)]
    reports = [
        checks_gone_wrong(name) if at % 7 == 1 else checks_gone_well(name)
        for at, name in enumerate(names)
    ]
    return Result("smoke", Report(reports))


def planned(name: str | None = "Data Mart Sync", *, override: bool = False) -> Plan:
    too_long = "over the maximum of 86400 s (1d) in opskit.toml"
    dev = EnvironmentPlan(
        "dev",
        1,
        [Change("C1", name, 3600, 1800), Change("C2", "Billing Export", 1800, 1800)],
        [Client("C3", "Legacy", 604800, True), Client("C4", "Old App", 3600, False)],
        ["Ghost*"],
        [Violation("C3", "Legacy", 604800, False, too_long)],
    )
    broken = Violation("C5", name, 172800, True, too_long)
    prod = EnvironmentPlan("prod", 2, [Change("C5", name, 3600, 172800)], violations=[broken])
    return Plan([dev, prod] if override else [dev], "5d0c7d6b3b1e" * 5, override, "plan.json")


def refused_plan() -> Result:
    plan = planned(override=True)
    error = PolicyError("The policy refuses it.", remedy="Mend it.", environment="prod")
    return Result("plan", Plan(plan.environments, plan.hash), [error])


def applied() -> Applied:
    read_back = passed("lifetime.read_back", "the database holds 1800 s")
    proof = passed("lifetime.fresh_token", "a fresh token lives 1800 s (30m)", 0.05)
    stale = failed("lifetime.fresh_token", finding("lifetime-stale", "It lives 3600 s."), 0.06)
    there, back = (
        Change("C1", "Data Mart Sync", 3600, 1800),
        Change("C1", "Data Mart Sync", 1800, 3600),
    )
    return Applied(
        "5d0c7d6b3b1e" * 5,
        [
            ChangeSet("dev", Outcome.CHANGED, [there], [read_back, proof], ["over 4 h"], "set-1"),
            ChangeSet("test", Outcome.CHANGED, [there], [read_back, stale, proof], (), "set-2"),
        ],
        [checks_gone_well()],
        [ChangeSet("test", Outcome.CHANGED, [back], [read_back], (), "set-3", "set-2")],
        ["prod"],
    )


def carried_out() -> Plan:
    """What was to be done of which ``applied`` tells."""
    wanted = {"dev": (1, "C1"), "test": (2, "C1"), "prod": (3, "C1")}
    legacy = Client("C3", "Legacy", 604800, True)
    too_long = Violation("C3", "Legacy", 604800, False, "over the maximum of 86400 s (1d)")
    parts = [
        EnvironmentPlan(
            environment,
            wave,
            [Change(client, "Data Mart Sync", 3600, 1800), Change("C2", "Billing", 900, 900)],
            [legacy, Client("C4", "Old App", 3600, False)],
            violations=[too_long],
        )
        for environment, (wave, client) in wanted.items()
    ]
    return Plan(parts, "5d0c7d6b3b1e" * 5)


def verified() -> Result:
    """Tokens that are as the database says, older, alone, outside the policy, and refused."""
    clients = {
        "dev": VerifiedClient("C1", "Data Mart Sync", 1800, 1800, False),
        "test": VerifiedClient("C2", "Data Mart Sync", 1800, 3600, False),
        "stage": VerifiedClient("C3", "Data Mart Sync", None, 1800, False),
        "prod": VerifiedClient("C4", "Data Mart Sync", 172800, 172800, True),
        "other": VerifiedClient("C5", None, 600, None, False),
        "gone": None,
    }
    stale = failed("lifetime.database", finding("lifetime-stale", "It lives 3600 s."), 0.06)
    fine = passed("lifetime.database", "a fresh token lives so long", 0.05)
    return Result(
        "verify",
        Report(
            [
                EnvironmentReport(name, [stale if name == "test" else fine], client=client)
                for name, client in clients.items()
            ]
        ),
    )


NO_CONFIG = ConfigError("There is no opskit.toml.", remedy="Write one: opskit init")
UNREACHED = LoginRefused("Wrong password.", remedy="Set the right one.", environment="gone")

RESULTS: Mapping[str, Result] = {
    "well": Result("smoke", Report([checks_gone_well()])),
    "wrong": Result("smoke", Report([checks_gone_well(), checks_gone_wrong()])),
    "waited": Result("smoke", Report([waited_for("prod")])),
    "unreached": Result("verify", Report([checks_gone_well()]), [UNREACHED]),
    "no config": Result("smoke", None, [NO_CONFIG]),
    "interrupted": Result("smoke", None, [Interrupted("Interrupted.")]),
    "nothing": Result("smoke", Report([])),
    "plan": Result("plan", planned()),
    "pending plan": Result("plan", planned(), pending_matters=True),
    "refused plan": refused_plan(),
    "accepted plan": Result("plan", planned(override=True)),
    "no name": Result("plan", planned(None)),
    "refused apply": Result("apply", planned(override=True), refused_plan().errors),
    "applied": Result("apply", applied(), plan=carried_out()),
    "verified": verified(),
    "dry run": Result(
        "apply",
        Applied("ab" * 32, [ChangeSet("dev", Outcome.DRY_RUN, [Change("C1", None, 3, 4)])]),
        plan=planned(),
    ),
    "200 environments": smoke(200),
}


def named(text: str) -> list[Result]:
    """Results in which everything that comes from elsewhere is ``text``."""
    seen = finding("unexpected-status", text, evidence=[text])
    checks = [failed("odata4", seen, 0.1), skipped("odata3", text)]
    report = EnvironmentReport(text, checks, client=VerifiedClient(text, text, 3600, 1800, True))
    error = LoginRefused(text, remedy=text, environment=text)
    change = Change(text, text, 3600, 1800)
    client = Client(text, text, 3600, True)
    violation = Violation(text, text, 1800, True, text)
    plan = Plan(
        [EnvironmentPlan(text, 1, [change], [client], [text], [violation])], "ab" * 32, path=text
    )
    done = ChangeSet(text, Outcome.CHANGED, [change], report.checks, [text], text)
    back = ChangeSet(text, Outcome.CHANGED, [change], (), (), text, text)
    return [
        Result("verify", Report([report]), [error]),
        Result("plan", plan, [error]),
        Result("apply", Applied("ab" * 32, [done], [report], [back], [text]), [error], plan=plan),
    ]
