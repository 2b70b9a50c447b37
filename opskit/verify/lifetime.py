# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The lifetime that is really in effect: the one of a fresh token, and nothing else."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from opskit.checks import failed, passed, skipped
from opskit.diagnosis.refusals import name_cause
from opskit.durations import format_duration
from opskit.explain import finding
from opskit.http import Http
from opskit.models import Change, Check, Finding, Status, Verification
from opskit.patience import pause
from opskit.progress import Progress, Step, silent
from opskit.secrets import foreign
from opskit.settings import Environment, KnownClient
from opskit.verify.discovery import NoDiscovery, discover
from opskit.verify.token import Token, TokenRefused, request_token
from opskit.words import counted

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
    said, claimed = token.expires_in, token.lifetime
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


@dataclass(frozen=True, slots=True)
class Proof:
    """What fresh tokens say of changes.

    Attributes:
        checks: one for each client whose secret is known, one for all others.
        results: what was proved, by client id.
    """

    checks: Sequence[Check]
    results: Mapping[str, Verification]


async def prove(
    environment: Environment,
    changes: Sequence[Change],
    *,
    wait: float = 0,
    progress: Progress = silent,
) -> Proof:
    """Prove new lifetimes by fresh tokens, for the clients whose secret is known.

    Args:
        environment: where the changes were made.
        changes: what should be in effect now.
        wait: seconds to keep asking while the old lifetime still comes.
        progress: told what is waited for, each second.
    """
    known = {client.id: client for client in environment.clients}
    provable = [
        (change, known[change.client_id]) for change in changes if change.client_id in known
    ]
    others = [change for change in changes if change.client_id not in known]
    checks = [_no_secret(others, environment)] if others else []
    results = dict.fromkeys((change.client_id for change in changes), Verification.SKIPPED)
    if not provable:
        return Proof(checks, results)
    if environment.identity is None:
        checks += [skipped(FRESH_TOKEN, "identity is not set") for _ in provable]
        return Proof(checks, results)
    waiting = _Waiting(environment.name, time.monotonic() + wait, progress)
    async with Http(environment) as http:
        found = await discover(http, environment.identity)
        while isinstance(found, NoDiscovery) and waiting.may_mend(found.finding):
            await waiting.pause(found.finding.symptom)
            found = await discover(http, environment.identity)
        if isinstance(found, NoDiscovery):
            proofs = [failed(FRESH_TOKEN, found.finding) for _ in provable]
        else:
            endpoint = found.token_endpoint
            proofs = await asyncio.gather(
                *(_prove_one(environment, http, endpoint, *one, waiting) for one in provable)
            )
    for (change, _), check in zip(provable, proofs, strict=True):
        passed_it = check.status is Status.PASS
        results[change.client_id] = Verification.PROVED if passed_it else Verification.FAILED
    if len(provable) > 1:
        proofs = [_of(*one) for one in zip(provable, proofs, strict=True)]
    return Proof([*checks, *proofs], results)


def _of(provable: tuple[Change, KnownClient], check: Check) -> Check:
    """Say whose check it is, where there is more than one."""
    change, _ = provable
    label = change.name or change.client_id
    return replace(check, summary=foreign(f"{label}: {check.summary}"))


async def _prove_one(
    environment: Environment,
    http: Http,
    token_endpoint: str,
    change: Change,
    client: KnownClient,
    waiting: "_Waiting",
) -> Check:
    secret = await environment.fetch(client.secret)
    while True:
        token = await request_token(http, token_endpoint, client, secret)
        if isinstance(token, TokenRefused):
            check = failed(FRESH_TOKEN, token.finding, token.elapsed)
        else:
            check = check_effective(FRESH_TOKEN, token, change.new, "the database")
        if check.finding is None:
            return check
        if not waiting.may_mend(check.finding):
            cause = await name_cause(environment, client, secret, check.finding)
            return failed(FRESH_TOKEN, cause, check.elapsed)
        await waiting.pause(f"{change.name or change.client_id}: {check.summary}")


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Waiting for a cache to forget, with the seconds counted down.

    Attributes:
        environment: where.
        deadline: when to give up, by the monotonic clock.
        progress: told each second what is waited for.
    """

    environment: str
    deadline: float
    progress: Progress

    def may_mend(self, found: Finding) -> bool:
        """Tell whether there is time, and waiting can mend it: a restart, or a cache."""
        mendable = found.transient or found.id == "lifetime-stale"
        return mendable and self.deadline > time.monotonic()

    async def pause(self, why: str) -> None:
        """Wait until it is worth asking again."""
        left = self.deadline - time.monotonic()
        step = Step(self.environment, f"{why} Asking again.", left)
        await pause(step, min(_POLL_INTERVAL, left), self.progress)


def _no_secret(changes: Sequence[Change], environment: Environment) -> Check:
    others = len(changes) - 1
    more = f" and {counted(others, 'more client')}" if others else ""
    return skipped(
        FRESH_TOKEN,
        f"not proved: {environment.name} has no secret for {changes[0].client_id}{more} "
        "in opskit.toml",
    )
