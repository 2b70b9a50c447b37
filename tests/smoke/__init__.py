# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of smoke share."""

import asyncio
from pathlib import Path

import msgspec

from opskit.conditions import Condition
from opskit.models import Check
from opskit.settings import Environment
from opskit.smoke import smoke
from opskit.smoke_settings import OwnCheck
from tests.conftest import environment
from tests.scripted_server import ScriptedServer

CLIENT = "client-1"
SECRET = "correct horse battery staple"
PATHS = ("odata4", "odata3", "dataservice", "webservice")
HEALTH = ("health.ping", "health.oauth")

# A check of one's own, for the sandbox's web service.
ORDERS = OwnCheck(
    name="orders",
    path="rest/OrderService/Latest",
    expect=(
        Condition(at="Result.State", equals="ok"),
        Condition(at="Result.Orders", min_items=1),
        Condition(at="Result.Orders.*.Number", contains="SO-10"),
    ),
)


def unit(
    folder: Path, server: ScriptedServer, secret: str = SECRET, /, **settings: object
) -> Environment:
    """Return an environment whose Identity Service and Creatio are both ``server``."""
    (folder / "secret").write_text(secret, encoding="utf-8")
    content: dict[str, object] = {"identity": server.url, "creatio": server.url, "runtime": "net"}
    content["clients"] = [{"id": CLIENT, "secret": {"file": "secret"}}]
    return environment(folder, **{**content, **settings})


def with_checks(where: Environment, *checks: OwnCheck) -> Environment:
    """Return the environment with checks of its own."""
    smoke = msgspec.structs.replace(where.smoke, checks=checks)
    return msgspec.structs.replace(where, smoke=smoke)


def smoked(where: Environment) -> dict[str, Check]:
    """Run smoke; return its checks by id."""
    report = asyncio.run(smoke(where))
    checks = {check.id: check for check in report.checks}
    own = [check.name for check in where.smoke.checks]
    assert list(checks) == ["token", "runtime", *HEALTH, *PATHS, *own]
    return checks
