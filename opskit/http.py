# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""HTTP as opskit needs it: bounded in size and time, never following redirects, TLS verified.

The one place that imports httpx and that knows its errors.
"""

import asyncio
import functools
import importlib.util
import json
import socket
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from opskit import __version__, certificates
from opskit.errors import ConfigError, NoAnswer
from opskit.secrets import foreign, redact
from opskit.settings import Environment, is_loopback

# httpx imports a command line of its own where rich is installed, which doubles the time that its
# import takes. With this entry that import fails, as httpx provides for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
# httpcore tries to import this one several times per request: a fifth of a fleet's CPU time.
if importlib.util.find_spec("sniffio") is None:
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

import httpx  # noqa: E402

CONNECTIONS = 16  # at a time and of one environment
MAX_BODY = 2 * 1024 * 1024  # bytes
_EXCERPT = 160  # characters


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, as far as it was read.

    Attributes:
        status: the HTTP status code.
        headers: by lower-case name.
        body: at most ``MAX_BODY`` bytes.
        complete: False when there was more than that.
        elapsed: seconds from the request to the last byte read.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    complete: bool
    elapsed: float

    @property
    def content_type(self) -> str:
        """The media type, without parameters, in lower case; empty when there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the answer says that it is JSON."""
        return self.content_type == "application/json" or self.content_type.endswith("+json")

    @property
    def is_html(self) -> bool:
        """Whether the answer is a web page, by its header or by its first characters."""
        start = self.body[:200].lstrip().lower()
        return self.content_type == "text/html" or start.startswith((b"<!doctype html", b"<html"))

    @property
    def text(self) -> str:
        """The body as text, whatever it holds."""
        return self.body.decode("utf-8-sig", errors="replace")

    def json(self) -> Any:
        """Return the parsed body; None when it is not JSON, or not all of it was read."""
        return parse_json(self.text) if self.complete else None

    def excerpt(self) -> str:
        """Return the beginning of the body, fit for a message."""
        return foreign(redact(self.text)[: 20 * _EXCERPT], _EXCERPT)


def parse_json(text: str | bytes) -> Any:
    """Return what JSON text holds; None when it is not JSON, or nested beyond reason."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


class Http:
    """Kept-alive connections to the servers of one environment; use it in ``async with``.

    Attributes:
        deadline: when every request ends at the latest, by the monotonic clock; None sets none.
        retry_after: the most seconds that a server asked to be left alone for, in Retry-After.
    """

    def __init__(self, environment: Environment, deadline: float | None = None) -> None:
        self.deadline = deadline
        self.retry_after = 0.0
        self._environment = environment
        self._timeout = float(environment.timeout)
        self._clients: dict[tuple[str, bool], httpx.AsyncClient] = {}

    async def __aenter__(self) -> "Http":
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: Any = None,
        within: float | None = None,
    ) -> Answer:
        """Send a request and read its answer, up to ``MAX_BODY`` bytes.

        Args:
            method: GET or POST.
            url: absolute.
            headers: in addition to the usual ones.
            form: sent form-encoded.
            body: sent as JSON.
            within: seconds for all of it, if less than the environment's timeout.

        Raises:
            NoAnswer: nothing came back; its code is the id of a finding.
        """
        _check_address(url, self._environment)
        within = self._seconds(min(within or self._timeout, self._timeout), url)
        started = time.perf_counter()
        try:
            async with (
                asyncio.timeout(within),
                self._client(url).stream(
                    method, url, headers=dict(headers or {}), data=form, json=body
                ) as response,
            ):
                content = bytearray()
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > MAX_BODY:
                        break
        except (httpx.HTTPError, TimeoutError, ssl.SSLError) as error:
            failure = _no_answer(error, url, self._environment, within)
            if failure.code.startswith("tls-"):
                failure.evidence = await certificates.describe(*_place(url))
            raise failure from None
        except httpx.InvalidURL:
            raise _invalid(url, self._environment) from None
        answered = dict(response.headers)
        self.retry_after = max(self.retry_after, _retry_after(answered))
        return Answer(
            status=response.status_code,
            headers=answered,
            body=bytes(content[:MAX_BODY]),
            complete=len(content) <= MAX_BODY,
            elapsed=time.perf_counter() - started,
        )

    def _seconds(self, within: float, url: str) -> float:
        if self.deadline is None:
            return within
        if (left := self.deadline - time.monotonic()) > 0:
            return min(within, left)
        words = f"No time was left to ask {urlsplit(url).hostname}."
        raise NoAnswer(words, environment=self._environment.name, code="timed-out")

    def _client(self, url: str) -> httpx.AsyncClient:
        # A proxy from the surroundings must not get requests that are meant for this machine.
        scheme, local = urlsplit(url).scheme, is_loopback(url)
        if (scheme, local) not in self._clients:
            self._clients[scheme, local] = httpx.AsyncClient(
                verify=_no_authorities()
                if scheme == "http" and local
                else tls_context(self._environment),
                follow_redirects=False,
                # With a session's cookie Creatio might no longer ask for the token.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                trust_env=not local,
                timeout=None,  # noqa: S113 (request() bounds all of it)
                limits=httpx.Limits(
                    max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS
                ),
                headers={
                    "User-Agent": f"opskit/{__version__}",
                    "Accept": "application/json",
                    # A bound on what is read says little about what unpacks to a thousand times.
                    "Accept-Encoding": "identity",
                },
            )
        return self._clients[scheme, local]


def tls_context(environment: Environment) -> ssl.SSLContext:
    """Return how TLS is verified: the system's authorities, certifi's, and the environment's.

    Raises:
        ConfigError: the environment's ca_file cannot be read.
    """
    name = environment.ca_file
    path = environment.path(name) if name is not None else None
    try:
        return _shared_context(environment.insecure, path)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"environments.{environment.name}.ca_file: {path} cannot be used: {error}.",
            remedy="Give a PEM file with one or more CA certificates.",
            environment=environment.name,
        ) from None


@functools.cache
def _no_authorities() -> ssl.SSLContext:
    """Return a context for plain HTTP, which need not spend 20 ms on reading the authorities."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@functools.cache
def _shared_context(insecure: bool, ca_file: Path | None) -> ssl.SSLContext:
    """Return one context for all environments that verify alike: each costs 20 ms and 1 MB."""
    import certifi

    context = ssl.create_default_context()
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    context.load_verify_locations(certifi.where())
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds of a header Retry-After, which may also be a date; 0 without it."""
    value = headers.get("retry-after", "")
    if value.isdecimal():
        return float(value)
    try:
        return parsedate_to_datetime(value).timestamp() - time.time()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _check_address(url: str, environment: Environment) -> None:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise _invalid(url, environment)


def _invalid(url: str, environment: Environment) -> NoAnswer:
    return NoAnswer(
        f"{url!r} is not a web address.", environment=environment.name, code="address-invalid"
    )


def _no_answer(error: Exception, url: str, environment: Environment, timeout: float) -> NoAnswer:
    host, port = _place(url)
    where = f"{host}:{port}"
    causes = list(_causes(error))
    tls = next((c for c in causes if isinstance(c, ssl.SSLError)), None)
    if tls is not None:
        reason = getattr(tls, "verify_message", "") or tls.reason or str(tls)
        code, words = certificates.fault(tls), f"TLS with {where} failed: {reason}"
    elif any(isinstance(c, socket.gaierror) for c in causes):
        code, words = "host-unknown", f"The host name {host} is not known"
    elif any(isinstance(c, TimeoutError | httpx.TimeoutException) for c in causes):
        code, words = "timed-out", f"{where} gave no complete answer within {round(timeout, 1):g} s"
    elif any(isinstance(c, ConnectionRefusedError) for c in causes):
        code, words = "connection-refused", f"{where} refused the connection"
    elif isinstance(error, httpx.ConnectError):
        code, words = "connection-failed", f"No connection to {where}: {error}"
    else:
        what = str(error) or type(error).__name__
        code, words = "connection-failed", f"{where} broke off the answer: {what}"
    return NoAnswer(redact(words).rstrip(".") + ".", environment=environment.name, code=code)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Walk an error's causes; a connection tried over IPv6 and IPv4 has several."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for part in error.exceptions:
                yield from _causes(part)
        error = error.__cause__ or error.__context__
