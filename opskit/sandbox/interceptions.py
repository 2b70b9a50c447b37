# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What Creatio answers while a fault is on: one table, consulted before and after the sign-in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from opskit.sandbox.answers import (
    ODATA_RIGHTS_TEXT,
    Call,
    Surface,
    dataservice_failure,
    empty_not_found,
    login_page,
    login_redirect,
    no_controller,
    odata_error,
    unauthorized,
)
from opskit.sandbox.faults import Fault
from opskit.sandbox.switches import Switches

_ODATA = frozenset({Surface.ODATA4, Surface.ODATA3})
_DATA_PATHS = _ODATA | {Surface.DATASERVICE, Surface.WEBSERVICE}
_EVERYTHING = frozenset(Surface)

_LARGE_BYTES = 60_000_000
_CHUNK_BYTES = 65_536

_GATEWAY_PAGE = """<!DOCTYPE html>
<html><head><title>Access gateway</title></head>
<body><h1>One moment</h1><p>Your request is being checked by the gateway.</p></body></html>
"""


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
    Fault.HTML_GATEWAY: Interception(_EVERYTHING, lambda _call: HTMLResponse(_GATEWAY_PAGE)),
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
    Fault.ODATA_EMPTY: Interception(_ODATA, _empty, signed_in=True),
    Fault.LARGE: Interception(frozenset({Surface.ODATA4}), _large, signed_in=True),
    Fault.SUCCESS_FALSE: Interception(
        frozenset({Surface.DATASERVICE}), _rights_on_object, signed_in=True
    ),
    Fault.ACCESS_DENIED: Interception(
        frozenset({Surface.DATASERVICE}), _access_denied, signed_in=True
    ),
}
"""The faults that show in Creatio's answers; where several are on, the first one wins."""
