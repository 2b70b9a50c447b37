# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Do sign-in and the four ways to read data work? One token, four calls at once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from opskit.checks import failed, passed, skipped, unanswered
from opskit.diagnosis.calls import name_cause
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.http import Answer, Http
from opskit.models import Check, EnvironmentReport, Status
from opskit.secrets import Secret
from opskit.settings import Environment, Smoke
from opskit.smoke.dataservice import DataServicePath
from opskit.smoke.odata3 import OData3Path
from opskit.smoke.odata4 import OData4Path
from opskit.smoke.path import DataPath
from opskit.smoke.runtime import find_api
from opskit.smoke.tokens import TokenSource
from opskit.smoke.webservice import WebServicePath
from opskit.verify.token import Token, TokenRefused


def data_paths(settings: Smoke) -> list[DataPath]:
    """Return the four paths as the environment configures them."""
    return [
        OData4Path(settings.odata4),
        OData3Path(settings.odata3, required="odata3" in settings.require),
        DataServicePath(settings.dataservice),
        WebServicePath(settings.webservice),
    ]


async def smoke(environment: Environment, client_name: str | None = None) -> EnvironmentReport:
    """Obtain one token and exercise all data paths of one environment with it.

    Args:
        environment: where.
        client_name: id or name of the client whose token to use; the first one by default.

    Raises:
        ConfigError: the environment lacks Identity Service, Creatio or a client.
        ClientNotFound: no secret is known for ``client_name``.
        SecretError: the client's secret cannot be fetched.
    """
    async with Http(environment) as http:
        tokens = TokenSource(environment, http, client_name)
        environment.require("creatio")
        first, (api, runtime) = await asyncio.gather(tokens.current(), find_api(http, environment))
        checks = [_token_check(first), runtime]
        if isinstance(first, TokenRefused):
            blocked = "there is no token"
        else:
            blocked = "" if api else "the runtime is not known"
        paths = data_paths(environment.smoke)
        results: Sequence[Check] = await asyncio.gather(
            *(
                _check(http, f"{api}/", path, tokens, _reason(path, environment) or blocked)
                for path in paths
            )
        )
        if api and not blocked:
            first_path = next((p for p in paths if not _reason(p, environment)), paths[0])
            results = await name_cause(
                http, api, results, lambda base: _let_in(http, base, first_path, tokens)
            )
    return EnvironmentReport(environment.name, [*checks, *results])


def _token_check(token: Token | TokenRefused) -> Check:
    if isinstance(token, TokenRefused):
        return failed("token", token.finding, token.elapsed)
    return passed("token", f"expires in {token.expires_in} s", token.elapsed)


def _reason(path: DataPath, environment: Environment) -> str:
    return "skip in opskit.toml" if path.name in environment.smoke.skip else ""


async def _check(http: Http, api: str, path: DataPath, tokens: TokenSource, reason: str) -> Check:
    """Make one call; on 401 once more with a fresh token, which the result tells."""
    token = await tokens.current()
    if reason or isinstance(token, TokenRefused):
        return skipped(path.name, reason or "there is no token")
    try:
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


async def _let_in(http: Http, api: str, path: DataPath, tokens: TokenSource) -> bool:
    """Make one call against another base URL, with the token that there is."""
    token = await tokens.current()
    if isinstance(token, TokenRefused):
        return False
    try:
        check = path.judge(await _send(http, f"{api}/", path, token.access))
    except NoAnswer:
        return False
    return check.status in {Status.PASS, Status.WARN}
