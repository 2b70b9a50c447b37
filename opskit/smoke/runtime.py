# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Where Creatio's API is: under ``/0`` on .NET Framework, at the bare address on .NET."""

import asyncio

from opskit.checks import failed, passed, unanswered
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.http import Answer, Http
from opskit.models import Check
from opskit.settings import Environment

# Only the login pages tell the runtimes apart: the liveness check answers with and without /0.
LOGIN_PAGES = {"framework": "/0/Login/NuiLogin.aspx", "net": "/Login/Login.html"}
PREFIXES = {"framework": "/0", "net": ""}
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
    for runtime, answer in zip(LOGIN_PAGES, answers, strict=True):
        if isinstance(answer, Answer) and answer.status == 200 and answer.is_html:
            words = f"{_WORDS[runtime]} (its login page answers)"
            return creatio + PREFIXES[runtime], passed("runtime", words, answer.elapsed)
    return None, _unknown(answers)


def _unknown(answers: list[Answer | BaseException]) -> Check:
    for answer in answers:
        if isinstance(answer, NoAnswer):
            return failed("runtime", unanswered(answer))
        if isinstance(answer, BaseException):
            raise answer
    statuses = [answer.status for answer in answers if isinstance(answer, Answer)]
    words = " and ".join(str(status) for status in statuses)
    if any(status in {502, 503, 504} for status in statuses):
        return failed("runtime", finding("restarting", f"The login pages answer {words}."))
    return failed("runtime", finding("runtime-unknown", f"The login pages answer {words}."))
