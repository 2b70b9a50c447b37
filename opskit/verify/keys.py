# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The service's public keys, and whether a token was signed by one of them."""

import base64
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opskit.checks import failed, passed, skipped, unanswered
from opskit.diagnosis.answers import diagnose
from opskit.errors import NoAnswer
from opskit.explain import finding
from opskit.http import Http
from opskit.models import Check, Finding
from opskit.verify.token import Token

MIN_RSA_BITS = 2048
PUBLIC_KEY_ALGORITHMS = frozenset(
    f"{kind}{size}" for kind in ("RS", "PS", "ES") for size in (256, 384, 512)
)


@dataclass(frozen=True, slots=True)
class KeySet:
    """The RSA keys of a JSON Web Key Set by key id; ``checks`` say what they are worth."""

    keys: Mapping[str, Mapping[str, Any]]
    checks: tuple[Check, ...]


async def fetch_keys(http: Http, jwks_uri: str) -> KeySet:
    """Fetch the key set and check that it can be fetched and is strong enough."""
    try:
        answer = await http.request("GET", jwks_uri)
    except NoAnswer as error:
        return _no_keys(failed("keys.reachable", unanswered(error)))
    content = answer.json()
    listed = content.get("keys") if isinstance(content, dict) else None
    if answer.status != 200 or not isinstance(listed, list):
        wrong = diagnose(answer) or finding("unexpected-shape", f"No keys: {answer.excerpt()}")
        return _no_keys(failed("keys.reachable", wrong, answer.elapsed))
    reachable = passed("keys.reachable", jwks_uri, answer.elapsed)
    keys = {str(key.get("kid", "")): key for key in listed if _bits(key)}
    return KeySet(keys, (reachable, _strength(list(keys.values()), len(listed))))


def check_signature(token: Token, key_set: KeySet) -> list[Check]:
    """Check algorithm, key id and signature of ``token``."""
    ids = ("token.algorithm", "token.key", "token.signature")
    if token.header is None:
        opaque = failed(ids[0], finding("token-opaque"))
        return [opaque, *(skipped(i, "the token is no JWT") for i in ids[1:])]
    algorithm, kid = str(token.header.get("alg")), str(token.header.get("kid", ""))
    if algorithm not in PUBLIC_KEY_ALGORITHMS:
        unsafe = finding("algorithm-unsafe", f"alg is {algorithm}.")
        return [failed(ids[0], unsafe), *(skipped(i, f"alg is {algorithm}") for i in ids[1:])]
    checks = [passed(ids[0], algorithm)]
    if algorithm.startswith("ES"):
        return [*checks, *(skipped(i, "opskit checks RSA signatures only") for i in ids[1:])]
    if not key_set.keys:
        return [*checks, *(skipped(i, "there is no key set") for i in ids[1:])]
    if kid not in key_set.keys:
        unknown = finding(
            "key-unknown", f"kid is {kid or 'missing'}; the set has {', '.join(key_set.keys)}."
        )
        return [*checks, failed(ids[1], unknown), skipped(ids[2], "the key is unknown")]
    checks.append(passed(ids[1], kid))
    if wrong := _signature_wrong(token, key_set.keys[kid], algorithm):
        return [*checks, failed(ids[2], wrong)]
    return [*checks, passed(ids[2], "fits the key")]


def _no_keys(check: Check) -> KeySet:
    return KeySet({}, (check, skipped("keys.strength", "needs keys.reachable")))


def _strength(keys: Sequence[Mapping[str, Any]], listed: int) -> Check:
    sizes = [_bits(key) for key in keys]
    if not sizes:
        return failed("keys.strength", finding("keys-unusable", f"{listed} keys, none is RSA."))
    if min(sizes) < MIN_RSA_BITS:
        return failed("keys.strength", finding("keys-weak", f"RSA with {min(sizes)} bits."))
    return passed("keys.strength", "RSA, " + ", ".join(f"{size} bits" for size in sizes))


def _bits(key: Any) -> int:
    """Return the length of an RSA key; 0 when it is none."""
    if not isinstance(key, dict) or key.get("kty") != "RSA":
        return 0
    modulus = str(key.get("n", ""))
    try:
        raw = base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4))
    except ValueError:
        return 0
    return int.from_bytes(raw).bit_length()


def _signature_wrong(token: Token, key: Mapping[str, Any], algorithm: str) -> Finding | None:
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    public = {name: key[name] for name in ("kty", "n", "e") if name in key}
    try:
        with warnings.catch_warnings():  # a weak key has a check of its own
            warnings.simplefilter("ignore")
            imported = RSAKey.import_key(public)
            jws.deserialize_compact(token.access.reveal(), imported, algorithms=[algorithm])
    except (JoseError, ValueError) as error:
        return finding("signature-wrong", f"{type(error).__name__} with the key that it names.")
    return None
