# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What a sandbox contains: its environments, and the integrations registered in each."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Runtime(StrEnum):
    """The platform that a Creatio runs on; it decides where the API lies."""

    FRAMEWORK = "framework"
    NET = "net"

    @property
    def api_prefix(self) -> str:
        """The path between Creatio's base URL and its API."""
        return "/0" if self is Runtime.FRAMEWORK else ""


@dataclass(frozen=True)
class EnvironmentSpec:
    """One rehearsal environment.

    Attributes:
        name: how commands call it.
        runtime: the platform that its Creatio really runs on.
        configured_runtime: what the sandbox's opskit.toml says about it; ``auto`` is detected.
        wave: when a plan reaches it; lower numbers go first.
        protected: whether writes ask for a confirmation.
        scheme: how its servers are reached: http or https.
    """

    name: str
    runtime: Runtime
    configured_runtime: str
    wave: int
    protected: bool = False
    scheme: str = "http"

    @property
    def database(self) -> str:
        """The name of the environment's database."""
        return f"identity_{self.name}"

    @property
    def scope(self) -> str:
        """The scope of the default resource, which Creatio names anew in every instance."""
        return f"ApplicationAccess_{_hex_digits(self.name, 'default resource').lower()}"


@dataclass(frozen=True)
class Integration:
    """An OAuth client as an administrator sees it: one name, another ClientId everywhere.

    Attributes:
        name: the ClientName.
        lifetimes: seconds of AccessTokenLifetime by environment; absent where there is no entry.
        enabled: whether the Identity Service accepts it.
        secret_known: whether opskit.toml gets its secret; otherwise nobody has it.
        grants: the grant types it may use.
    """

    name: str
    lifetimes: dict[str, int]
    enabled: bool = True
    secret_known: bool = True
    grants: tuple[str, ...] = ("client_credentials",)

    @property
    def slug(self) -> str:
        """The name as a part of file and user names."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower())

    def client_id(self, environment: str) -> str:
        """Return the ClientId in an environment: 32 hex digits, the same in every sandbox."""
        return _hex_digits(environment, self.name)


def _hex_digits(environment: str, name: str) -> str:
    return hashlib.sha256(f"{environment}/{name}".encode()).hexdigest()[:32].upper()


def _everywhere(seconds: int) -> dict[str, int]:
    return {environment.name: seconds for environment in ENVIRONMENTS}


ENVIRONMENTS = (
    EnvironmentSpec("dev", Runtime.NET, configured_runtime="net", wave=1),
    EnvironmentSpec("test", Runtime.FRAMEWORK, configured_runtime="auto", wave=2),
    EnvironmentSpec(
        "prod", Runtime.NET, configured_runtime="net", wave=3, protected=True, scheme="https"
    ),
)

INTEGRATIONS = (
    Integration("Data Mart Sync", _everywhere(3600)),
    Integration(
        "Telephony Bridge",
        {"dev": 3600, "test": 3600, "prod": 7200},
        grants=("authorization_code", "client_credentials"),
    ),
    Integration("Billing Export", _everywhere(1800)),
    Integration("Legacy Reporting", _everywhere(604_800)),
    Integration("Partner Portal", _everywhere(3600), secret_known=False),
    Integration("Old Mobile App", _everywhere(3600), enabled=False, secret_known=False),
    Integration("Load Test Probe", {"dev": 900}),
)


def integrations_of(environment: str) -> Iterator[Integration]:
    """Yield the integrations registered in an environment, in the order of opskit.toml."""
    return (item for item in INTEGRATIONS if environment in item.lifetimes)
