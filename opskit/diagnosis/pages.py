# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Whose web page came instead of data: Creatio's login page, IIS's, ASP.NET's, a gateway's."""

import html
import re

from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Finding

LOGIN_PATHS = ("/login/nuilogin.aspx", "/login/login.html")
_LOGIN_MARKERS = ("bootstrap.login", "nuilogin.aspx", "login/login.html")
_SIGN_IN = re.compile(r"sign-?in|log-?in|/sso|saml|oauth2?/|/adfs|authorize")

# HTTP Error 500.30 and its kin, and 502.5 of the first version.
_NOT_STARTED = re.compile(
    r"http error (500\.3\d|502\.5)|ancm |aspnetcoremodule|asp\.net core app failed to start"
)
_ASPNET = "server error in '"
_IIS = re.compile(
    r"http error \d{3}\.\d+ - |\biis \d+\.\d+ detailed error|"
    r"<h2>\d{3} - [^<]*</h2>\s*<h3>|<hr><p>http error \d{3}\. "
)
_READ = 20_000  # characters: where such pages say what they are
_GATEWAY = re.compile(
    r"gateway|proxy|firewall|captive portal|web filter|request (was )?(blocked|rejected)|"
    r"support id is|cloudflare|zscaler|netscaler|citrix|f5 |fortinet|fortigate|imperva|akamai|"
    r"squid"
)


def page_finding(answer: Answer) -> Finding | None:
    """Return whose page an answer is; None when it is no page, or nobody's that is known."""
    if not answer.is_html:
        return None
    text = answer.text[:_READ].lower()
    said = f"{answer.status}: {title(answer)}"
    if is_login_page(answer):
        return finding("login-page", "200 with the HTML of the login page.")
    if _NOT_STARTED.search(text):
        return finding("aspnet-core-not-started", said)
    if _ASPNET in html.unescape(text):
        return finding("aspnet-error", said)
    if answer.status != 200 and _IIS.search(text):
        kinds = {404: "iis-not-found", 503: "iis-unavailable"}
        return finding(kinds.get(answer.status, "iis-error"), said)
    # Behind 502 to 504 somebody is missing, whoever says so.
    if answer.status not in {502, 503, 504} and _GATEWAY.search(_visible(text)):
        return finding("gateway-page", f"{answer.status} with a page: {title(answer)}")
    return None


def is_login_page(answer: Answer) -> bool:
    """Return whether an answer is Creatio's login page."""
    text = answer.text[:_READ].lower()
    return answer.status == 200 and any(marker in text for marker in _LOGIN_MARKERS)


def redirect_finding(answer: Answer) -> Finding:
    """Return where a redirect leads: to Creatio's login, to a gateway's sign-in, or elsewhere."""
    target = answer.headers.get("location", "")
    path, _, query = target.partition("?")
    if path.lower().endswith(LOGIN_PATHS) or "returnurl=" in query.lower():
        return finding("login-redirect", f"{answer.status} to the login page: {path}")
    if "://" in path and _SIGN_IN.search(path.lower()):
        return finding("gateway-sign-in", f"{answer.status} to {path}")
    return finding("redirect", f"{answer.status} to {target or 'nowhere (no Location header)'}")


def title(answer: Answer) -> str:
    """Return a page's title and its first heading, else its beginning."""
    parts: list[str] = []
    for tag in ("title", "h1"):
        if match := re.search(rf"(?is)<{tag}\b[^>]*>(.*?)</{tag}>", answer.text[:_READ]):
            words = " ".join(_visible(match[1]).split())
            if words and not any(words in part for part in parts):
                parts.append(words)
    return " – ".join(parts) or answer.excerpt()


def _visible(page: str) -> str:
    """Return the text of a page without scripts, styles and tags."""
    page = re.sub(r"(?is)<(script|style)\b.*?</\1>|<!--.*?-->", " ", page)
    return html.unescape(re.sub(r"<[^>]*>", " ", page))
