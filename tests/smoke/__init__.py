# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of smoke share."""

import asyncio
from pathlib import Path

from opskit.models import Check
from opskit.settings import Environment
from opskit.smoke import smoke
from tests.conftest import environment
from tests.scripted_server import ScriptedServer

CLIENT = "client-1"
SECRET = "correct horse battery staple"
PATHS = ("odata4", "odata3", "dataservice", "webservice")


def unit(
    folder: Path, server: ScriptedServer, secret: str = SECRET, /, **settings: object
) -> Environment:
    """Return an environment whose Identity Service and Creatio are both ``server``."""
    (folder / "secret").write_text(secret, encoding="utf-8")
    content: dict[str, object] = {"identity": server.url, "creatio": server.url, "runtime": "net"}
    content["clients"] = [{"id": CLIENT, "secret": {"file": "secret"}}]
    return environment(folder, **{**content, **settings})


def smoked(where: Environment) -> dict[str, Check]:
    """Run smoke; return its checks by id."""
    report = asyncio.run(smoke(where))
    checks = {check.id: check for check in report.checks}
    assert list(checks) == ["token", "runtime", *PATHS]
    return checks
