# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The lifetime that is really in effect: the one of a fresh token, and nothing else."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from opskit.checks import failed, passed, skipped
from opskit.durations import format_duration
from opskit.explain import finding
from opskit.http import Http
from opskit.models import Change, Check, Finding
from opskit.settings import Environment, KnownClient
from opskit.verify.discovery import NoDiscovery, discover
from opskit.verify.token import Token, TokenRefused, request_token

FRESH_TOKEN = "lifetime.fresh_token"  # noqa: S105 (the id of a check)
_POLL_INTERVAL = 5.0  # seconds


def check_claims(token: Token) -> Check:
    """Check that ``expires_in`` and ``exp − iat`` of one token agree."""
    said, claimed = token.expires_in, token.claimed_lifetime
    if claimed is None:
        return skipped("lifetime.claims", "the token is no JWT with iat and exp")
    if said != claimed:
        words = f"expires_in is {said} s, exp − iat is {claimed} s."
        return failed("lifetime.claims", finding("lifetime-inconsistent", words))
    return passed("lifetime.claims", f"exp − iat = expires_in = {said} s")


def check_effective(check_id: str, token: Token, expected: int, source: str) -> Check:
    """Check that ``token`` lives the ``expected`` seconds that ``source`` holds."""
    said = token.expires_in
    claimed = said if token.claimed_lifetime is None else token.claimed_lifetime
    if said == claimed == expected:
        words = f"a fresh token{_when(token)} lives {said} s ({format_duration(expected)})"
        return passed(check_id, f"{words}, as {source} says", token.elapsed)
    words = f"A fresh token lives {said} s (exp − iat: {claimed} s); {source} says {expected} s."
    return failed(check_id, finding("lifetime-stale", words), token.elapsed)


def _when(token: Token) -> str:
    """Say when a JWT was issued and expires, which shows that it is fresh."""
    if token.claimed_lifetime is None or token.claims is None:
        return ""
    try:
        expires = datetime.fromtimestamp(token.claims["exp"], UTC)
        issued = expires - timedelta(seconds=token.claimed_lifetime)
    except (OverflowError, OSError, ValueError):  # a date beyond the calendar
        return ""
    shown = "%H:%M:%S" if issued.date() == expires.date() else "%Y-%m-%d %H:%M:%S"
    return f" (issued {issued:{shown}}, expires {expires:{shown}} UTC)"


async def prove(
    environment: Environment,
    changes: Sequence[Change],
    *,
    wait: float = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Check]:
    """Prove new lifetimes by fresh tokens, for the clients whose secret is known.

    Args:
        environment: where the changes were made.
        changes: what should be in effect now.
        wait: seconds to keep asking while the old lifetime still comes.
        progress: told what is waited for.
    """
    known = [(change, environment.client(change.client_id)) for change in changes]
    provable = [(change, client) for change, client in known if client is not None]
    checks = [_no_secret(change, environment) for change, client in known if client is None]
    if not provable:
        return checks
    if environment.identity is None:
        return [*checks, *(skipped(FRESH_TOKEN, "identity is not set") for _ in provable)]
    deadline = time.monotonic() + wait
    async with Http(environment) as http:
        found = await discover(http, environment.identity)
        while isinstance(found, NoDiscovery) and _may_pass(found.finding):
            if (left := deadline - time.monotonic()) <= 0:
                break
            progress(f"{environment.name}: {found.finding.symptom} Asking again.")
            await asyncio.sleep(min(_POLL_INTERVAL, left))
            found = await discover(http, environment.identity)
        if isinstance(found, NoDiscovery):
            return [*checks, *(failed(FRESH_TOKEN, found.finding) for _ in provable)]
        proofs = [
            _prove_one(environment, http, found.token_endpoint, change, client, deadline, progress)
            for change, client in provable
        ]
        return [*checks, *await asyncio.gather(*proofs)]


async def _prove_one(
    environment: Environment,
    http: Http,
    token_endpoint: str,
    change: Change,
    client: KnownClient,
    deadline: float,
    progress: Callable[[str], None],
) -> Check:
    secret = await asyncio.to_thread(environment.resolve, client.secret)
    while True:
        token = await request_token(http, token_endpoint, client, secret)
        if isinstance(token, TokenRefused):
            check = failed(FRESH_TOKEN, token.finding, token.elapsed)
        else:
            check = check_effective(FRESH_TOKEN, token, change.new, "the database")
        left = deadline - time.monotonic()
        if check.finding is None or left <= 0 or not _may_pass(check.finding):
            return check
        progress(
            f"{environment.name}, {change.name or change.client_id}: {check.summary} "
            f"Asking again for {format_duration(round(left))}."
        )
        await asyncio.sleep(min(_POLL_INTERVAL, left))


def _may_pass(found: Finding) -> bool:
    """Tell what waiting can mend: a cache, and the restart that ends it."""
    return found.unreachable or found.id in {"lifetime-stale", "restarting"}


def _no_secret(change: Change, environment: Environment) -> Check:
    return skipped(
        FRESH_TOKEN,
        f"not proved: {environment.name} has no secret for {change.client_id} in opskit.toml",
    )
