# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Where Creatio's API is: under ``/0`` on .NET Framework, at the bare address on .NET."""

import asyncio

from opskit.checks import failed, passed, unanswered
from opskit.diagnosis.answers import diagnose
from opskit.diagnosis.pages import is_login_page
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.http import Answer, Http
from opskit.models import Check, Finding
from opskit.settings import Environment

# Only the login pages tell the runtimes apart: the liveness check answers with and without /0.
LOGIN_PAGES = {"framework": "/0/Login/NuiLogin.aspx", "net": "/Login/Login.html"}
PREFIXES = {"framework": "/0", "net": ""}
# What a web server says of itself, rather than of one page.
_TELLING = frozenset(
    {
        *("restarting", "iis-unavailable", "aspnet-core-not-started", "aspnet-error", "iis-error"),
        *("gateway-page", "gateway-sign-in", "redirect", "web-page"),
    }
)
_WORDS = {"framework": ".NET Framework, API under /0", "net": ".NET, API without /0"}


async def find_api(http: Http, environment: Environment) -> tuple[str | None, Check]:
    """Return the API's base URL, or None, and the check that says how it was found.

    Raises:
        ConfigError: the environment has no Creatio.
    """
    creatio = environment.require("creatio").rstrip("/")
    if environment.runtime != "auto":
        prefix, words = PREFIXES[environment.runtime], _WORDS[environment.runtime]
        return creatio + prefix, passed("runtime", f"{words} (configured)")
    pages = [http.request("GET", creatio + page) for page in LOGIN_PAGES.values()]
    answers = await asyncio.gather(*pages, return_exceptions=True)
    pages_seen = {
        runtime: answer
        for runtime, answer in zip(LOGIN_PAGES, answers, strict=True)
        if isinstance(answer, Answer) and answer.status == 200 and answer.is_html
    }
    # Where both addresses answer, only Creatio's own page counts: maintenance pages do that, too.
    if len(pages_seen) > 1:
        pages_seen = {one: page for one, page in pages_seen.items() if is_login_page(page)}
    if not pages_seen:
        return None, _unknown(answers)
    runtime, page = next(iter(pages_seen.items()))
    words = f"{_WORDS[runtime]} (its login page answers)"
    return creatio + PREFIXES[runtime], passed("runtime", words, page.elapsed)


def _unknown(answers: list[Answer | BaseException]) -> Check:
    for answer in answers:
        if isinstance(answer, NoAnswer):
            return failed("runtime", unanswered(answer))
        if isinstance(answer, BaseException):
            raise answer
    seen = [answer for answer in answers if isinstance(answer, Answer)]
    if telling := _telling([found for answer in seen if (found := diagnose(answer))]):
        words = f"Instead of a login page: {telling.symptom}"
        return failed("runtime", finding(telling.id, words))
    words = " and ".join(str(answer.status) for answer in seen)
    return failed("runtime", finding("runtime-unknown", f"The login pages answer {words}."))


def _telling(found: list[Finding]) -> Finding | None:
    """Return what says why no login page came; one that waiting may mend goes first.

    One of the two pages is never there, so that IIS does not know it says nothing by itself.
    """
    everywhere = {one.id for one in found} == {"iis-not-found"} and len(found) == len(LOGIN_PAGES)
    telling = [one for one in found if one.id in _TELLING or everywhere]
    return next((one for one in telling if one.transient), telling[0] if telling else None)
