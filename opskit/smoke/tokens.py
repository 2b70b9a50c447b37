# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The token that all calls of one smoke check share."""

import asyncio
from dataclasses import replace

from opskit.diagnosis.refusals import name_cause
from opskit.http import Http
from opskit.settings import Environment
from opskit.together import together
from opskit.verify.discovery import NoDiscovery, discover
from opskit.verify.token import Token, TokenRefused, request_token


class TokenSource:
    """One token for all calls, and a fresh one for those that it is refused to."""

    def __init__(self, environment: Environment, http: Http, client_name: str | None) -> None:
        environment.require("identity")
        self._environment = environment
        self._http = http
        self._client = environment.require_client(client_name)
        self._endpoint: str | None = None
        self._token: Token | TokenRefused | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> Token | TokenRefused:
        """Return the token in use, obtaining it if there is none yet."""
        async with self._lock:
            return self._token or await self._obtain()

    async def after(self, refused: Token) -> Token | TokenRefused:
        """Return a token newer than ``refused``; calls that were refused together share one."""
        async with self._lock:
            newer = self._token if self._token is not refused else None
            return newer or await self._obtain()

    async def _obtain(self) -> Token | TokenRefused:
        self._token = await self._request()
        return self._token

    async def _request(self) -> Token | TokenRefused:
        secret, endpoint = await together(
            self._environment.fetch(self._client.secret), self._find_endpoint()
        )
        if isinstance(endpoint, TokenRefused):
            return endpoint
        token = await request_token(self._http, endpoint, self._client, secret)
        if isinstance(token, TokenRefused):
            cause = await name_cause(self._environment, self._client, secret, token.finding)
            return replace(token, finding=cause)
        return token

    async def _find_endpoint(self) -> str | TokenRefused:
        if self._endpoint is None:
            found = await discover(self._http, self._environment.require("identity"))
            if isinstance(found, NoDiscovery):
                return TokenRefused(found.finding)
            self._endpoint = found.token_endpoint
        return self._endpoint
