# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Creatio's sign-in with user and password: cookies, and a header against forged requests."""

import hmac
import secrets
import threading

import msgspec
from starlette.responses import JSONResponse, Response

from opskit.sandbox.answers import Call, csrf_demanded, login_redirect

USER = "Supervisor"
"""The administrator of every Creatio in the sandbox."""

_SESSION = ".ASPXAUTH"
_CSRF = "BPMCSRF"


class _Login(msgspec.Struct, rename="pascal"):
    user_name: str
    user_password: str


class Sessions:
    """Who is signed in at one Creatio; a session lasts as long as the sandbox."""

    def __init__(self, password: str) -> None:
        self._password = password
        self._lock = threading.Lock()
        self._csrf: dict[str, str] = {}

    def sign_in(self, call: Call) -> Response:
        """Answer AuthService's Login: 200 whatever happens, with ``Code`` telling how it went."""
        try:
            login = msgspec.json.decode(call.body, type=_Login)
        except msgspec.DecodeError:
            return _outcome(1, "The request has no user and password.")
        known = hmac.compare_digest(login.user_password.encode(), self._password.encode())
        if login.user_name != USER or not known:
            return _outcome(1, "You have entered an invalid username or password.")
        session, csrf = secrets.token_hex(32), secrets.token_urlsafe(16)
        with self._lock:
            self._csrf[session] = csrf
        answer = _outcome(0, "")
        answer.set_cookie("BPMLOADER", secrets.token_urlsafe(16), httponly=True)
        answer.set_cookie(_SESSION, session, httponly=True)
        answer.set_cookie(_CSRF, csrf)
        return answer

    def refusal(self, call: Call) -> Response | None:
        """Return what a request gets that belongs to no session; None when it belongs to one."""
        with self._lock:
            csrf = self._csrf.get(call.request.cookies.get(_SESSION, ""))
        if csrf is None:
            return login_redirect(call)
        if not hmac.compare_digest(call.request.headers.get(_CSRF, "").encode(), csrf.encode()):
            return csrf_demanded()
        return None


def _outcome(code: int, message: str) -> Response:
    exception = {"Message": message} if code else None
    return JSONResponse(
        {
            "Code": code,
            "Message": message,
            "Exception": exception,
            "PasswordChangeUrl": None,
            "RedirectUrl": None,
        }
    )
