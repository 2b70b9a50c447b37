# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The faults that can be switched on in a running sandbox, as data."""

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What can go wrong in one environment; ``DESCRIPTIONS`` says how it shows."""

    TABLE_MISSING = "table-missing"
    CLIENT_UNKNOWN = "client-unknown"
    CLIENT_DISABLED = "client-disabled"
    LIFETIME_ZERO = "lifetime-zero"
    SECRET_WRONG = "secret-wrong"  # noqa: S105 (the name of a fault)
    SECRET_EXPIRED = "secret-expired"  # noqa: S105
    GRANT_MISSING = "grant-missing"
    SCOPE_NONE = "scope-none"
    CLIENT_UNREGISTERED = "client-unregistered"
    USER_INACTIVE = "user-inactive"
    IDENTITY_URL_EMPTY = "identity-url-empty"
    IDENTITY_UNAVAILABLE = "identity-unavailable"
    SYSTEM_TOKEN_REFUSED = "system-token-refused"  # noqa: S105
    HEALTH_PROBLEM = "health-problem"
    HEALTH_ABSENT = "health-absent"
    OTHER_RUNTIME = "other-runtime"
    LOGIN_REDIRECT = "login-redirect"
    LOGIN_HTML = "login-html"
    IDENTITY_STOPPED = "identity-stopped"
    CREATIO_STOPPED = "creatio-stopped"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid"
    CERTIFICATE_WRONG_HOST = "certificate-wrong-host"
    CERTIFICATE_SELF_SIGNED = "certificate-self-signed"
    CERTIFICATE_UNKNOWN_ISSUER = "certificate-unknown-issuer"
    UNAVAILABLE = "unavailable"
    UNAUTHORIZED_ONCE = "unauthorized-once"
    UNAUTHORIZED = "unauthorized"
    SUCCESS_FALSE = "success-false"
    ACCESS_DENIED = "access-denied"
    ODATA_RIGHTS = "odata-rights"
    ODATA_EMPTY = "odata-empty"
    ORDERS_BUSY = "orders-busy"
    ODATA3_ABSENT = "odata3-absent"
    ODATA_REBUILDING = "odata-rebuilding"
    COLUMN_UNKNOWN = "column-unknown"
    CSRF_DEMANDED = "csrf-demanded"
    ROUTES_RELOADING = "routes-reloading"
    INVALID_SCOPE = "invalid-scope"
    CACHE = "cache"
    INTERNAL_ENDPOINTS = "internal-endpoints"
    WRONG_KEY = "wrong-key"
    WRONG_ISSUER = "wrong-issuer"
    HTML_GATEWAY = "html-gateway"
    IIS_NOT_FOUND = "iis-not-found"
    IIS_UNAVAILABLE = "iis-unavailable"
    ASPNET_ERROR = "aspnet-error"
    ASPNET_CORE_NOT_STARTED = "aspnet-core-not-started"
    LARGE = "large"
    SLOW = "slow"


DESCRIPTIONS: dict[Fault, str] = {
    Fault.TABLE_MISSING: "the Identity Service's tables lie in another schema: 42P01",
    Fault.CLIENT_UNKNOWN: "the client of verify and smoke has got another ClientId",
    Fault.CLIENT_DISABLED: "the client of verify and smoke is disabled",
    Fault.LIFETIME_ZERO: "the client of verify and smoke has a lifetime of 0: it is refused",
    Fault.SECRET_WRONG: "the client of verify and smoke has got another secret",
    Fault.SECRET_EXPIRED: "the secret of the client of verify and smoke expired yesterday",
    Fault.GRANT_MISSING: "the client of verify and smoke lacks the client_credentials grant",
    Fault.SCOPE_NONE: "the client of verify and smoke has no scope",
    Fault.CLIENT_UNREGISTERED: "Creatio does not know the client of verify and smoke: 401",
    Fault.USER_INACTIVE: "the system user of that client is inactive in Creatio: 401",
    Fault.IDENTITY_URL_EMPTY: "Creatio does not know its Identity Service, and refuses all: 401",
    Fault.IDENTITY_UNAVAILABLE: "Creatio cannot reach its Identity Service, and refuses all: 401",
    Fault.SYSTEM_TOKEN_REFUSED: "Creatio gets no token of its own, and refuses all: 401",
    Fault.HEALTH_PROBLEM: "OAuthHealthCheck finds a problem, while every call works",
    Fault.HEALTH_ABSENT: "OAuthHealthCheck answers 404, as before Creatio 8.1.2",
    Fault.OTHER_RUNTIME: "Creatio's API lies under the other prefix: /0, or not",
    Fault.LOGIN_REDIRECT: "Creatio ignores the token and redirects (302) to its login page",
    Fault.LOGIN_HTML: "Creatio ignores the token and answers 200 with its login page",
    Fault.IDENTITY_STOPPED: "nothing listens where the Identity Service did: connection refused",
    Fault.CREATIO_STOPPED: "nothing listens where Creatio did: connection refused",
    Fault.CERTIFICATE_EXPIRED: "the certificate of prod's servers expired yesterday",
    Fault.CERTIFICATE_NOT_YET_VALID: "the certificate of prod's servers is valid from tomorrow on",
    Fault.CERTIFICATE_WRONG_HOST: "the certificate of prod's servers is for another host name",
    Fault.CERTIFICATE_SELF_SIGNED: "the certificate of prod's servers is signed by itself",
    Fault.CERTIFICATE_UNKNOWN_ISSUER: "an authority that nobody knows signed prod's certificate",
    Fault.UNAVAILABLE: "Creatio answers 503 to everything, as while it restarts",
    Fault.UNAUTHORIZED_ONCE: "Creatio refuses one single call with 401, then the fault is over",
    Fault.UNAUTHORIZED: "Creatio refuses every token with 401",
    Fault.SUCCESS_FALSE: "DataService answers 200 with success: false and a text on rights",
    Fault.ACCESS_DENIED: "DataService answers 200 with errorCode AccessDenied and no success",
    Fault.ODATA_RIGHTS: "OData refuses with 403: the user may not use OData",
    Fault.ODATA_EMPTY: "OData answers 200 with no rows",
    Fault.ORDERS_BUSY: "OrderService answers 200, but that it is busy, with no orders",
    Fault.ODATA3_ABSENT: "OData 3 answers 404 with an empty body: no such service",
    Fault.ODATA_REBUILDING: "OData 4 answers 404 'No HTTP resource was found', as after a deploy",
    Fault.COLUMN_UNKNOWN: "OData answers 400: it does not know a column that is asked for",
    Fault.CSRF_DEMANDED: "the data paths answer 403 and ask for the header BPMCSRF",
    Fault.ROUTES_RELOADING: "the data paths answer 500 'Collection was modified'",
    Fault.INVALID_SCOPE: "the token endpoint answers invalid_scope",
    Fault.CACHE: "the Identity Service keeps its clients for some seconds: changes wait",
    Fault.INTERNAL_ENDPOINTS: "discovery names endpoints on a host that nobody can reach",
    Fault.WRONG_KEY: "tokens are signed by a key that the service does not publish",
    Fault.WRONG_ISSUER: "tokens carry another issuer than the discovery document",
    Fault.HTML_GATEWAY: "a proxy in front of Creatio answers 200 with a page of its own",
    Fault.IIS_NOT_FOUND: "IIS answers 404 to everything, with its own page",
    Fault.IIS_UNAVAILABLE: "IIS answers 503 to everything: the application pool is stopped",
    Fault.ASPNET_ERROR: "ASP.NET answers 500 with Server Error in '/' Application",
    Fault.ASPNET_CORE_NOT_STARTED: "IIS answers 500.30: the application did not start",
    Fault.LARGE: "OData 4 answers with 60 MB",
    Fault.SLOW: "every answer comes some seconds late",
}

DEFAULT_SECONDS: dict[Fault, float] = {Fault.CACHE: 900.0, Fault.SLOW: 2.0}
"""Seconds that a fault lasts or delays when none are given; other faults take no seconds."""

ONE_SHOT = frozenset({Fault.UNAUTHORIZED_ONCE})
"""Faults that are over once somebody has met them."""


NEED_TLS = frozenset(fault for fault in Fault if fault.startswith("certificate-"))
"""Faults of an environment that is served over https."""


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
