# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A second stand-in for the Identity Service and for Creatio, sharing no code with the sandbox.

The sandbox and the checks come from one hand, so both could hold the same mistake. This module
follows a description of the real systems alone, by other means: the standard library's server,
tokens signed and verified by hand. Query options that it lacks are refused, never ignored.
"""

import base64
import hashlib
import json
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlsplit
from urllib.request import ProxyHandler, build_opener
from xml.sax.saxutils import escape

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

_DISCOVERY = "/.well-known/openid-configuration"
_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_CLOCK_SKEW = 300
_POSTED = ("/connect/token", "/SelectQuery", "/GetConvertedPasswordValue")


class _Reply(NamedTuple):
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


def _json(value: object, status: int = 200, kind: str = "application/json") -> _Reply:
    headers = {"Content-Type": f"{kind}; charset=utf-8", "Cache-Control": "no-store"}
    return _Reply(status, json.dumps(value).encode(), headers)


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Service"

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        self.route, self.query = unquote(parts.path), dict(parse_qsl(parts.query, True))
        self.body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.media_type = self.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        reply = self.server.answer(self)
        method = "POST" if self.route.endswith(_POSTED) else "GET"
        if self.command != method and reply.status not in (302, 401, 404):
            reply = _Reply(405, headers={"Allow": method})
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - inherited name
        """Stay silent: the reader wants the test's output."""


class _Service(ThreadingHTTPServer):
    """Serve on a port of 127.0.0.1, by default any free one, inside a `with` block."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Request)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._connections: list[socket.socket] = []

    def answer(self, request: _Request) -> _Reply:
        raise NotImplementedError

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.append(connection)
        return connection, address

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.shutdown()
        self.server_close()
        for connection in self._connections:  # else the kept-alive ones would be served on
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Refused(Exception):
    """A request turned down with HTTP 400: the OAuth error code, or OData's message."""


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_b64url(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


# The discovery document as the service sends it; URL and ISSUER are filled in.
_DOCUMENT = """{"issuer": "ISSUER", "jwks_uri": "URL/.well-known/openid-configuration/jwks",
"authorization_endpoint": "URL/connect/authorize", "token_endpoint": "URL/connect/token",
"userinfo_endpoint": "URL/connect/userinfo", "end_session_endpoint": "URL/connect/endsession",
"check_session_iframe": "URL/connect/checksession", "revocation_endpoint":
"URL/connect/revocation", "introspection_endpoint": "URL/connect/introspect",
"device_authorization_endpoint": "URL/connect/deviceauthorization",
"frontchannel_logout_supported": true, "frontchannel_logout_session_supported": true,
"backchannel_logout_supported": true, "backchannel_logout_session_supported": true,
"scopes_supported": ["openid", "profile", "offline_access"], "claims_supported": ["sub", "name"],
"grant_types_supported": ["authorization_code", "client_credentials", "refresh_token", "implicit",
"urn:ietf:params:oauth:grant-type:device_code"], "response_types_supported": ["code", "token",
"id_token", "id_token token", "code id_token", "code token", "code id_token token"],
"response_modes_supported": ["form_post", "query", "fragment"],
"token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
"id_token_signing_alg_values_supported": ["RS256"], "subject_types_supported": ["public"],
"code_challenge_methods_supported": ["plain", "S256"], "request_parameter_supported": true}"""

# "Expiration" is UTC with or without a time zone: the session's zone makes both comparable.
_CLIENT_SQL = """SELECT c."Enabled", c."AccessTokenLifetime",
  ARRAY(SELECT s."Value" FROM "ClientSecrets" s WHERE s."ClientId" = c."Id"
        AND s."Type" = 'SharedSecret' AND (s."Expiration" IS NULL OR s."Expiration" > now())),
  ARRAY(SELECT s."Scope" FROM "ClientScopes" s WHERE s."ClientId" = c."Id" ORDER BY s."Id"),
  ARRAY(SELECT g."GrantType" FROM "ClientGrantTypes" g WHERE g."ClientId" = c."Id")
FROM "Clients" c WHERE c."ClientId" = %s"""


def _credentials(authorization: str, form: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "basic":
        with suppress(ValueError):
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
            return unquote_plus(user), unquote_plus(password)
    return form.get("client_id", ""), form.get("client_secret", "")


def _check_grant(form: Mapping[str, str], allowed: list[str]) -> None:
    grant = form.get("grant_type", "")
    if grant not in ("client_credentials", "authorization_code", "refresh_token", _DEVICE_CODE):
        raise _Refused("unsupported_grant_type")
    if grant != "refresh_token" and grant not in allowed:
        raise _Refused("unauthorized_client")
    if grant != "client_credentials":
        raise _Refused("invalid_grant")  # nothing that could be redeemed is ever issued here


class IndependentIdentity(_Service):
    """IdentityServer4 as Creatio ships it, reading its tables anew on every token request."""

    def __init__(
        self,
        conninfo: str,
        issuer: str = "creatio.com",
        *,
        port: int = 0,
        key: rsa.RSAPrivateKey | None = None,
    ) -> None:
        super().__init__(port)
        self._conninfo, self._issuer = conninfo, issuer
        self._kid = secrets.token_hex(16).upper()
        self._key = key or rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def answer(self, request: _Request) -> _Reply:
        if request.route == _DISCOVERY:
            document = _DOCUMENT.replace("URL", self.url).replace("ISSUER", self._issuer)
            return _json(json.loads(document))
        if request.route == f"{_DISCOVERY}/jwks":
            public = self._key.public_key().public_numbers()
            e, n = (_b64url(v.to_bytes((v.bit_length() + 7) // 8)) for v in (public.e, public.n))
            key = {"kty": "RSA", "use": "sig", "kid": self._kid, "e": e, "n": n, "alg": "RS256"}
            return _json({"keys": [key]})
        return self._token(request) if request.route == "/connect/token" else _Reply(404)

    def _token(self, request: _Request) -> _Reply:
        try:
            return _json(self._grant(request))
        except _Refused as refused:
            return _json({"error": str(refused)}, 400)
        except psycopg.Error:
            return _Reply(500)

    def _grant(self, request: _Request) -> dict[str, object]:
        if request.media_type != "application/x-www-form-urlencoded":
            raise _Refused("invalid_request")
        form = dict(parse_qsl(request.body.decode(errors="replace"), True))
        client_id, secret = _credentials(request.headers.get("Authorization", ""), form)
        with psycopg.connect(self._conninfo, client_encoding="utf8") as connection:
            connection.read_only = True
            connection.execute("SET TIME ZONE 'UTC'")
            row = connection.execute(_CLIENT_SQL, (client_id,)).fetchone()
        enabled, lifetime, hashes, allowed, grants = row or (False, 0, [], [], [])
        digest = base64.b64encode(hashlib.sha256(secret.encode()).digest()).decode()
        if not enabled or lifetime <= 0 or digest not in hashes:
            raise _Refused("invalid_client")
        _check_grant(form, grants)
        scopes = list(dict.fromkeys(form.get("scope", "").split() or allowed))
        if not scopes or not set(scopes) <= set(allowed):
            raise _Refused("invalid_scope")
        granted = {"access_token": self._sign(client_id, lifetime, scopes), "token_type": "Bearer"}
        return {**granted, "expires_in": lifetime, "scope": " ".join(scopes)}

    def _sign(self, client_id: str, lifetime: int, scopes: list[str]) -> str:
        now = int(time.time())
        claims = {"iss": self._issuer, "nbf": now, "iat": now, "exp": now + lifetime}
        claims |= {"aud": f"{self._issuer}/resources", "client_id": client_id}
        claims |= {"scope": scopes, "jti": secrets.token_hex(16).upper()}
        header = {"alg": "RS256", "kid": self._kid, "typ": "at+jwt"}
        signed = ".".join(_b64url(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{_b64url(self._key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


_TABLES: dict[str, list[dict[str, str]]] = {
    "Account": [
        {"Id": "405947d0-2ffb-4ded-8675-0475f19f5a81", "Name": "Accom (sample)", "Code": "12"},
        {"Id": "e308b781-3c5b-4ecb-89ef-5c1ed4da488e", "Name": "Our company", "Code": "1"},
        {"Id": "7f1c2c9e-64f0-4d0b-9a55-0d6f4f6d1a01", "Name": "Rhein & Söhne", "Code": "13"},
        {"Id": "7f1c2c9e-64f0-4d0b-9a55-0d6f4f6d1a02", "Name": "Alpha <sample>", "Code": ""},
    ],
    "Contact": [{"Id": "7f1c2c9e-64f0-4d0b-9a55-0d6f4f6d1b01", "Name": "Supervisor"}],
}
_TYPE = "Terrasoft.Configuration."
_ADO = "http://schemas.microsoft.com/ado/2007/08/dataservices"
_XMLNS = f'xmlns="http://www.w3.org/2005/Atom" xmlns:d="{_ADO}" xmlns:m="{_ADO}/metadata"'


def _select(entity: str, query: Mapping[str, str]) -> tuple[list[str], list[dict[str, str]]]:
    """Apply $top and check $select: the columns asked for and the rows, still whole."""
    rows = _TABLES[entity]
    for option in {name for name in query if name.startswith("$")} - {"$top", "$select"}:
        raise _Refused(f"The query option '{option}' is not supported.")
    top = query.get("$top", str(len(rows)))
    if not top.isdecimal():
        raise _Refused(f"Incorrect format for $top argument '{top}'.")
    names = [name.strip() for name in query.get("$select", "").split(",") if name.strip()]
    for name in set(names) - set(rows[0]):
        raise _Refused(f"Could not find a property named '{name}' on type '{_TYPE}{entity}'.")
    return names or list(rows[0]), rows[: int(top)]


def _atom(title: str, rows: Mapping[str, dict[str, str]]) -> _Reply:
    feed = f'<?xml version="1.0" encoding="utf-8"?><feed {_XMLNS}><title>{title}</title>'
    for uri, row in rows.items():
        cells = "".join(f"<d:{name}>{escape(value)}</d:{name}>" for name, value in row.items())
        content = f'<content type="application/xml"><m:properties>{cells}</m:properties></content>'
        feed += f"<entry><id>{uri}</id>{content}</entry>"
    return _Reply(200, f"{feed}</feed>".encode(), {"Content-Type": "application/atom+xml"})


def _get_json(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url, timeout=5) as response:
        return json.load(response)


class IndependentCreatio(_Service):
    """A Creatio instance with a few rows in memory that trusts one Identity Service."""

    def __init__(self, identity_url: str, *, framework: bool) -> None:
        super().__init__()
        self._identity_url = identity_url.rstrip("/")
        self._prefix = "/0" if framework else ""
        self._login = "/Login/NuiLogin.aspx" if framework else "/Login/Login.html"
        self._issuer: object = None
        self._keys: dict[str, rsa.RSAPublicKey] = {}
        self._secret = secrets.token_bytes(32)

    def answer(self, request: _Request) -> _Reply:
        prefix = "/0" if request.route.startswith("/0/") else ""
        local = request.route.removeprefix(prefix)
        if local == "/api/HealthCheck/Ping":
            return _Reply(200)
        if local == self._login and prefix in ("", self._prefix):
            page = b'<!DOCTYPE html><html data-loadbootstrap="bootstrap.login"></html>'
            return _Reply(200, page, {"Content-Type": "text/html; charset=utf-8"})
        if prefix == self._prefix:
            return self._route(request, local)
        if ".svc" in local or not re.match("/(odata|DataService|rest|api)/", local):
            return _Reply(404)
        back = f"?ReturnUrl={quote(request.path, safe='')}" if self._prefix else ""
        return _Reply(302, headers={"Location": self._login + back})

    def _route(self, request: _Request, local: str) -> _Reply:
        if local == "/api/OAuthHealthCheck":
            return self._health()
        routes: dict[str, Callable[[_Request, str], _Reply]] = {
            "/odata/([^/]+)/?": self._odata4,
            r"/ServiceModel/EntityDataService\.svc/([^/]+)/?": self._odata3,
            "/DataService/json/SyncReply/(SelectQuery)": self._select_query,
            "/rest/CryptographicService/(GetConvertedPasswordValue)": self._convert,
        }
        for pattern, handler in routes.items():
            if match := re.fullmatch(pattern, local):
                if not self._is_trusted(request.headers.get("Authorization", "")):
                    return _json({"Message": "Authentication failed.", "StackTrace": None}, 401)
                try:
                    return handler(request, match[1])
                except _Refused as refused:
                    is_v3 = handler == self._odata3
                    text = {"lang": "en-US", "value": str(refused)} if is_v3 else str(refused)
                    return _json({"error": {"code": "", "message": text}}, 400)
        return _Reply(404)

    def _is_trusted(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        signed, _, signature = token.strip().rpartition(".")
        try:
            header, claims = (json.loads(_from_b64url(part)) for part in signed.split("."))
            key = self._keys.get(header["kid"]) or self._fetch_keys()[header["kid"]]
            key.verify(_from_b64url(signature), signed.encode(), PKCS1v15(), SHA256())
            in_time = claims["nbf"] - _CLOCK_SKEW <= time.time() <= claims["exp"] + _CLOCK_SKEW
            fits = header["alg"] == "RS256" and claims["iss"] == self._issuer
        except (OSError, InvalidSignature, LookupError, TypeError, ValueError):
            return False
        return scheme.lower() == "bearer" and in_time and fits

    def _fetch_keys(self) -> dict[str, rsa.RSAPublicKey]:
        document = _get_json(self._identity_url + _DISCOVERY)
        self._issuer = document["issuer"]
        for jwk in _get_json(document["jwks_uri"])["keys"]:
            e, n = (int.from_bytes(_from_b64url(jwk[name])) for name in ("e", "n"))
            self._keys[jwk["kid"]] = rsa.RSAPublicNumbers(e, n).public_key()
        return self._keys

    def _health(self) -> _Reply:
        try:
            _get_json(self._identity_url + _DISCOVERY)
        except (OSError, ValueError):
            setting = "system setting OAuth20IdentityServerUrl"
            message = f"IdentityService specified in {setting} is unavailable."
            return _json({"HasProblem": True, "Message": message}, 500)
        return _json({"HasProblem": False})

    def _no_resource(self, request: _Request, name: str) -> _Reply:
        message = f"No HTTP resource was found that matches the URI '{self.url}{request.path}'."
        detail = f"No type was found that matches the controller named '{name}'."
        return _json({"Message": message, "MessageDetail": detail}, 404)

    def _odata4(self, request: _Request, entity: str) -> _Reply:
        if entity not in _TABLES:
            return self._no_resource(request, entity)
        names, rows = _select(entity, request.query)
        asked = f"({','.join(names)})" if request.query.get("$select") else ""
        context = f"{self.url}{self._prefix}/odata/$metadata#{entity}{asked}"
        value = [{name: row[name] for name in names} for row in rows]
        return _json({"@odata.context": context, "value": value})

    def _odata3(self, request: _Request, collection: str) -> _Reply:
        entity = collection.removesuffix("Collection")
        if entity == collection or entity not in _TABLES:
            return self._no_resource(request, collection)
        verbose = "application/json;odata=verbose"
        is_verbose = verbose in "".join(request.headers.get("Accept", "").split()).lower()
        names, rows = _select(entity, request.query)
        base = f"{self.url}{self._prefix}/ServiceModel/EntityDataService.svc/{collection}"
        cut = {f"{base}(guid'{row['Id']}')": {name: row[name] for name in names} for row in rows}
        if not is_verbose:
            return _atom(collection, cut)
        kind = f"{_TYPE}{entity}"
        results = [{"__metadata": {"id": u, "uri": u, "type": kind}, **r} for u, r in cut.items()]
        return _json({"d": {"results": results}}, kind=verbose)

    def _select_query(self, request: _Request, _name: str) -> _Reply:
        if request.media_type != "application/json":
            return _Reply(415)
        try:
            query = json.loads(request.body)
            items = query.get("columns", {}).get("items", {})
            asked = {alias: str(c["expression"]["columnPath"]) for alias, c in items.items()}
            entity, count = str(query["RootSchemaName"]), int(query.get("rowCount", -1))
        except (ValueError, TypeError, LookupError, AttributeError):
            return _Reply(400)
        if query.get("filters"):
            return _Reply(501)
        if entity not in _TABLES:
            return self._no_resource(request, entity)
        rows = _TABLES[entity][: count if count >= 0 else None]
        known = _TABLES[entity][0]
        found = {"Id": "Id"} | {alias: path for alias, path in asked.items() if path in known}
        kinds = {alias: {"dataValueType": 0 if p == "Id" else 1} for alias, p in found.items()}
        cells = [{alias: row[path] for alias, path in found.items()} for row in rows]
        unknown = [path for path in asked.values() if path not in known]
        body = {"rowConfig": kinds, "rows": cells, "notFoundColumns": unknown}
        state = {"rowsAffected": len(rows), "nextPrceElReady": False, "success": True}
        return _json({**body, **state})

    def _convert(self, request: _Request, _name: str) -> _Reply:
        try:
            password = json.loads(request.body)["password"].encode()
        except (ValueError, TypeError, LookupError, AttributeError):
            return _Reply(400)
        value = base64.b64encode(hashlib.sha256(self._secret + password).digest()).decode()
        return _json({"GetConvertedPasswordValueResult": value})
