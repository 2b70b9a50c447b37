# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Requests to Creatio, and the answers that several of its parts give."""

from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from opskit.sandbox.catalog import Runtime

ODATA_RIGHTS_TEXT = "Current user does not have sufficient permissions to use OData"

_LOGIN_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Creatio</title>
  <script src="/core/hash/require.js" data-loadbootstrap="bootstrap.login"></script>
</head>
<body class="login-page"><div id="login-container"></div></body>
</html>
"""


class Surface(Enum):
    """The parts of Creatio that are told apart when a fault is on."""

    ODATA4 = auto()
    ODATA3 = auto()
    DATASERVICE = auto()
    WEBSERVICE = auto()
    ORDERS = auto()
    HEALTH = auto()
    OAUTH_HEALTH = auto()
    ADMINISTRATION = auto()
    PAGES = auto()


@dataclass(frozen=True)
class Call:
    """One request to Creatio, its body read already.

    Attributes:
        request: the request; its body must not be read again.
        body: the request's body.
        surface: the part of Creatio that it is for.
        runtime: the platform that this Creatio runs on.
    """

    request: Request
    body: bytes
    surface: Surface
    runtime: Runtime

    @property
    def api(self) -> str:
        """The address under which this Creatio's API lies."""
        return str(self.request.base_url).rstrip("/") + self.runtime.api_prefix

    @property
    def authorization(self) -> str:
        """The Authorization header; empty when there is none."""
        return self.request.headers.get("authorization", "")

    def query(self, name: str) -> str | None:
        """Return a parameter of the query, or None."""
        return self.request.query_params.get(name)


def unauthorized() -> Response:
    """Return what a rejected token gets."""
    return JSONResponse(
        {
            "Message": "Authentication failed.",
            "StackTrace": None,
            "ExceptionType": "System.InvalidOperationException",
        },
        status_code=401,
    )


def csrf_demanded() -> Response:
    """Return what a session's request gets without the header against forged requests."""
    return JSONResponse({"Message": "Request header BPMCSRF is missing."}, status_code=403)


def unhealthy(text: str) -> Response:
    """Return what OAuthHealthCheck answers when it finds a problem."""
    return JSONResponse({"HasProblem": True, "Message": text}, status_code=500)


def login_redirect(call: Call) -> Response:
    """Return the redirect to the login page that a request without a session gets."""
    url = call.request.url
    target = quote(url.path + (f"?{url.query}" if url.query else ""), safe="")
    page = "NuiLogin.aspx" if call.runtime is Runtime.FRAMEWORK else "Login.html"
    return RedirectResponse(f"/Login/{page}?ReturnUrl={target}", status_code=302)


def login_page() -> Response:
    """Return the login page."""
    return HTMLResponse(_LOGIN_PAGE)


def odata_error(call: Call, status: int, text: str) -> Response:
    """Return OData's error envelope, in the form of the version that was asked."""
    if call.surface is Surface.ODATA3:
        message: object = {"lang": "en-US", "value": text}
        return JSONResponse({"error": {"code": "", "message": message}}, status_code=status)
    return JSONResponse({"error": {"code": "", "message": text}}, status_code=status)


def dataservice_failure(code: str, text: str) -> Response:
    """Return DataService's way to fail: HTTP 200, and the reason inside."""
    return JSONResponse(
        {
            "errorInfo": {"errorCode": code, "message": text, "stackTrace": None},
            "rowConfig": None,
            "rows": None,
            "notFoundColumns": None,
            "rowsAffected": -1,
            "nextPrceElReady": False,
            "success": False,
        }
    )


def no_controller(call: Call, entity: str) -> Response:
    """Return what OData 4 says about an object that it does not expose (yet)."""
    return JSONResponse(
        {
            "Message": f"No HTTP resource was found that matches the request URI "
            f"'{call.request.url}'.",
            "MessageDetail": f"No type was found that matches the controller named '{entity}'.",
        },
        status_code=404,
    )


def empty_not_found() -> Response:
    """Return what a service that is not there gets."""
    return Response(status_code=404)
