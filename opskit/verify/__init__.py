# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Does the Identity Service hand out the tokens that the database promises?"""

import asyncio
from contextlib import nullcontext
from dataclasses import replace

from opskit.checks import failed, from_error, passed, skipped
from opskit.diagnosis.refusals import name_cause
from opskit.errors import OpskitError
from opskit.explain import finding
from opskit.http import Http
from opskit.models import Check, EnvironmentReport, VerifiedClient
from opskit.secrets import Secret
from opskit.settings import Environment, KnownClient
from opskit.threads import in_database_thread
from opskit.together import together
from opskit.verify.discovery import Discovery, NoDiscovery, discover
from opskit.verify.keys import KeySet, check_signature, fetch_keys
from opskit.verify.lifetime import check_claims, check_effective
from opskit.verify.token import AuthMethod, Token, TokenRefused, request_token

_TOKEN_CHECKS = (
    "token.type",
    "token.expires_in",
    "token.scope",
    "token.algorithm",
    "token.key",
    "token.signature",
    "token.issuer",
    "lifetime.claims",
    "lifetime.database",
)


async def verify(
    environment: Environment, client_name: str | None = None, *, http: Http | None = None
) -> EnvironmentReport:
    """Check discovery, keys and a test token of one environment.

    Args:
        environment: where.
        client_name: id or name of the client whose token to use; the first one by default.
        http: connections to use, which stay open; by default some of its own.

    Raises:
        ConfigError: the environment has no Identity Service.
        ClientNotFound: no secret is known for ``client_name``.
        SecretError: the client's secret cannot be fetched.
    """
    identity = environment.require("identity")
    client = environment.token_client(client_name)
    async with nullcontext(http) if http else Http(environment) as http:
        secret, found = await together(_secret(environment, client), discover(http, identity))
        if isinstance(found, NoDiscovery):
            rest = ("keys.reachable", "keys.strength", "token.post", "token.basic", *_TOKEN_CHECKS)
            undone = [skipped(check_id, "needs the discovery document") for check_id in rest]
            return EnvironmentReport(environment.name, [*found.checks, *undone])
        key_set, post, basic, in_database = await asyncio.gather(
            fetch_keys(http, found.jwks_uri),
            _obtain(http, found, client, secret, "post"),
            _obtain(http, found, client, secret, "basic"),
            in_database_thread(_lifetime_in_database, environment, client),
        )
    if client and secret:
        post, basic = await _explained(environment, client, secret, post, basic)
    checks = [*found.checks, *key_set.checks, _obtained("post", post), _obtained("basic", basic)]
    token = next((t for t in (post, basic) if isinstance(t, Token)), None)
    if token is None:
        reason = "there is no token" if client else "no client is configured"
        checks += [skipped(check_id, reason) for check_id in _TOKEN_CHECKS]
    else:
        checks += _check_token(token, found, key_set)
        checks.append(_check_database(token, in_database))
    verified = _verified(environment, client, token, in_database)
    return EnvironmentReport(environment.name, checks, client=verified)


async def _secret(environment: Environment, client: KnownClient | None) -> Secret | None:
    return await environment.fetch(client.secret) if client else None


async def _obtain(
    http: Http,
    found: Discovery,
    client: KnownClient | None,
    secret: Secret | None,
    method: AuthMethod,
) -> Token | TokenRefused | None:
    if client is None or secret is None:
        return None
    return await request_token(http, found.token_endpoint, client, secret, method)


async def _explained(
    environment: Environment,
    client: KnownClient,
    secret: Secret,
    post: Token | TokenRefused | None,
    basic: Token | TokenRefused | None,
) -> tuple[Token | TokenRefused | None, Token | TokenRefused | None]:
    """Name the cause of refusals: the database is asked once, and not where one way worked."""
    if isinstance(post, Token) or isinstance(basic, Token):
        return _one_way(post), _one_way(basic)
    if post is None or basic is None:
        return post, basic
    cause = await name_cause(environment, client, secret, post.finding)
    alike = basic.finding.id == post.finding.id
    return replace(post, finding=cause), replace(basic, finding=cause) if alike else basic


def _one_way(token: Token | TokenRefused | None) -> Token | TokenRefused | None:
    if isinstance(token, TokenRefused) and token.finding.id == "invalid-client":
        return replace(token, finding=finding("auth-method-refused", token.finding.symptom))
    return token


def _verified(
    environment: Environment,
    client: KnownClient | None,
    token: Token | None,
    in_database: int | Check | None,
) -> VerifiedClient | None:
    if client is None:
        return None
    held = in_database if isinstance(in_database, int) else None
    in_token = token.lifetime if token else None
    seen = [seconds for seconds in (held, in_token) if seconds is not None]
    outside = not all(map(environment.policy.allows, seen))
    return VerifiedClient(client.id, client.name, held, in_token, outside)


def _obtained(method: AuthMethod, token: Token | TokenRefused | None) -> Check:
    check_id = f"token.{method}"
    if token is None:
        return skipped(check_id, "no client is configured for this environment")
    if isinstance(token, TokenRefused):
        return failed(check_id, token.finding, token.elapsed)
    return passed(check_id, f"obtained by client_secret_{method}", token.elapsed)


def _check_token(token: Token, found: Discovery, key_set: KeySet) -> list[Check]:
    kind, scope = token.answer.get("token_type"), token.answer.get("scope")
    checks = [
        passed("token.type", "Bearer")
        if str(kind).lower() == "bearer"
        else failed("token.type", finding("token-malformed", f"token_type is {kind!r}.")),
        passed("token.expires_in", f"{token.expires_in} s")
        if (token.expires_in or 0) > 0
        else failed(
            "token.expires_in",
            finding("token-malformed", f"expires_in is {token.answer.get('expires_in')!r}."),
        ),
        passed("token.scope", str(scope))
        if isinstance(scope, str) and scope.strip()
        else failed("token.scope", finding("scope-missing")),
    ]
    checks += check_signature(token, key_set)
    checks.append(_check_issuer(token, found))
    checks.append(check_claims(token))
    return checks


def _check_issuer(token: Token, found: Discovery) -> Check:
    if token.claims is None:
        return skipped("token.issuer", "the token is no JWT")
    issuer = token.claims.get("iss")
    if issuer == found.issuer:
        return passed("token.issuer", str(issuer))
    words = f"iss is {issuer}; the discovery document says {found.issuer}."
    return failed("token.issuer", finding("issuer-mismatch", words))


def _lifetime_in_database(
    environment: Environment, client: KnownClient | None
) -> int | Check | None:
    """Return the client's lifetime in seconds, a check that says why not, or None: no row."""
    from opskit.db.store import open_store

    if environment.database is None:
        return skipped("lifetime.database", "no database is configured")
    if client is None:
        return skipped("lifetime.database", "no client is configured")
    try:
        with open_store(environment) as store:
            return store.lifetimes([client.id]).get(client.id)
    except OpskitError as error:
        return from_error("lifetime.database", error)


def _check_database(token: Token, in_database: int | Check | None) -> Check:
    if isinstance(in_database, Check):
        return in_database
    if in_database is None:
        return failed("lifetime.database", finding("client-not-in-database"))
    return check_effective("lifetime.database", token, in_database, "the database")
