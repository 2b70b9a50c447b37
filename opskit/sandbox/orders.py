# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""OrderService: a web service as companies write their own, for checks of one's own."""

from starlette.responses import JSONResponse, Response

PATH = "/rest/OrderService/Latest"

_ORDERS = (
    {"Number": "SO-1042", "Account": "Accom (sample)", "Amount": 1290.5, "Paid": False},
    {"Number": "SO-1041", "Account": "Our company", "Amount": 75, "Paid": True},
)


def latest() -> Response:
    """Return the newest orders."""
    return JSONResponse({"Result": {"State": "ok", "Orders": list(_ORDERS)}})


def busy() -> Response:
    """Return what comes while orders are imported: 200, and nothing in it."""
    return JSONResponse({"Result": {"State": "importing", "Orders": []}})
