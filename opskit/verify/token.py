# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A test token by the client_credentials grant, and what stands in it."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from opskit.checks import unanswered
from opskit.diagnosis.answers import diagnose
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.http import Answer, Http, parse_json
from opskit.models import Finding
from opskit.secrets import Secret
from opskit.settings import KnownClient

AuthMethod = Literal["post", "basic"]

_REFUSALS = {
    "invalid_client": "invalid-client",
    "unauthorized_client": "unauthorized-client",
    "invalid_scope": "invalid-scope",
}


@dataclass(frozen=True, slots=True)
class Token:
    """An answer of the token endpoint.

    Attributes:
        access: the token itself, which is a secret.
        answer: the JSON beside it: expires_in (seconds), token_type, scope.
        header: the JWT's header; None when the token is no JWT.
        claims: the JWT's claims, not verified; None when the token is no JWT.
        elapsed: seconds that the request took.
    """

    access: Secret
    answer: Mapping[str, Any]
    header: Mapping[str, Any] | None
    claims: Mapping[str, Any] | None
    elapsed: float

    @property
    def expires_in(self) -> int | None:
        """The lifetime in seconds that the answer names."""
        value = self.answer.get("expires_in")
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def claimed_lifetime(self) -> int | None:
        """``exp − iat`` in seconds (``exp − nbf`` without iat); None for a token without them."""
        claims = self.claims or {}
        issued, expires = claims.get("iat", claims.get("nbf")), claims.get("exp")
        if isinstance(issued, int) and isinstance(expires, int):
            return expires - issued
        return None

    @property
    def lifetime(self) -> int | None:
        """How long it lives, in seconds: by its claims; by the answer where it is no JWT."""
        return self.expires_in if self.claimed_lifetime is None else self.claimed_lifetime


@dataclass(frozen=True, slots=True)
class TokenRefused:
    """There is no token, and ``finding`` says why; ``elapsed`` is None without an answer."""

    finding: Finding
    elapsed: float | None = None


async def request_token(
    http: Http,
    token_endpoint: str,
    client: KnownClient,
    secret: Secret,
    method: AuthMethod = "post",
) -> Token | TokenRefused:
    """Obtain a fresh token for ``client``.

    Args:
        http: the environment's connections.
        token_endpoint: as the discovery document names it.
        client: whose token; its scope is asked for where one is configured.
        secret: the client's.
        method: how the secret is sent, ``client_secret_post`` or ``client_secret_basic``.
    """
    form = {"grant_type": "client_credentials"}
    headers = {}
    if client.scope:
        form["scope"] = client.scope
    if method == "post":
        form |= {"client_id": client.id, "client_secret": secret.reveal()}
    else:
        # RFC 6749, 2.3.1: both parts are form-encoded before they are joined.
        pair = f"{quote(client.id, safe='')}:{quote(secret.reveal(), safe='')}"
        encoded = Secret(base64.b64encode(pair.encode()).decode())
        headers["Authorization"] = f"Basic {encoded.reveal()}"
    try:
        answer = await http.request("POST", token_endpoint, form=form, headers=headers)
    except NoAnswer as error:
        return TokenRefused(unanswered(error))
    return _read(answer, client)


def _read(answer: Answer, client: KnownClient) -> Token | TokenRefused:
    content = answer.json()
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, str) and answer.status != 200:
        known = _REFUSALS.get(error, "token-refused")
        return TokenRefused(
            finding(known, f"{answer.status} {error} for client {client.id}"),
            answer.elapsed,
        )
    if wrong := diagnose(answer):
        return TokenRefused(wrong, answer.elapsed)
    access = content.get("access_token") if isinstance(content, dict) else None
    if not isinstance(access, str) or not re.fullmatch(r"[\x21-\x7e]+", access):
        lacking = finding("token-malformed", "The answer has no access_token that could be sent.")
        return TokenRefused(lacking, answer.elapsed)
    header, claims = _peek(access)
    beside = {key: value for key, value in content.items() if key != "access_token"}
    return Token(Secret(access), beside, header, claims, answer.elapsed)


def _peek(token: str) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Decode a JWT's header and claims without trusting them."""
    parts = token.split(".")
    if len(parts) != 3:
        return None, None
    header, claims = (_decode(part) for part in parts[:2])
    return (header, claims) if header is not None and claims is not None else (None, None)


def _decode(part: str) -> dict[str, Any] | None:
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return None
    value = parse_json(raw)
    return value if isinstance(value, dict) else None
