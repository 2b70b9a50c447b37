# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Do sign-in and the four ways to read data work? One token, four calls at once."""

import asyncio
from dataclasses import replace

from opskit.checks import failed, passed, skipped, unanswered
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.http import Answer, Http
from opskit.models import Check, EnvironmentReport, Status
from opskit.secrets import Secret
from opskit.settings import Environment, KnownClient, Smoke
from opskit.smoke.dataservice import DataServicePath
from opskit.smoke.odata3 import OData3Path
from opskit.smoke.odata4 import OData4Path
from opskit.smoke.path import DataPath
from opskit.smoke.runtime import find_api
from opskit.smoke.webservice import WebServicePath
from opskit.verify.discovery import NoDiscovery, discover
from opskit.verify.token import Token, TokenRefused, request_token


def data_paths(settings: Smoke) -> list[DataPath]:
    """Return the four paths as the environment configures them."""
    return [
        OData4Path(settings.odata4),
        OData3Path(settings.odata3, required="odata3" in settings.require),
        DataServicePath(settings.dataservice),
        WebServicePath(settings.webservice),
    ]


async def smoke(environment: Environment, client_id: str | None = None) -> EnvironmentReport:
    """Obtain one token and exercise all data paths of one environment with it.

    Args:
        environment: where.
        client_id: whose token; by default the environment's first client.

    Raises:
        ConfigError: the environment lacks Identity Service, Creatio or a client.
        ClientNotFound: no secret is known for ``client_id``.
        SecretError: the client's secret cannot be fetched.
    """
    async with Http(environment) as http:
        tokens = TokenSource(environment, http, client_id)
        environment.require("creatio")
        first, (api, runtime) = await asyncio.gather(tokens.current(), find_api(http, environment))
        checks = [_token_check(first), runtime]
        reason = "there is no token" if isinstance(first, TokenRefused) else ""
        reason = reason or ("the runtime is not known" if api is None else "")
        calls = [
            _skip(path, environment, reason) or _call(http, f"{api}/", path, tokens)
            for path in data_paths(environment.smoke)
        ]
        results = await asyncio.gather(*(_settled(call) for call in calls))
    return EnvironmentReport(environment.name, [*checks, *_refused_alike(results)])


class TokenSource:
    """One token for all calls, and a fresh one for those that it is refused to."""

    def __init__(self, environment: Environment, http: Http, client_id: str | None) -> None:
        environment.require("identity")
        self._environment = environment
        self._http = http
        self._client: KnownClient = environment.require_client(client_id)
        self._endpoint: str | None = None
        self._token: Token | TokenRefused | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> Token | TokenRefused:
        """Return the token in use, obtaining it if there is none yet."""
        async with self._lock:
            if self._token is None:
                self._token = await self._obtain()
            return self._token

    async def after(self, refused: Token) -> Token | TokenRefused:
        """Return a token newer than ``refused``; calls that were refused together share one."""
        async with self._lock:
            if self._token is refused:
                self._token = await self._obtain()
            return self._token or await self._obtain()

    async def _obtain(self) -> Token | TokenRefused:
        if self._endpoint is None:
            found = await discover(self._http, self._environment.require("identity"))
            if isinstance(found, NoDiscovery):
                return TokenRefused(found.finding)
            self._endpoint = found.token_endpoint
        secret = self._environment.resolve(self._client.secret)
        return await request_token(self._http, self._endpoint, self._client, secret)


def _token_check(token: Token | TokenRefused) -> Check:
    if isinstance(token, TokenRefused):
        return failed("token", token.finding, token.elapsed)
    return passed("token", f"expires in {token.expires_in} s", token.elapsed)


def _skip(path: DataPath, environment: Environment, reason: str) -> Check | None:
    if path.name in environment.smoke.skip:
        return skipped(path.name, "skip in opskit.toml")
    return skipped(path.name, reason) if reason else None


async def _settled(call: "Check | asyncio.Future[Check]") -> Check:
    return call if isinstance(call, Check) else await call


async def _call(http: Http, api: str, path: DataPath, tokens: TokenSource) -> Check:
    """Make one call; on 401 once more with a fresh token, which the result tells."""
    try:
        token = await tokens.current()
        if isinstance(token, TokenRefused):
            return skipped(path.name, "there is no token")
        answer = await _send(http, api, path, token.access)
        if answer.status != 401:
            return path.judge(answer)
        fresh = await tokens.after(token)
        if isinstance(fresh, TokenRefused):
            return failed(path.name, fresh.finding, fresh.elapsed)
        answer = await _send(http, api, path, fresh.access)
    except NoAnswer as error:
        return failed(path.name, unanswered(error))
    if answer.status == 401:
        words = f"401, and again with a fresh token: {answer.excerpt()}"
        return failed(path.name, finding("unauthorized", words), answer.elapsed)
    check = path.judge(answer)
    return replace(check, summary=f"{check.summary} (401 first, then with a fresh token)")


async def _send(http: Http, api: str, path: DataPath, access: Secret) -> Answer:
    request = path.request()
    headers = {**request.headers, "Authorization": f"Bearer {access.reveal()}"}
    return await http.request(
        request.method, api + request.path, headers=headers, body=request.body
    )


def _refused_alike(checks: list[Check]) -> list[Check]:
    """Where every call is refused, one cause explains all of them better than four."""
    made = [check for check in checks if check.status is not Status.SKIPPED]
    alike = all(c.finding is not None and c.finding.id == "unauthorized" for c in made)
    if len(made) < 2 or not alike:
        return checks
    return [
        failed(c.id, finding("every-call-refused", c.finding.symptom), c.elapsed)
        if c.finding
        else c
        for c in checks
    ]
