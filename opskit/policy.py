# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which lifetimes an environment accepts."""

import msgspec

from opskit.durations import format_duration
from opskit.errors import PolicyError

LONG = 4 * 3600  # seconds; Creatio advises no more than a few hours
SHORT = 5 * 60  # seconds; resource servers accept a token up to 300 s after it expired
LARGEST = 2**31 - 1  # AccessTokenLifetime is a 32-bit integer


class Duration(int):
    """Seconds, written in the configuration as a number or as text such as ``"30m"``."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The bounds of an environment, in seconds, both included."""

    min_lifetime: Duration = Duration(60)
    max_lifetime: Duration = Duration(24 * 3600)

    def __post_init__(self) -> None:
        if not 0 < self.min_lifetime <= self.max_lifetime <= LARGEST:
            raise ValueError("0 < min_lifetime <= max_lifetime must hold")

    def allows(self, lifetime: int) -> bool:
        """Return whether ``lifetime`` (seconds) lies within the bounds."""
        return self.min_lifetime <= lifetime <= self.max_lifetime

    def check(self, lifetime: int, *, environment: str, override: bool) -> list[str]:
        """Return what speaks against ``lifetime`` (seconds) without forbidding it.

        Args:
            lifetime: the seconds asked for.
            environment: whose policy this is, for the message.
            override: accept what is outside the bounds, and say so.

        Raises:
            PolicyError: the lifetime is outside the bounds and not overridden, or is one that
                never works: with zero or less, IdentityServer4 refuses the whole client.
        """
        if lifetime <= 0:
            raise PolicyError(
                f"A lifetime of {lifetime} s would lock the client out: IdentityServer4 then "
                "answers invalid_client.",
                remedy="Choose at least 1 second; to stop a client, disable it in Creatio.",
                environment=environment,
                code="lifetime-not-positive",
            )
        if lifetime > LARGEST:
            raise PolicyError(
                f"A lifetime of {lifetime} s does not fit the column, which holds 32 bits.",
                remedy=f"Choose at most {LARGEST} s.",
                environment=environment,
                code="lifetime-too-large",
            )
        warnings = []
        if not self.allows(lifetime):
            bounds = f"{_words(self.min_lifetime)} to {_words(self.max_lifetime)}"
            if not override:
                raise PolicyError(
                    f"{_words(lifetime)} is outside the policy of {environment}: {bounds}.",
                    remedy="Choose a value inside, or add --override-policy.",
                    environment=environment,
                )
            warnings.append(f"outside the policy ({bounds}), overridden")
        if lifetime > LONG:
            warnings.append(
                f"over {format_duration(LONG)}: a stolen token works until it expires; "
                "Creatio advises no more than a few hours"
            )
        elif lifetime < SHORT:
            warnings.append(
                f"under {format_duration(SHORT)}: servers probably accept a token up to 300 s "
                "after it expired, so this does little, and each app mints tokens more often"
            )
        return warnings


def _words(seconds: int) -> str:
    return f"{seconds} s ({format_duration(seconds)})"
