# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Deciding on a token request, in the order in which IdentityServer4 does."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote_plus

from opskit.sandbox.clients import Client

CLIENT_CREDENTIALS = "client_credentials"

_MAX_SHORT = 100  # IdentityServer4's limits on what it reads at all
_MAX_SCOPE = 300
_OTHER_GRANTS = {
    # What is said once the client may use the grant: the sandbox issues no codes, so each one that
    # is presented is unknown.
    "authorization_code": "invalid_grant",
    "refresh_token": "invalid_grant",
    "urn:ietf:params:oauth:grant-type:device_code": "invalid_grant",
    "password": "invalid_grant",
}


class Clients(Protocol):
    """Where clients are looked up."""

    def get(self, client_id: str) -> Client | None:
        """Return a client, or None when there is none by that id."""


class Refused(Exception):
    """The request gets no token; the message is the OAuth 2.0 error code."""


@dataclass(frozen=True)
class Grant:
    """The token that a request gets: for whom, and for which scopes."""

    client: Client
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class _Presented:
    client_id: str
    secret: str | None


def decide(clients: Clients, form: Mapping[str, str], authorization: str) -> Grant:
    """Return what a token request is granted.

    Args:
        clients: the Identity Service's clients.
        form: the parameters of the request's body.
        authorization: its Authorization header; empty when it has none.

    Raises:
        Refused: the request gets no token.
    """
    client = _authenticate(clients, _from_basic(authorization) or _from_form(form))
    grant_type = form.get("grant_type", "")
    if grant_type != CLIENT_CREDENTIALS and grant_type not in _OTHER_GRANTS:
        raise Refused("unsupported_grant_type")
    if grant_type not in client.grants:
        raise Refused("unauthorized_client")
    if grant_type != CLIENT_CREDENTIALS:
        raise Refused(_OTHER_GRANTS[grant_type])
    return Grant(client, _scopes(client, form.get("scope", "")))


def _authenticate(clients: Clients, presented: _Presented | None) -> Client:
    client = clients.get(presented.client_id) if presented else None
    if presented is None or client is None or not client.enabled or client.lifetime <= 0:
        raise Refused("invalid_client")
    if client.secret_required and not _matches(client.secret_hashes, presented.secret):
        raise Refused("invalid_client")
    return client


def _matches(hashes: Sequence[str], secret: str | None) -> bool:
    if not secret:
        return False
    digests = [
        base64.b64encode(digest(secret.encode()).digest())
        for digest in (hashlib.sha256, hashlib.sha512)
    ]
    return any(hmac.compare_digest(kept.encode(), own) for kept in hashes for own in digests)


def _scopes(client: Client, requested: str) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(requested.split())) or tuple(client.scopes)
    if not wanted or len(requested) > _MAX_SCOPE or not set(wanted) <= set(client.scopes):
        raise Refused("invalid_scope")
    return wanted


def _from_basic(authorization: str) -> _Presented | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(encoded, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    user, colon, password = pair.partition(":")
    if not colon:
        return None
    # RFC 6749, 2.3.1: both halves are form-encoded before they are joined.
    return _presented(unquote_plus(user), unquote_plus(password))


def _from_form(form: Mapping[str, str]) -> _Presented | None:
    return _presented(form.get("client_id", ""), form.get("client_secret", ""))


def _presented(client_id: str, secret: str) -> _Presented | None:
    if not client_id or max(len(client_id), len(secret)) > _MAX_SHORT:
        return None
    return _Presented(client_id, secret or None)
