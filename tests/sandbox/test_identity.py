# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Discovery, keys and tokens are those of Creatio's Identity Service."""

import base64
import time
from typing import Any
from urllib.parse import quote_plus

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from opskit.sandbox.catalog import ENVIRONMENTS
from tests.sandbox.conftest import Rehearsal

CLAIMS = {"iss", "nbf", "iat", "exp", "aud", "client_id", "jti", "scope"}


def decoded(environment: Rehearsal, token: str) -> jwt.Token:
    jwks: Any = environment.http.get(
        f"{environment.identity}/.well-known/openid-configuration/jwks"
    ).json()
    return jwt.decode(token, KeySet.import_key_set(jwks), algorithms=["RS256"])


def test_discovery_is_complete(dev: Rehearsal) -> None:
    base = dev.identity
    scope = ENVIRONMENTS[0].scope
    assert dev.http.get(f"{base}/.well-known/openid-configuration").json() == {
        "issuer": "creatio.com",
        "jwks_uri": f"{base}/.well-known/openid-configuration/jwks",
        "authorization_endpoint": f"{base}/connect/authorize",
        "token_endpoint": f"{base}/connect/token",
        "userinfo_endpoint": f"{base}/connect/userinfo",
        "end_session_endpoint": f"{base}/connect/endsession",
        "check_session_iframe": f"{base}/connect/checksession",
        "revocation_endpoint": f"{base}/connect/revocation",
        "introspection_endpoint": f"{base}/connect/introspect",
        "device_authorization_endpoint": f"{base}/connect/deviceauthorization",
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "scopes_supported": [scope, "offline_access"],
        "claims_supported": [],
        "grant_types_supported": [
            "authorization_code",
            "client_credentials",
            "refresh_token",
            "implicit",
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "response_types_supported": [
            "code",
            "token",
            "id_token",
            "id_token token",
            "code id_token",
            "code token",
            "code id_token token",
        ],
        "response_modes_supported": ["form_post", "query", "fragment"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "request_parameter_supported": True,
    }


def test_a_token_by_post(rehearsals: dict[str, Rehearsal]) -> None:
    for spec in ENVIRONMENTS:
        environment = rehearsals[spec.name]
        answer = environment.ask_token()
        body = answer.json()
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store, no-cache, max-age=0"
        assert (body["expires_in"], body["token_type"], body["scope"]) == (
            3600,
            "Bearer",
            spec.scope,
        )
        token = decoded(environment, body["access_token"])
        assert token.header["typ"] == "at+jwt"
        assert set(token.claims) == CLAIMS
        assert token.claims["iss"] == "creatio.com"
        assert token.claims["scope"] == [spec.scope]
        assert token.claims["client_id"] == environment.credentials()[0]
        assert token.claims["exp"] - token.claims["iat"] == 3600
        assert abs(token.claims["iat"] - time.time()) < 10


def test_a_token_by_basic_with_percent_encoded_credentials(dev: Rehearsal) -> None:
    client_id, secret = dev.credentials()
    # "%41" stands for "A": both halves are form-encoded before they are joined.
    pair = ":".join(quote_plus(half).replace("A", "%41") for half in (client_id, secret))
    answer = dev.http.post(
        f"{dev.identity}/connect/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"},
    )
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_secret": ""}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"grant_type": ""}, "unsupported_grant_type"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unauthorized_client"),
        ({"grant_type": "authorization_code"}, "unauthorized_client"),
        ({"scope": "ApplicationAccess_of_somebody_else"}, "invalid_scope"),
        ({"scope": "x" * 301}, "invalid_scope"),
    ],
)
def test_refusals_are_400_with_an_error(dev: Rehearsal, form: dict[str, str], error: str) -> None:
    answer = dev.ask_token(**form)
    assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert answer.headers["pragma"] == "no-cache"


def test_a_grant_without_its_code(dev: Rehearsal) -> None:
    answer = dev.ask_token("Telephony Bridge", grant_type="authorization_code")
    assert answer.json() == {"error": "invalid_grant"}


def test_requests_that_are_none(dev: Rehearsal) -> None:
    url = f"{dev.identity}/connect/token"
    for answer in (dev.http.get(url), dev.http.post(url, json={"grant_type": "x"})):
        assert (answer.status_code, answer.json()) == (400, {"error": "invalid_request"})


def test_the_lifetime_is_read_for_every_token(dev: Rehearsal) -> None:
    dev.set_lifetime(120)
    body = dev.ask_token().json()
    claims = decoded(dev, body["access_token"]).claims
    assert body["expires_in"] == claims["exp"] - claims["iat"] == 120


@pytest.mark.parametrize("lifetime", [0, -1])
def test_no_lifetime_looks_like_a_bad_secret(dev: Rehearsal, lifetime: int) -> None:
    dev.set_lifetime(lifetime)
    assert dev.ask_token().json() == {"error": "invalid_client"}
