# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which cause a client's rows give for the refusal of a token; nothing is fetched here."""

import difflib
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from opskit.db.client_details import SHARED_SECRET, ClientDetails, StoredSecret
from opskit.explain import finding
from opskit.models import Client, Finding
from opskit.settings import KnownClient

GRANT = "client_credentials"
_NEAREST = 3
_SHOWN = 8  # clients where none is near


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database holds about a client that was refused.

    Attributes:
        client: its row.
        details: what else decides, as far as it may be read.
    """

    client: Client
    details: ClientDetails


# The finding's id, and what it is in this case.
Cause = tuple[str, str]


def unknown(found: Finding, asked: KnownClient, clients: Sequence[Client]) -> Finding:
    """Return the finding for a client that the database does not hold.

    Args:
        found: what the token endpoint said.
        asked: the client in opskit.toml.
        clients: all that the database holds.
    """
    near = _nearest(asked, clients)
    evidence = [f"Clients: {len(clients)} rows, none with the id {asked.id}."]
    if near:
        evidence.append(f"The nearest: {_listed(near)}.")
    elif clients:
        # Mostly the id of another environment: the right one is known by its name.
        more = f" and {len(clients) - _SHOWN} more" if len(clients) > _SHOWN else ""
        evidence.append(f"There are: {_listed(clients[:_SHOWN])}{more}.")
    return finding("client-unknown", _said(found, "there is no such client"), evidence=evidence)


def judge(
    found: Finding, asked: KnownClient, rows: Rows, *, environment: str, grants: str
) -> Finding:
    """Return what is wrong with the client, or that nothing is, with all that was looked at.

    Args:
        found: what the token endpoint said: invalid-client, unauthorized-client, invalid-scope.
        asked: the client in opskit.toml.
        rows: what the database holds.
        environment: its name, for what to do now.
        grants: what gives the login the rights that it may lack.
    """
    evidence = list(_evidence(rows))
    if rows.details.unread:
        unread = ", ".join(rows.details.unread)
        evidence.append(f"Not readable with this login: {unread}; see {grants}.")
    causes = (test(asked, rows) for test in _TESTS[found.id])
    cause = next((cause for cause in causes if cause is not None), None)
    if cause is not None:
        explained = finding(cause[0], _said(found, cause[1]), evidence=evidence)
        here = f"{shlex.quote(asked.id)} 1h -e {environment}"
        return replace(explained, remedy=explained.remedy.replace("CLIENT 1h -e ENV", here))
    # Creatio's scopes also stand in other tables, so a client's own being right proves nothing.
    if found.id != "invalid-scope" and None not in _DECIDING[found.id](rows):
        words = "nothing is wrong with it in the database"
        return finding("client-sound", _said(found, words), evidence=evidence)
    return finding(found.id, found.symptom, evidence=evidence)


def _said(found: Finding, words: str) -> str:
    return f"{found.symptom.rstrip('.')}: {words}."


def _listed(clients: Sequence[Client]) -> str:
    return ", ".join(f"{client.label} ({client.client_id})" for client in clients)


def _nearest(asked: KnownClient, clients: Sequence[Client]) -> list[Client]:
    """Return those whose id or name is the most like the one that was asked for."""
    by_word: dict[str, list[Client]] = {}
    for client in clients:
        for known in {client.client_id, client.label}:
            by_word.setdefault(known.casefold(), []).append(client)
    near: list[Client] = []
    for word in (asked.name, asked.id):
        # Two random ids share about half of their digits.
        for match in difflib.get_close_matches((word or "").casefold(), by_word, _NEAREST, 0.7):
            near += [client for client in by_word[match] if client not in near]
    return near[:_NEAREST]


def _evidence(rows: Rows) -> Iterator[str]:
    client, details = rows.client, rows.details
    enabled = {True: "enabled", False: "disabled", None: "Enabled not readable"}[client.enabled]
    yield f"Clients: {client.label}, {enabled}, AccessTokenLifetime {client.lifetime} s."
    if details.protocol is not None:
        demanded = "demanded" if details.secret_required else "not demanded"
        yield f"Clients: secret {demanded}, ProtocolType {details.protocol}."
    if details.secrets is not None:
        yield f"ClientSecrets: {'; '.join(map(_secret_words, details.secrets)) or 'no row'}."
    if details.grants is not None:
        yield f"ClientGrantTypes: {', '.join(details.grants) or 'no row'}."
    if details.scopes is not None:
        yield f"ClientScopes: {', '.join(details.scopes) or 'no row'}."


def _secret_words(secret: StoredSecret) -> str:
    kind = "" if secret.type == SHARED_SECRET else f" of type {secret.type}"
    which = "the secret of opskit.toml" if secret.matches else "another secret"
    hashed = "" if secret.hashed else ", which is no hash"
    if secret.expiration is None:
        ends = "without expiry"
    else:
        ends = f"{'expired' if secret.expired else 'valid until'} {_day(secret.expiration)}"
    return f"{which}{kind}{hashed}, {ends}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _disabled(_: KnownClient, rows: Rows) -> Cause | None:
    return ("client-disabled", "it is disabled") if rows.client.enabled is False else None


def _lifetime(_: KnownClient, rows: Rows) -> Cause | None:
    seconds = rows.client.lifetime
    if seconds > 0:
        return None
    return "lifetime-not-positive", f"its AccessTokenLifetime is {seconds} s"


def _protocol(_: KnownClient, rows: Rows) -> Cause | None:
    protocol = rows.details.protocol
    if protocol in {None, "oidc"}:
        return None
    return "protocol-not-oidc", f"its ProtocolType is {protocol}"


def _no_grant(_: KnownClient, rows: Rows) -> Cause | None:
    # IdentityServer4 takes a client without any for misconfigured.
    grants = rows.details.grants
    return None if grants is None or grants else ("grant-missing", "it has no grant at all")


def _secret(_: KnownClient, rows: Rows) -> Cause | None:
    stored = rows.details.secrets
    if stored is None or rows.details.secret_required is False:
        return None
    shared = [secret for secret in stored if secret.type == SHARED_SECRET]
    matching = [secret for secret in shared if secret.matches]
    if not shared:
        return "secret-missing", "no shared secret is stored for it"
    if not matching and not any(secret.hashed for secret in shared):
        return "secret-not-hashed", "what is stored as its secret is no hash"
    if not matching:
        return "secret-wrong", "the secret is not the one that is stored"
    if all(secret.expired for secret in matching):
        ended = max(secret.expiration for secret in matching if secret.expiration)
        return "secret-expired", f"the secret expired {_day(ended)}"
    return None


def _grant(_: KnownClient, rows: Rows) -> Cause | None:
    grants = rows.details.grants
    if grants is None or GRANT in grants:
        return None
    words = f"it may use {', '.join(grants)} only" if grants else "it has no grant at all"
    return "grant-missing", words


def _scope(asked: KnownClient, rows: Rows) -> Cause | None:
    scopes = rows.details.scopes
    if scopes is None:
        return None
    if not scopes:
        return "scope-none", "no scope is stored for it"
    if missing := sorted(set((asked.scope or "").split()) - set(scopes)):
        return "scope-not-allowed", f"{', '.join(missing)} is not among its scopes"
    return None


# In the order in which IdentityServer4 looks.
_TESTS: dict[str, Sequence[Callable[[KnownClient, Rows], Cause | None]]] = {
    "invalid-client": (_disabled, _lifetime, _protocol, _no_grant, _secret),
    "unauthorized-client": (_grant,),
    "invalid-scope": (_scope,),
}
# What must have been read before opskit may say that nothing is wrong.
_DECIDING: dict[str, Callable[[Rows], Sequence[object]]] = {
    "invalid-client": lambda rows: (
        rows.client.enabled,
        rows.details.protocol,
        rows.details.secrets,
        rows.details.grants,
    ),
    "unauthorized-client": lambda rows: (rows.details.grants,),
}
REFUSALS = frozenset(_TESTS)
"""The findings of the token endpoint that a client's rows can explain."""
