# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What Creatio says of itself: that it lives, and whether it can use its Identity Service."""

from dataclasses import dataclass

from opskit.checks import unanswered
from opskit.diagnosis.answers import diagnose
from opskit.diagnosis.pages import page_finding
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.http import Answer, Http
from opskit.models import Finding

OAUTH_PATH = "api/OAuthHealthCheck"
PING_PATH = "api/HealthCheck/Ping"

# Words of OAuthHealthCheck, in the order in which they are looked for.
_PROBLEMS = (
    ("access_token", "system-token-refused"),
    ("oauth20identityserverurl is empty", "identity-url-empty"),
    ("unavailable", "identity-unavailable"),
)


@dataclass(frozen=True, slots=True)
class Health:
    """One answer of a health check.

    Attributes:
        words: what was seen.
        problem: why it is not well; None where it is, or where nobody knows.
        absent: True where nothing answers under that path: this version of Creatio has no such
            check, or, where the web server says so in Creatio's place, ``problem`` holds.
        named: True where OAuthHealthCheck itself spoke, so that ``problem`` is the cause.
        elapsed: seconds until the answer was there; None without one.
    """

    words: str
    problem: Finding | None = None
    absent: bool = False
    named: bool = False
    elapsed: float | None = None

    @property
    def sound(self) -> bool:
        """Whether OAuthHealthCheck spoke, and found no problem."""
        return self.named and self.problem is None


async def ask_oauth(http: Http, api: str, within: float | None = None) -> Health:
    """Ask OAuthHealthCheck, which needs no token; it never fails for want of an answer.

    Args:
        http: the environment's connections.
        api: base URL of the API, without a slash at its end.
        within: seconds; the environment's timeout by default.
    """
    name = f"OAuthHealthCheck below {api}/"
    try:
        answer = await http.request("GET", f"{api}/{OAUTH_PATH}", within=within)
    except NoAnswer as error:
        return Health(f"{name} gave no answer: {error.message}", unanswered(error))
    content = answer.json()
    if isinstance(content, dict) and isinstance(content.get("HasProblem"), bool):
        if not content["HasProblem"]:
            return Health(f"{name}: HasProblem is false.", named=True, elapsed=answer.elapsed)
        text = answer.text.lower()
        known = next((problem for words, problem in _PROBLEMS if words in text), "oauth-problem")
        problem = finding(known, f"{answer.status}: {answer.excerpt()}")
        return Health(f"{name}: {answer.excerpt()}", problem, named=True, elapsed=answer.elapsed)
    if answer.status == 404:
        return _not_found(
            answer, f"{name}: 404; it is there from Creatio 8.1.2 on (on .NET from 8.3.2 on)."
        )
    wrong = diagnose(answer)
    if wrong is None:
        wrong = finding("unexpected-shape", f"No HasProblem in the answer: {answer.excerpt()}")
        return Health(f"{name}: {answer.excerpt()}", wrong, elapsed=answer.elapsed)
    return Health(f"{name}: {wrong.symptom}", wrong, elapsed=answer.elapsed)


async def ask_ping(http: Http, api: str) -> Health:
    """Ask whether the application lives; any answer that is no page says so.

    Args:
        http: the environment's connections.
        api: base URL of the API, without a slash at its end.
    """
    try:
        answer = await http.request("GET", f"{api}/{PING_PATH}")
    except NoAnswer as error:
        return Health(error.message, unanswered(error))
    if answer.status == 404:
        return _not_found(answer, "404: this Creatio has no Ping.")
    well = answer.status == 200 and not answer.is_html
    return Health("alive", None if well else diagnose(answer), elapsed=answer.elapsed)


def _not_found(answer: Answer, words: str) -> Health:
    """Return what a 404 says, which Creatio answers, or a web server that has no Creatio there."""
    page = page_finding(answer)
    if page is None or page.id not in {"iis-not-found", "gateway-page"}:
        return Health(words, absent=True, elapsed=answer.elapsed)
    return Health(words, page, absent=page.id == "iis-not-found", elapsed=answer.elapsed)
