# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The Identity Service of one environment: discovery, keys and tokens over HTTP."""

from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from opskit.sandbox.catalog import EnvironmentSpec
from opskit.sandbox.clients import CachingClientStore, ClientSource
from opskit.sandbox.faults import Fault
from opskit.sandbox.grants import Refused, decide
from opskit.sandbox.switches import Switches
from opskit.sandbox.tokens import ISSUER, SigningKey

DISCOVERY_PATH = "/.well-known/openid-configuration"
_JWKS_PATH = "/.well-known/openid-configuration/jwks"
_TOKEN_PATH = "/connect/token"  # noqa: S105 - a path, not a password

_UNREACHABLE = "http://127.0.0.1:9"  # the port of "discard", which no machine serves any more
_NO_STORE = {"Cache-Control": "no-store, no-cache, max-age=0", "Pragma": "no-cache"}

_ENDPOINTS = {
    "jwks_uri": _JWKS_PATH,
    "authorization_endpoint": "/connect/authorize",
    "token_endpoint": _TOKEN_PATH,
    "userinfo_endpoint": "/connect/userinfo",
    "end_session_endpoint": "/connect/endsession",
    "check_session_iframe": "/connect/checksession",
    "revocation_endpoint": "/connect/revocation",
    "introspection_endpoint": "/connect/introspect",
    "device_authorization_endpoint": "/connect/deviceauthorization",
}

_CAPABILITIES: dict[str, object] = {
    "frontchannel_logout_supported": True,
    "frontchannel_logout_session_supported": True,
    "backchannel_logout_supported": True,
    "backchannel_logout_session_supported": True,
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


class IdentityService:
    """The endpoints of one environment's Identity Service."""

    def __init__(self, spec: EnvironmentSpec, switches: Switches, clients: ClientSource) -> None:
        self._spec = spec
        self._switches = switches
        self._clients = CachingClientStore(clients)
        self._key = SigningKey.generate()
        switches.watch(Fault.CACHE, self._clients.switch)

    def app(self) -> Starlette:
        """Return the service as an ASGI application."""
        return Starlette(
            routes=[
                Route(DISCOVERY_PATH, self._discovery, methods=["GET"]),
                Route(_JWKS_PATH, self._jwks, methods=["GET"]),
                # Every method: a GET is answered as an invalid request, as by IdentityServer4.
                Route(_TOKEN_PATH, self._token, methods=["GET", "POST", "PUT", "DELETE"]),
            ]
        )

    async def _discovery(self, request: Request) -> Response:
        hidden = self._switches.meets(Fault.INTERNAL_ENDPOINTS)
        base = _UNREACHABLE if hidden else str(request.base_url).rstrip("/")
        return JSONResponse(
            {
                "issuer": ISSUER,
                **{name: base + path for name, path in _ENDPOINTS.items()},
                "scopes_supported": [self._spec.scope, "offline_access"],
                **_CAPABILITIES,
            }
        )

    async def _jwks(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self._key.public()]})

    async def _token(self, request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method != "POST" or content_type != "application/x-www-form-urlencoded":
            return _refusal("invalid_request")
        body = (await request.body()).decode("utf-8", "replace")
        form = dict(parse_qsl(body, keep_blank_values=True))
        return await run_in_threadpool(self._issue, form, request.headers.get("authorization", ""))

    def _issue(self, form: dict[str, str], authorization: str) -> Response:
        try:
            granted = decide(self._clients, form, authorization)
        except Refused as refused:
            return _refusal(str(refused))
        if self._switches.meets(Fault.INVALID_SCOPE):
            return _refusal("invalid_scope")
        key = SigningKey.generate() if self._switches.meets(Fault.WRONG_KEY) else self._key
        foreign = self._switches.meets(Fault.WRONG_ISSUER)
        token = key.access_token(
            issuer=f"https://other.{ISSUER}" if foreign else ISSUER,
            client_id=granted.client.client_id,
            scopes=granted.scopes,
            lifetime=granted.client.lifetime,
        )
        answer = {
            "access_token": token,
            "expires_in": granted.client.lifetime,
            "token_type": "Bearer",
            "scope": " ".join(granted.scopes),
        }
        return JSONResponse(answer, headers=_NO_STORE)


def _refusal(error: str) -> Response:
    return JSONResponse({"error": error}, status_code=400, headers=_NO_STORE)
