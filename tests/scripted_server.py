# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A web server whose answers a test writes down, with healthy ones to start from."""

import base64
import datetime as dt
import functools
import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

DISCOVERY = "/.well-known/openid-configuration"
JWKS = "/.well-known/openid-configuration/jwks"
TOKEN = "/connect/token"
ODATA4 = "/odata/Account"
ODATA3 = "/ServiceModel/EntityDataService.svc/AccountCollection/"
DATASERVICE = "/DataService/json/SyncReply/SelectQuery"
WEBSERVICE = "/rest/CryptographicService/GetConvertedPasswordValue"
DATA_PATHS = {"odata4": ODATA4, "odata3": ODATA3, "dataservice": DATASERVICE}
DATA_PATHS |= {"webservice": WEBSERVICE}
PING = "/api/HealthCheck/Ping"
OAUTH_HEALTH = "/api/OAuthHealthCheck"
NET_LOGIN = "/Login/Login.html"
FRAMEWORK_LOGIN = "/0/Login/NuiLogin.aspx"
LOGIN_HTML = '<!DOCTYPE html><html data-loadbootstrap="bootstrap.login"></html>'
ISSUER = "creatio.com"
LIFETIME = 3600
SCOPE = "ApplicationAccess_0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Received:
    """A request as it came in; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What a request gets: after ``delay`` seconds; chunk by chunk where the body is made."""

    status: int = 200
    body: bytes | Callable[[], Iterator[bytes]] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0
    pause: float = 0
    hang_up: bool = False


Script = Reply | Callable[[Received], Reply]

HANG_UP = Reply(hang_up=True)


def json_reply(value: object, status: int = 200, **options: Any) -> Reply:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(status, json.dumps(value).encode(), headers, **options)


def text_reply(text: str, status: int = 200, kind: str = "text/plain") -> Reply:
    return Reply(status, text.encode(), {"Content-Type": f"{kind}; charset=utf-8"})


def html_reply(text: str = "<!DOCTYPE html><html>Gateway</html>", status: int = 200) -> Reply:
    return text_reply(text, status, "text/html")


def redirect_reply(location: str, status: int = 302) -> Reply:
    return Reply(status, headers={"Location": location})


def endless_reply(chunk: bytes = b'{"Name": "Accom"},' * 4000, **options: Any) -> Reply:
    def body() -> Iterator[bytes]:
        yield b'{"value": ['
        while True:
            yield chunk

    return Reply(200, body, {"Content-Type": "application/json"}, **options)


def in_turn(*replies: Reply) -> Callable[[Received], Reply]:
    """Give each reply once, and the last one from then on."""
    left, lock = list(replies), threading.Lock()

    def script(_request: Received) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return script


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "ScriptedServer"

    def setup(self) -> None:
        self.request = self.server.secured(self.request)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(self.command, self.path, headers, body)
        reply = self.server.reply_to(request)
        if self.server.stopping.wait(reply.delay) or reply.hang_up:
            self.close_connection = True
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if isinstance(reply.body, bytes):
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)
        else:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self._stream(reply.body(), reply.pause)

    def _stream(self, chunks: Iterator[bytes], pause: float) -> None:
        for chunk in chunks:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            self.server.sent += len(chunk)
            if self.server.stopping.wait(pause):
                self.close_connection = True
                return
        self.wfile.write(b"0\r\n\r\n")

    do_GET = do_POST = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - inherited name
        """Stay silent: the reader wants the test's output."""


class ScriptedServer(ThreadingHTTPServer):
    """Serve what a test scripts on a free port of 127.0.0.1, inside a `with` block.

    Attributes:
        received: every request, in the order in which they came.
        connections: how many were accepted.
        sent: bytes of streamed bodies.
    """

    daemon_threads = False

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"
        self.received: list[Received] = []
        self.connections = 0
        self.sent = 0
        self.stopping = threading.Event()
        self._tls = tls
        self._scripts: dict[tuple[str, str], Script] = {}
        self._open: list[socket.socket] = []
        self._errors: list[BaseException] = []
        self._lock = threading.Lock()

    def script(self, method: str, path: str, script: Script) -> None:
        """Give ``script`` to all requests for ``path``; what is not scripted gets an empty 404."""
        self._scripts[method, path] = script

    def requests(self, path: str) -> list[Received]:
        with self._lock:
            return [request for request in self.received if request.path == path]

    def reply_to(self, request: Received) -> Reply:
        with self._lock:
            self.received.append(request)
        script = self._scripts.get((request.method, request.path), Reply(404))
        try:
            return script if isinstance(script, Reply) else script(request)
        except Exception as error:
            self._errors.append(error)
            raise

    def secured(self, connection: socket.socket) -> socket.socket:
        if self._tls:
            connection = self._tls.wrap_socket(connection, server_side=True)
        with self._lock:
            self._open.append(connection)
        return connection

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: clients that turn away are a part of the tests."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.shutdown()
        self.stopping.set()
        with self._lock:
            for connection in self._open:  # else the kept-alive ones would be served on
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        if self._errors:
            raise self._errors[0]


def self_signed(
    folder: Path, *, host: str = "127.0.0.1", days: int = 1, begins: int = -10
) -> ssl.SSLContext:
    """Make a certificate that ends ``days`` from now and signs itself; FOLDER/ca.pem holds it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = "A test's own"
    certificate = _certificate(key, name, host=host, days=days, begins=begins).sign(key, SHA256())
    (folder / "ca.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    return _serving(folder, key, certificate)


def signed_by_authority(folder: Path) -> ssl.SSLContext:
    """Make a certificate for 127.0.0.1 that an authority signs; FOLDER/ca.pem holds that one."""
    authority, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = "A test's authority"
    root = _certificate(authority, issuer).sign(authority, SHA256())
    (folder / "ca.pem").write_bytes(root.public_bytes(Encoding.PEM))
    certificate = _certificate(key, "A test's server", (issuer, authority)).sign(
        authority, SHA256()
    )
    return _serving(folder, key, certificate)


def _certificate(
    key: ec.EllipticCurvePrivateKey,
    name: str,
    issuer: tuple[str, ec.EllipticCurvePrivateKey] | None = None,
    *,
    host: str = "127.0.0.1",
    days: int = 1,
    begins: int = -10,
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    signer, signing = issuer or (name, key)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    address = (
        x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    )
    return (
        x509.CertificateBuilder(
            _common_name(signer), _common_name(name), key.public_key(), x509.random_serial_number()
        )
        .not_valid_before(now + dt.timedelta(days=begins))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=issuer is None,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
                **usage,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _serving(
    folder: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> ssl.SSLContext:
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def _b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _b64url(value.to_bytes((value.bit_length() + 7) // 8))


class Key:
    """An RSA key that signs tokens, by hand so that any token can be made."""

    def __init__(self, kid: str = "key-1", bits: int = 2048) -> None:
        self.kid = kid
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=bits)

    def jwk(self) -> dict[str, object]:
        public = self._private.public_key().public_numbers()
        numbers = {"n": _number(public.n), "e": _number(public.e)}
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid, **numbers}

    def token(self, header: Mapping[str, object] | None = None, **changes: object) -> str:
        """A JWT with usual claims; a change to None leaves a claim or header parameter out."""
        now = int(time.time())
        claims = {"iss": ISSUER, "nbf": now, "iat": now, "exp": now + LIFETIME, "scope": [SCOPE]}
        head = {"alg": "RS256", "kid": self.kid, "typ": "at+jwt", **(header or {})}
        parts = (_present(head), _present({**claims, **changes}))
        signed = ".".join(_b64url(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{_b64url(self._signature(str(head['alg']), signed.encode()))}"

    def _signature(self, algorithm: str, signed: bytes) -> bytes:
        if algorithm == "none":
            return b""
        if algorithm == "HS256":  # the public key taken for a shared secret, a known attack
            return hmac.digest(str(self.jwk()["n"]).encode(), signed, hashlib.sha256)
        return self._private.sign(signed, PKCS1v15(), SHA256())


@functools.cache
def default_key() -> Key:
    return Key()


def _present(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


def discovery(base: str, **changes: object) -> Reply:
    """The discovery document; a change to None leaves a field out."""
    document = {
        "issuer": ISSUER,
        "jwks_uri": base + JWKS,
        "token_endpoint": base + TOKEN,
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }
    return json_reply(_present({**document, **changes}))


def token(access: str | None = None, **changes: object) -> Reply:
    """A successful token answer; a change to None leaves a field out."""
    answer = {"access_token": access or default_key().token(), "expires_in": LIFETIME}
    answer |= {"token_type": "Bearer", "scope": SCOPE}
    return json_reply(_present({**answer, **changes}))


HEALTHY: Mapping[str, Reply] = {
    "odata4": json_reply(
        {"@odata.context": "…/odata/$metadata#Account", "value": [{"Name": "Our company"}]}
    ),
    "odata3": json_reply({"d": {"results": [{"Name": "Our company"}]}}),
    "dataservice": json_reply(
        {"rows": [{"Id": "1", "Name": "Our company"}], "rowsAffected": 1, "success": True}
    ),
    "webservice": json_reply({"GetConvertedPasswordValueResult": "c2VjcmV0"}),
}


def closed_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def script_identity(server: ScriptedServer) -> None:
    """Script a healthy Identity Service."""
    server.script("GET", DISCOVERY, discovery(server.url))
    server.script("GET", JWKS, json_reply({"keys": [default_key().jwk()]}))
    server.script("POST", TOKEN, lambda _request: token(default_key().token()))


def script_creatio(server: ScriptedServer, prefix: str = "") -> None:
    """Script a healthy Creatio on .NET, or with the prefix /0 on .NET Framework."""
    server.script("GET", FRAMEWORK_LOGIN if prefix else NET_LOGIN, html_reply(LOGIN_HTML))
    server.script("GET", prefix + PING, text_reply("Pong"))
    server.script("GET", prefix + OAUTH_HEALTH, json_reply({"HasProblem": False, "Message": ""}))
    for name in HEALTHY:
        script_path(server, name, HEALTHY[name], prefix)


def script_path(server: ScriptedServer, name: str, script: Script, prefix: str = "") -> None:
    """Script one data path."""
    method = "GET" if name.startswith("odata") else "POST"
    server.script(method, prefix + DATA_PATHS[name], script)
