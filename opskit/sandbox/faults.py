# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The faults that can be switched on in a running sandbox, as data."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What can go wrong in one environment; ``DESCRIPTIONS`` says how it shows."""

    LOGIN_REDIRECT = "login-redirect"
    LOGIN_HTML = "login-html"
    UNAVAILABLE = "unavailable"
    UNAUTHORIZED_ONCE = "unauthorized-once"
    UNAUTHORIZED = "unauthorized"
    SUCCESS_FALSE = "success-false"
    ACCESS_DENIED = "access-denied"
    ODATA_RIGHTS = "odata-rights"
    ODATA_EMPTY = "odata-empty"
    ODATA3_ABSENT = "odata3-absent"
    ODATA_REBUILDING = "odata-rebuilding"
    ROUTES_RELOADING = "routes-reloading"
    INVALID_SCOPE = "invalid-scope"
    CACHE = "cache"
    INTERNAL_ENDPOINTS = "internal-endpoints"
    WRONG_KEY = "wrong-key"
    WRONG_ISSUER = "wrong-issuer"
    HTML_GATEWAY = "html-gateway"
    LARGE = "large"
    SLOW = "slow"


DESCRIPTIONS: dict[Fault, str] = {
    Fault.LOGIN_REDIRECT: "Creatio ignores the token and redirects (302) to its login page",
    Fault.LOGIN_HTML: "Creatio ignores the token and answers 200 with its login page",
    Fault.UNAVAILABLE: "Creatio answers 503 to everything, as while it restarts",
    Fault.UNAUTHORIZED_ONCE: "Creatio refuses one single call with 401, then the fault is over",
    Fault.UNAUTHORIZED: "Creatio refuses every token with 401",
    Fault.SUCCESS_FALSE: "DataService answers 200 with success: false and a text on rights",
    Fault.ACCESS_DENIED: "DataService answers 200 with errorCode AccessDenied and no success",
    Fault.ODATA_RIGHTS: "OData refuses with 403: the user may not use OData",
    Fault.ODATA_EMPTY: "OData answers 200 with no rows",
    Fault.ODATA3_ABSENT: "OData 3 answers 404 with an empty body: no such service",
    Fault.ODATA_REBUILDING: "OData 4 answers 404 'No HTTP resource was found', as after a deploy",
    Fault.ROUTES_RELOADING: "the data paths answer 500 'Collection was modified'",
    Fault.INVALID_SCOPE: "the token endpoint answers invalid_scope",
    Fault.CACHE: "the Identity Service keeps its clients for some seconds: changes wait",
    Fault.INTERNAL_ENDPOINTS: "discovery names endpoints on a host that nobody can reach",
    Fault.WRONG_KEY: "tokens are signed by a key that the service does not publish",
    Fault.WRONG_ISSUER: "tokens carry another issuer than the discovery document",
    Fault.HTML_GATEWAY: "a proxy in front of Creatio answers 200 with a page of its own",
    Fault.LARGE: "OData 4 answers with 60 MB",
    Fault.SLOW: "every answer comes some seconds late",
}

DEFAULT_SECONDS: dict[Fault, float] = {Fault.CACHE: 900.0, Fault.SLOW: 2.0}
"""Seconds that a fault lasts or delays when none are given; other faults take no seconds."""

ONE_SHOT = frozenset({Fault.UNAUTHORIZED_ONCE})
"""Faults that are over once somebody has met them."""


@dataclass(frozen=True)
class Setting:
    """How a fault is switched on.

    Attributes:
        seconds: its parameter; None for faults that take none.
    """

    seconds: float | None = None


def setting_for(fault: Fault, seconds: float | None) -> Setting:
    """Return the setting for a fault, with the default where no seconds are given.

    Raises:
        ValueError: the fault takes no seconds, or they are not positive.
    """
    if seconds is None:
        return Setting(DEFAULT_SECONDS.get(fault))
    if fault not in DEFAULT_SECONDS:
        takers = ", ".join(sorted(DEFAULT_SECONDS))
        raise ValueError(f"{fault} takes no seconds (only {takers} do)")
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{seconds} is no number of seconds for {fault}: it must be positive")
    return Setting(seconds)
