# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What Creatio answers while a fault is on: one table, consulted before and after the sign-in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from opskit.sandbox import pages
from opskit.sandbox.answers import (
    ODATA_RIGHTS_TEXT,
    Call,
    Surface,
    csrf_demanded,
    dataservice_failure,
    empty_not_found,
    login_page,
    login_redirect,
    no_controller,
    odata_error,
    unauthorized,
    unhealthy,
)
from opskit.sandbox.faults import Fault
from opskit.sandbox.orders import busy
from opskit.sandbox.switches import Switches

_ODATA = frozenset({Surface.ODATA4, Surface.ODATA3})
_DATA_PATHS = _ODATA | {Surface.DATASERVICE, Surface.WEBSERVICE, Surface.ORDERS}
_EVERYTHING = frozenset(Surface)

_LARGE_BYTES = 60_000_000
_CHUNK_BYTES = 65_536

URL_EMPTY = "System setting OAuth20IdentityServerUrl is empty."
UNAVAILABLE = "IdentityService specified in system setting OAuth20IdentityServerUrl is unavailable."
NOT_SET_UP = "OAuth 2.0 integration is not set up completely."
NOT_AUTHORIZED = (
    "Can't retrieve access_token for system actions from IdentityService specified in system "
    "setting OAuth20IdentityServerUrl."
)


@dataclass(frozen=True)
class Interception:
    """The answer that takes the place of the healthy one.

    Attributes:
        surfaces: the parts of Creatio that give it.
        answer: makes it.
        signed_in: whether only a request with a valid token gets it; others get their 401.
    """

    surfaces: frozenset[Surface]
    answer: Callable[[Call], Response]
    signed_in: bool = False


def intercept(switches: Switches, call: Call, *, signed_in: bool) -> Response | None:
    """Return the answer of the first fault that the call meets; None when it meets none."""
    for fault, interception in INTERCEPTIONS.items():
        concerned = interception.signed_in is signed_in and call.surface in interception.surfaces
        if concerned and switches.meets(fault):
            return interception.answer(call)
    return None


def _unhealthy(text: str) -> Interception:
    """Return how a Creatio behaves that cannot use its Identity Service."""

    def answer(call: Call) -> Response:
        return unhealthy(text) if call.surface is Surface.OAUTH_HEALTH else unauthorized()

    return Interception(_DATA_PATHS | {Surface.OAUTH_HEALTH}, answer)


def _page(text: str, status: int) -> Interception:
    return Interception(_EVERYTHING, lambda _call: HTMLResponse(text, status_code=status))


def _column_unknown(call: Call) -> Response:
    text = (
        "The query specified in the URI is not valid. Could not find a property named 'Name' on "
        "type 'Terrasoft.Configuration.OData.Account'."
    )
    return odata_error(call, 400, text)


def _unavailable(_call: Call) -> Response:
    page = "<html><body><h1>503 Service Unavailable</h1></body></html>"
    return HTMLResponse(page, status_code=503, headers={"Retry-After": "5"})


def _rights_on_object(_call: Call) -> Response:
    text = 'Current user does not have sufficient permissions to read the "Account" object'
    return dataservice_failure("SecurityException", text)


def _access_denied(_call: Call) -> Response:
    text = "Access to the object is restricted."
    return JSONResponse({"errorCode": "AccessDenied", "message": text, "errors": []})


def _empty(call: Call) -> Response:
    if call.surface is Surface.ODATA3:
        return JSONResponse({"d": {"results": []}})
    return JSONResponse({"@odata.context": f"{call.api}/odata/$metadata#Account", "value": []})


def _rebuilding(call: Call) -> Response:
    return no_controller(call, str(call.request.path_params.get("entity", "Account")))


def _routes_reloading(_call: Call) -> Response:
    text = "Collection was modified; enumeration operation may not execute."
    body = {"Message": "An error has occurred.", "ExceptionMessage": text}
    return JSONResponse(
        {**body, "ExceptionType": "System.InvalidOperationException", "StackTrace": None},
        status_code=500,
    )


def _large(call: Call) -> Response:
    async def rows() -> AsyncIterator[bytes]:
        row = b'{"Id":"405947d0-2ffb-4ded-8675-0475f19f5a81","Name":"%s"}' % (b"Accom " * 40)
        chunk = b",".join([row] * (_CHUNK_BYTES // len(row)))
        head = f'{{"@odata.context":"{call.api}/odata/$metadata#Account","value":['
        yield head.encode()
        for sent in range(0, _LARGE_BYTES, len(chunk) + 1):
            yield (b"," if sent else b"") + chunk
            await asyncio.sleep(0)  # let others run, and notice a caller who has hung up
        yield b"]}"

    return StreamingResponse(rows(), media_type="application/json")


INTERCEPTIONS: dict[Fault, Interception] = {
    Fault.UNAVAILABLE: Interception(_EVERYTHING, _unavailable),
    Fault.HTML_GATEWAY: _page(pages.GATEWAY, 200),
    Fault.IIS_NOT_FOUND: _page(pages.IIS_NOT_FOUND, 404),
    Fault.IIS_UNAVAILABLE: _page(pages.IIS_UNAVAILABLE, 503),
    Fault.ASPNET_ERROR: _page(pages.ASPNET_ERROR, 500),
    Fault.ASPNET_CORE_NOT_STARTED: _page(pages.ASPNET_CORE_NOT_STARTED, 500),
    Fault.IDENTITY_URL_EMPTY: _unhealthy(URL_EMPTY),
    Fault.IDENTITY_UNAVAILABLE: _unhealthy(UNAVAILABLE),
    Fault.SYSTEM_TOKEN_REFUSED: _unhealthy(NOT_AUTHORIZED),
    Fault.HEALTH_PROBLEM: Interception(
        frozenset({Surface.OAUTH_HEALTH}), lambda _call: unhealthy(NOT_SET_UP)
    ),
    Fault.HEALTH_ABSENT: Interception(
        frozenset({Surface.OAUTH_HEALTH}), lambda _call: empty_not_found()
    ),
    Fault.CSRF_DEMANDED: Interception(_DATA_PATHS, lambda _call: csrf_demanded()),
    Fault.LOGIN_REDIRECT: Interception(_DATA_PATHS, login_redirect),
    Fault.LOGIN_HTML: Interception(_DATA_PATHS, lambda _call: login_page()),
    Fault.ODATA3_ABSENT: Interception(frozenset({Surface.ODATA3}), lambda _call: empty_not_found()),
    Fault.UNAUTHORIZED: Interception(_DATA_PATHS, lambda _call: unauthorized()),
    Fault.UNAUTHORIZED_ONCE: Interception(_DATA_PATHS, lambda _call: unauthorized()),
    Fault.ROUTES_RELOADING: Interception(_DATA_PATHS, _routes_reloading),
    Fault.ODATA_REBUILDING: Interception(frozenset({Surface.ODATA4}), _rebuilding, signed_in=True),
    Fault.ODATA_RIGHTS: Interception(
        _ODATA, lambda call: odata_error(call, 403, ODATA_RIGHTS_TEXT), signed_in=True
    ),
    Fault.COLUMN_UNKNOWN: Interception(_ODATA, _column_unknown, signed_in=True),
    Fault.ODATA_EMPTY: Interception(_ODATA, _empty, signed_in=True),
    Fault.LARGE: Interception(frozenset({Surface.ODATA4}), _large, signed_in=True),
    Fault.SUCCESS_FALSE: Interception(
        frozenset({Surface.DATASERVICE}), _rights_on_object, signed_in=True
    ),
    Fault.ORDERS_BUSY: Interception(
        frozenset({Surface.ORDERS}), lambda _call: busy(), signed_in=True
    ),
    Fault.ACCESS_DENIED: Interception(
        frozenset({Surface.DATASERVICE}), _access_denied, signed_in=True
    ),
}
"""The faults that show in Creatio's answers; where several are on, the first one wins."""
