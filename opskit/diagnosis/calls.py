# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Why Creatio refuses every call: what it says of itself, and what the other prefix answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from opskit.explain import finding
from opskit.health import Health, ask_oauth
from opskit.http import Http
from opskit.models import Check, Status
from opskit.smoke_settings import DATA_PATHS

_PREFIX = "/0"
_WITHIN = 10.0  # seconds for OAuthHealthCheck, where it was not asked before

# Calls that got no further than the door, and those that may have knocked at a wrong one.
REFUSED = frozenset({"unauthorized", "csrf-demanded", "login-redirect", "login-page"})
_ELSEWHERE = frozenset({"service-absent", "odata3-absent", "entity-unknown", "iis-not-found"})
_UNDONE = frozenset({Status.SKIPPED, Status.UNSUPPORTED})

# Makes one cheap call against an API's base, and returns whether it was let in.
Probe = Callable[[str], Awaitable[bool]]


async def name_cause(
    http: Http, api: str, checks: Sequence[Check], probe: Probe, health: Health | None
) -> Sequence[Check]:
    """Return the checks, with the one cause where every call was refused.

    Args:
        http: the environment's connections.
        api: base URL of the API that refused.
        checks: one for each data path, and those of Creatio's own health. Checks of the
            environment's own are explained like the others, and prove nothing: their services
            may take anybody, or are expected to refuse.
        probe: makes a call against another base URL.
        health: what OAuthHealthCheck says; None where it was not asked yet.
    """
    calls = _made(checks)
    ids = [check.finding.id if check.finding else "" for check in calls]
    if not ids or not set(ids) <= REFUSED | _ELSEWHERE:
        return checks
    other = api.removesuffix(_PREFIX) if api.endswith(_PREFIX) else api + _PREFIX
    oauth, accepted = await asyncio.gather(_asked(http, api, health), probe(other))
    named = oauth.problem.id if oauth.named and oauth.problem else ""
    evidence = (
        oauth.words,
        f"The same call below {other}/ {'was answered' if accepted else 'was refused too'}.",
    )

    def explained(check: Check) -> Check:
        found = check.finding.id if check.finding else ""
        if check.finding is None or check.status in _UNDONE or found not in REFUSED | _ELSEWHERE:
            return check
        cause = "prefix-wrong" if accepted else named or _cause(found, ids)
        if cause == "every-call-refused" and oauth.sound:
            cause = "client-unregistered"
        return replace(check, finding=finding(cause, check.finding.symptom, evidence=evidence))

    return [explained(check) for check in checks]


def answered(checks: Sequence[Check]) -> bool:
    """Return whether Creatio itself answered a data path, with data or by a refusal of its own."""
    findings = [check.finding for check in _made(checks)]
    return any(
        one is None or not (one.unreachable or one.transient or one.id in REFUSED | _ELSEWHERE)
        for one in findings
    )


def _made(checks: Sequence[Check]) -> list[Check]:
    """Return the data paths that were called."""
    return [check for check in checks if check.id in DATA_PATHS and check.status not in _UNDONE]


async def _asked(http: Http, api: str, health: Health | None) -> Health:
    return health or await ask_oauth(http, api, within=_WITHIN)


def _cause(found: str, ids: Sequence[str]) -> str:
    """Return what explains ``found`` among all that was found, where both questions led nowhere."""
    if len(ids) < 2:
        return found  # a single call says nothing of the others
    if found == "unauthorized":
        return "every-call-refused"
    if found in REFUSED:
        return "integration-off"
    # IIS says the same of an entity that OData does not expose; not where it says so of all.
    return "iis-not-found" if "iis-not-found" in ids else found
