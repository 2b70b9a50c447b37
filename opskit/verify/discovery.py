# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The discovery document: is it there, complete, and does it lead where it can be reached?"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from opskit.checks import failed, passed, skipped, unanswered, warned
from opskit.diagnosis.answers import diagnose
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.http import Answer, Http
from opskit.models import Check, Finding
from opskit.settings import is_loopback

PATH = "/.well-known/openid-configuration"
# Where Creatio's Identity Service has them, for a document whose own addresses are garbage.
TOKEN_PATH = "/connect/token"  # noqa: S105 (a path, not a password)
JWKS_PATH = f"{PATH}/jwks"
CREATIO_ISSUER = "creatio.com"
REQUIRED_FIELDS = (
    "issuer",
    "jwks_uri",
    "token_endpoint",
    "grant_types_supported",
    "token_endpoint_auth_methods_supported",
)
AUTH_METHODS = ("client_secret_post", "client_secret_basic")
CHECKS = (
    "discovery.reachable",
    "discovery.json",
    "discovery.fields",
    "discovery.issuer",
    "discovery.endpoints",
    "discovery.grant",
    "discovery.auth_methods",
)
_PROBE_TIMEOUT = 5.0  # seconds for a host that only the document names


@dataclass(frozen=True, slots=True)
class Discovery:
    """What the document says, with endpoints that can be used from here.

    Attributes:
        issuer: as in the document; each token must repeat it.
        token_endpoint: where tokens come from.
        jwks_uri: where the public keys are.
        checks: what was found on the way, in the order of ``CHECKS``.
    """

    issuer: str
    token_endpoint: str
    jwks_uri: str
    checks: tuple[Check, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class NoDiscovery:
    """There is no usable document; ``checks`` say why."""

    checks: tuple[Check, ...]

    @property
    def finding(self) -> Finding:
        """Why there is none."""
        return next(check.finding for check in self.checks if check.finding)


async def discover(http: Http, identity: str) -> Discovery | NoDiscovery:
    """Fetch and check the discovery document.

    Args:
        http: the environment's connections.
        identity: base URL of the Identity Service.
    """
    identity = identity.rstrip("/")
    try:
        answer = await http.request("GET", identity + PATH)
    except NoAnswer as error:
        return _stopped(failed("discovery.reachable", unanswered(error)))
    wrong = diagnose(answer)
    if answer.status == 404 or (wrong and wrong.id in {"login-redirect", "login-page"}):
        seen = wrong.symptom if wrong and answer.status != 404 else "404"
        missing = finding("discovery-not-found", f"{seen} at {identity}{PATH}")
        return _stopped(failed("discovery.reachable", missing, answer.elapsed))
    if answer.status != 200 and wrong:
        return _stopped(failed("discovery.reachable", wrong, answer.elapsed))
    reachable = passed("discovery.reachable", f"{identity}{PATH}", answer.elapsed)
    document = answer.json()
    if wrong := _not_a_document(answer, document):
        return _stopped(reachable, failed("discovery.json", wrong))
    checks = [reachable, passed("discovery.json", f"{len(document)} fields")]
    if missing_fields := [name for name in REQUIRED_FIELDS if not document.get(name)]:
        lacking = finding("discovery-incomplete", "Missing: " + ", ".join(missing_fields))
        return _stopped(*checks, failed("discovery.fields", lacking))
    checks.append(passed("discovery.fields", "all required fields are there"))
    checks.append(_issuer(str(document["issuer"]), identity))
    discovery, endpoints = await _usable(http, identity, document)
    checks += [endpoints, _grant(document), _auth_methods(document)]
    return replace(discovery, checks=tuple(checks))


def _stopped(*checks: Check) -> NoDiscovery:
    rest = CHECKS[len(checks) :]
    reason = f"needs {checks[-1].id}"
    return NoDiscovery((*checks, *(skipped(check_id, reason) for check_id in rest)))


def _not_a_document(answer: Answer, document: Any) -> Finding | None:
    if wrong := diagnose(answer):
        return wrong
    if not isinstance(document, dict):
        return finding("unexpected-shape", f"No JSON object: {answer.excerpt()}")
    return None


def _issuer(issuer: str, identity: str) -> Check:
    if issuer.rstrip("/") == identity:
        return passed("discovery.issuer", issuer)
    if issuer == CREATIO_ISSUER:
        return passed("discovery.issuer", f"{issuer}, no URL, which is normal for Creatio")
    differs = finding("issuer-differs", f"The issuer is {issuer}, not {identity}.")
    return warned("discovery.issuer", differs)


def _grant(document: Mapping[str, Any]) -> Check:
    offered = _listed(document["grant_types_supported"])
    if "client_credentials" in offered:
        return passed("discovery.grant", "client_credentials is offered")
    return failed("discovery.grant", finding("grant-not-offered", f"Offered: {', '.join(offered)}"))


def _auth_methods(document: Mapping[str, Any]) -> Check:
    offered = _listed(document["token_endpoint_auth_methods_supported"])
    missing = [method for method in AUTH_METHODS if method not in offered]
    if not missing:
        return passed("discovery.auth_methods", " and ".join(AUTH_METHODS))
    lacking = finding("auth-method-not-offered", "Not offered: " + ", ".join(missing))
    return failed("discovery.auth_methods", lacking)


def _listed(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


async def _usable(
    http: Http, identity: str, document: Mapping[str, Any]
) -> tuple[Discovery, Check]:
    """Keep the document's endpoints where they can be used, else move them to ``identity``."""
    found = Discovery(
        issuer=str(document["issuer"]),
        token_endpoint=str(document["token_endpoint"]),
        jwks_uri=str(document["jwks_uri"]),
    )
    if {_origin(found.token_endpoint), _origin(found.jwks_uri)} == {_origin(identity)}:
        return found, passed("discovery.endpoints", "on the configured host")
    if reason := await _unusable(http, identity, found):
        moved = replace(
            found,
            token_endpoint=_moved(found.token_endpoint, identity, TOKEN_PATH),
            jwks_uri=_moved(found.jwks_uri, identity, JWKS_PATH),
        )
        return moved, failed("discovery.endpoints", finding("internal-endpoints", reason))
    return found, passed("discovery.endpoints", f"on {urlsplit(found.token_endpoint).netloc}")


async def _unusable(http: Http, identity: str, found: Discovery) -> str:
    """Say why a client's secret cannot, or must not, be sent to the document's endpoints."""
    endpoints = {"token_endpoint": found.token_endpoint, "jwks_uri": found.jwks_uri}
    elsewhere = {name: url for name, url in endpoints.items() if _origin(url) != _origin(identity)}
    for name, url in elsewhere.items():
        reason = _unsafe(url, identity)
        if not reason:
            try:
                # An empty GET of the keys says whether anybody is there, and reveals nothing.
                probe = _moved(found.jwks_uri, _root(url), JWKS_PATH)
                answer = await http.request("GET", probe, within=_PROBE_TIMEOUT)
                reason = "" if _holds_keys(answer) else f"{answer.status} instead of keys there."
            except NoAnswer as error:
                reason = error.message
        if reason:
            return f"{name} is {url}: {reason}"
    return ""


def _holds_keys(answer: Answer) -> bool:
    """Return whether an Identity Service answers, and not a proxy or something else."""
    content = answer.json()
    return answer.status == 200 and isinstance(content, dict) and "keys" in content


def _unsafe(url: str, identity: str) -> str:
    if _origin(url) is None:
        return "not a web address."
    if urlsplit(identity).scheme == "https" and urlsplit(url).scheme != "https":
        return "not encrypted, unlike the configured address."
    if is_loopback(url) and not is_loopback(identity):
        return "the service's own machine."
    return ""


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _moved(url: str, base: str, otherwise: str) -> str:
    """Return the path of ``url``, or ``otherwise``, on the scheme and host of ``base``."""
    target = urlsplit(base)
    source = urlsplit(url if _origin(url) else otherwise)
    prefix = "" if _origin(base) == _origin(url) else target.path.rstrip("/")
    path = source.path if source.path.startswith(f"{prefix}/") else prefix + source.path
    return urlunsplit((target.scheme, target.netloc, path, source.query, ""))
