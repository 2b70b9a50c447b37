# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Why Creatio refuses every call: what it says of itself, and what the other prefix answers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from opskit.diagnose import diagnose
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.http import Http
from opskit.models import Check, Status

HEALTH_PATH = "/api/OAuthHealthCheck"
_PREFIX = "/0"
_WITHIN = 10.0  # seconds for each of the two questions

# Calls that got no further than the door, and those that may have knocked at a wrong one.
REFUSED = frozenset({"unauthorized", "csrf-demanded", "login-redirect", "login-page"})
_ELSEWHERE = frozenset({"service-absent", "odata3-absent", "entity-unknown", "iis-not-found"})
_UNDONE = frozenset({Status.SKIPPED, Status.UNSUPPORTED})

# Words of OAuthHealthCheck, in the order in which they are looked for.
_PROBLEMS = (
    ("access_token", "system-token-refused"),
    ("is empty", "identity-url-empty"),
    ("unavailable", "identity-unavailable"),
)

# Makes one cheap call against an API's base, and returns whether it was let in.
Probe = Callable[[str], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class _Health:
    """What OAuthHealthCheck says.

    Attributes:
        words: for the evidence.
        finding_id: the problem that it names; empty without one.
        sound: True where it finds none; False too where it is absent or refuses to speak.
    """

    words: str
    finding_id: str = ""
    sound: bool = False


async def name_cause(
    http: Http, api: str, checks: Sequence[Check], probe: Probe
) -> Sequence[Check]:
    """Return the checks, with the one cause where every call was refused.

    Args:
        http: the environment's connections.
        api: base URL of the API that refused.
        checks: one for each data path.
        probe: makes a call against another base URL.
    """
    ids = [
        check.finding.id if check.finding else "" for check in checks if check.status not in _UNDONE
    ]
    if not ids or not set(ids) <= REFUSED | _ELSEWHERE:
        return checks
    other = api.removesuffix(_PREFIX) if api.endswith(_PREFIX) else api + _PREFIX
    health, accepted = await asyncio.gather(_ask_health(http, api), probe(other))
    evidence = (
        health.words,
        f"The same call below {other}/ {'was answered' if accepted else 'was refused too'}.",
    )

    def explained(check: Check) -> Check:
        if check.finding is None or check.status in _UNDONE:
            return check
        cause = "prefix-wrong" if accepted else health.finding_id or _cause(check.finding.id, ids)
        if cause == "every-call-refused" and health.sound:
            cause = "client-unregistered"
        return replace(check, finding=finding(cause, check.finding.symptom, evidence=evidence))

    return [explained(check) for check in checks]


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


async def _ask_health(http: Http, api: str) -> _Health:
    name = f"OAuthHealthCheck below {api}/"
    try:
        answer = await http.request("GET", api + HEALTH_PATH, within=_WITHIN)
    except NoAnswer as error:
        return _Health(f"{name} gave no answer: {error.message}")
    content = answer.json()
    if isinstance(content, dict) and isinstance(content.get("HasProblem"), bool):
        if not content["HasProblem"]:
            return _Health(f"{name}: HasProblem is false.", sound=True)
        text = answer.text.lower()
        problem = next((known for words, known in _PROBLEMS if words in text), "oauth-problem")
        return _Health(f"{name}: {answer.excerpt()}", problem)
    if answer.status == 404 and not answer.is_html:
        return _Health(f"{name}: 404; it is there from Creatio 8.1.2 on (on .NET from 8.3.2 on).")
    wrong = diagnose(answer)
    return _Health(f"{name}: {wrong.symptom if wrong else answer.excerpt()}")
