# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The Identity Service's signing keys and access tokens."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from joserfc import jwt
from joserfc.jwk import RSAKey

ISSUER = "creatio.com"
"""The issuer that Creatio's Identity Service names: a bare word, not its own address."""

_BITS = 2048


@dataclass(frozen=True)
class SigningKey:
    """An RSA key with which tokens are signed."""

    key: RSAKey

    @classmethod
    def generate(cls) -> "SigningKey":
        """Make a new key, named by its thumbprint."""
        return cls(RSAKey.generate_key(_BITS, {"use": "sig", "alg": "RS256"}, auto_kid=True))

    def public(self) -> dict[str, object]:
        """Return the public half as an entry of a JWKS document."""
        return dict(self.key.as_dict(private=False))

    def access_token(
        self, *, issuer: str, client_id: str, scopes: Sequence[str], lifetime: int
    ) -> str:
        """Return a signed access token that is valid from now on for ``lifetime`` seconds."""
        now = int(time.time())
        header = {"alg": "RS256", "kid": self.key.kid, "typ": "at+jwt"}
        claims = {
            "iss": issuer,
            "nbf": now,
            "iat": now,
            "exp": now + lifetime,
            "aud": f"{issuer}/resources",
            "client_id": client_id,
            "jti": secrets.token_hex(16).upper(),
            "scope": list(scopes),
        }
        return jwt.encode(header, claims, self.key, algorithms=["RS256"])
