# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Do sign-in and the ways to read data work? One token, and all calls at once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace

from opskit.checks import failed, passed, skipped, unanswered
from opskit.diagnosis.calls import answered, name_cause
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.health import Health, ask_oauth, ask_ping
from opskit.http import Answer, Http
from opskit.models import Check, EnvironmentReport, Finding, Status
from opskit.secrets import Secret
from opskit.settings import Environment
from opskit.smoke.health import health_check
from opskit.smoke.judge import judge
from opskit.smoke.path import DataPath
from opskit.smoke.paths import data_paths
from opskit.smoke.runtime import find_api
from opskit.smoke.tokens import TokenSource
from opskit.together import together
from opskit.verify.token import Token, TokenRefused

Place = tuple[str | None, Check]  # the API's base URL, and how it was found
_NO_API = "the runtime is not known"
Ask = Callable[[Http, str], Awaitable[Health]]


async def smoke(
    environment: Environment, client_name: str | None = None, *, http: Http | None = None
) -> EnvironmentReport:
    """Obtain one token and exercise all data paths of one environment with it.

    Args:
        environment: where.
        client_name: id or name of the client whose token to use; the first one by default.
        http: connections to use, which stay open; by default some of its own.

    Raises:
        ConfigError: the environment lacks Identity Service, Creatio or a client.
        ClientNotFound: no secret is known for ``client_name``.
        SecretError: the client's secret cannot be fetched.
    """
    async with nullcontext(http) if http else Http(environment) as http:
        tokens = TokenSource(environment, http, client_name)
        environment.require("creatio")
        place = asyncio.ensure_future(find_api(http, environment))
        run = _Run(environment, http, tokens, place)
        return EnvironmentReport(environment.name, await run.checks())


class _Run:
    """One run, and what its calls share."""

    def __init__(
        self,
        environment: Environment,
        http: Http,
        tokens: TokenSource,
        place: asyncio.Future[Place],
    ) -> None:
        self._settings = environment.smoke
        self._found_out = environment.runtime == "auto"
        self._http = http
        self._tokens = tokens
        self._place = place
        self._paths = data_paths(self._settings)

    async def checks(self) -> list[Check]:
        """Make all calls and return their checks, in the order in which they are read.

        The health checks need no token, so they are under way while it is obtained.
        """
        (token, results), ping, oauth, (api, runtime) = await together(
            self._call_all(),
            self._unless_skipped("health.ping", ask_ping),
            self._unless_skipped("health.oauth", ask_oauth),
            self._place,
        )
        # Its login page, by which the runtime was found out, lies below the same API.
        well = any(one and not one.absent and not one.problem for one in (ping, oauth))
        there = self._found_out or well or answered(results)
        health = [
            self._judged("health.ping", ping, runtime, there=there),
            self._judged("health.oauth", oauth, runtime, there=there),
        ]
        if api and token.status is Status.PASS:
            both = [*health, *results]
            return [token, runtime, *await name_cause(self._http, api, both, self._let_in, oauth)]
        return [token, runtime, *health, *results]

    async def _unless_skipped(self, name: str, ask: Ask) -> Health | None:
        """Ask a health check; None where it is skipped, or nobody knows where it is."""
        api, _ = await self._place
        return await ask(self._http, api) if api and name not in self._settings.skip else None

    def _judged(self, name: str, health: Health | None, runtime: Check, *, there: bool) -> Check:
        if health is None:
            return self._undone(name, _NO_API, runtime.finding)
        required = name in self._settings.require
        return health_check(name, health, required=required, there=there)

    async def _call_all(self) -> tuple[Check, Sequence[Check]]:
        """Return the token's check, and one for each data path."""
        # Not together(): the others that wait for the place are ended by checks().
        token, (api, runtime) = await asyncio.gather(self._tokens.current(), self._place)
        if isinstance(token, TokenRefused):
            cause = token.finding
            undone = [self._undone(path.name, "there is no token", cause) for path in self._paths]
            return failed("token", cause, token.elapsed), undone
        check = passed("token", f"expires in {token.expires_in} s", token.elapsed)
        if api is None:
            return check, [self._undone(p.name, _NO_API, runtime.finding) for p in self._paths]
        calls = (self._check(api, path, token) for path in self._paths)
        return check, await together(*calls)

    def _undone(self, name: str, reason: str, cause: Finding | None) -> Check:
        """Return the check of what was not called; it fails where it is required."""
        if name in self._settings.skip:
            return skipped(name, "skip in opskit.toml")
        if cause and name in self._settings.require:
            return failed(name, replace(cause, symptom=f"It is required, and {reason}."))
        return skipped(name, reason)

    async def _check(self, api: str, path: DataPath, token: Token) -> Check:
        """Make one call; on 401 once more with a fresh token, which the result tells."""
        if path.name in self._settings.skip:
            return self._undone(path.name, "", None)
        required = path.name in self._settings.require
        try:
            answer = await self._send(api, path, token.access)
            if answer.status != 401 or path.status == 401:
                return judge(path, answer, required=required)
            fresh = await self._tokens.after(token)
            if isinstance(fresh, TokenRefused):
                return failed(path.name, fresh.finding, fresh.elapsed)
            answer = await self._send(api, path, fresh.access)
        except NoAnswer as error:
            return failed(path.name, unanswered(error))
        if answer.status == 401:
            words = f"401, and again with a fresh token: {answer.excerpt()}"
            return failed(path.name, finding("unauthorized", words), answer.elapsed)
        check = judge(path, answer, required=required)
        return replace(check, summary=f"{check.summary} (401 first, then with a fresh token)")

    async def _send(self, api: str, path: DataPath, access: Secret) -> Answer:
        headers = {**path.headers, "Authorization": f"Bearer {access.reveal()}"}
        url = f"{api}/{path.path}"
        return await self._http.request(path.method, url, headers=headers, body=path.body)

    async def _let_in(self, api: str) -> bool:
        """Make one call against another base URL, with the token that there is."""
        token = await self._tokens.current()
        called = [path for path in self._paths if path.name not in self._settings.skip]
        if isinstance(token, TokenRefused) or not called:
            return False
        try:
            check = judge(called[0], await self._send(api, called[0], token.access))
        except NoAnswer:
            return False
        return check.status in {Status.PASS, Status.WARN}
