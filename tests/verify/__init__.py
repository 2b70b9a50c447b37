# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of verify share."""

import asyncio
from pathlib import Path

from opskit.models import Check, Status
from opskit.settings import Environment
from opskit.verify import verify
from tests.conftest import environment

CLIENT = "client-1"
SECRET = "correct horse battery staple"


def unit(folder: Path, identity: str, secret: str = SECRET, /, **settings: object) -> Environment:
    """Return an environment with an Identity Service and one client."""
    (folder / "secret").write_text(secret, encoding="utf-8")
    client = {"id": CLIENT, "secret": {"file": "secret"}}
    return environment(folder, **{"identity": identity, "clients": [client], **settings})


def verified(where: Environment, client_id: str | None = None) -> dict[str, Check]:
    """Run verify; return its checks by id."""
    report = asyncio.run(verify(where, client_id))
    checks = {check.id: check for check in report.checks}
    assert len(checks) == len(report.checks), "an id twice"
    assert "Traceback" not in str(report)
    return checks


def statuses(checks: dict[str, Check], *wanted: Status) -> list[str]:
    """Return the ids of the checks that ended in one of ``wanted``."""
    return [check.id for check in checks.values() if check.status in wanted]


def assert_failed(check: Check, finding: str, words: str = "") -> None:
    """Expect a failure that is explained by ``finding`` and says ``words``."""
    assert check.finding is not None, check
    assert (check.status, check.finding.id) == (Status.FAIL, finding), check
    assert words in check.summary
    assert check.summary == check.finding.symptom
