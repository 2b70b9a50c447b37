# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Whose page it is: pages as the servers send them, with status and all."""

import pytest

from opskit.diagnosis.answers import diagnose
from opskit.http import Answer
from opskit.sandbox import pages
from tests.scripted_server import LOGIN_HTML

HTTP_SYS_404 = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN""http://www.w3.org/TR/html4/strict.dtd">
<HTML><HEAD><TITLE>Not Found</TITLE></HEAD>
<BODY><h2>Not Found</h2>
<hr><p>HTTP Error 404. The requested resource is not found.</p>
</BODY></HTML>"""
DETAILED = (
    "<html><head><title>IIS 10.0 Detailed Error - {0}</title></head><body><h1>HTTP Error {0}"
    "</h1></body></html>"
)
IIS_500 = pages.IIS_NOT_FOUND.replace(
    "404 - File or directory not found.", "500 - Internal server error."
)
ANCM_502 = """<!DOCTYPE html><html><head><title>HTTP Error 502.5 - Process Failure</title></head>
<body><h1>HTTP Error 502.5 - Process Failure</h1><p>Common causes:</p></body></html>"""
ASPNET_ENCODED = "<html><title>Oops</title><h1>Server Error in &#39;/&#39; Application.</h1></html>"
NGINX = """<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center>
<hr><center>nginx/1.24.0</center></body></html>"""
BLOCKED = """<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.
Your support ID is: 1234</body></html>"""
SQUID = "<html><head><title>ERROR: Access Denied</title></head><body>squid/6.1</body></html>"


def answer(status: int, page: str, **headers: str) -> Answer:
    content = {"content-type": "text/html; charset=utf-8", **headers}
    return Answer(status, content, page.encode(), complete=True, elapsed=0.1)


@pytest.mark.parametrize(
    ("status", "page", "finding", "words"),
    [
        (200, LOGIN_HTML, "login-page", "login page"),
        (404, pages.IIS_NOT_FOUND, "iis-not-found", "404 - File or directory not found."),
        (404, DETAILED.format("404.0 - Not Found"), "iis-not-found", "404.0 - Not Found"),
        (404, HTTP_SYS_404, "iis-not-found", "Not Found"),
        (500, IIS_500, "iis-error", "500 - Internal server error."),
        (500, DETAILED.format("500.19 - Internal Server Error"), "iis-error", "500.19"),
        (403, DETAILED.format("403.14 - Forbidden"), "iis-error", "403.14"),
        (503, pages.IIS_UNAVAILABLE, "iis-unavailable", "Service Unavailable"),
        (500, pages.ASPNET_CORE_NOT_STARTED, "aspnet-core-not-started", "500.30"),
        (500, DETAILED.format("500.31 - ANCM Failed"), "aspnet-core-not-started", "500.31"),
        (502, ANCM_502, "aspnet-core-not-started", "502.5 - Process Failure"),
        (500, pages.ASPNET_ERROR, "aspnet-error", "Server Error in '/' Application."),
        (404, pages.ASPNET_ERROR, "aspnet-error", "404: Runtime Error"),
        (500, ASPNET_ENCODED, "aspnet-error", "Server Error in '/' Application."),
        (200, pages.GATEWAY, "gateway-page", "200 with a page: Access gateway – One moment"),
        (403, BLOCKED, "gateway-page", "Request Rejected"),
        (403, SQUID, "gateway-page", "Access Denied"),
        (502, NGINX.format("502 Bad Gateway"), "restarting", "502"),
        (504, NGINX.format("504 Gateway Time-out"), "restarting", "504"),
        (404, NGINX.format("404 Not Found"), "unexpected-status", "404"),
        (200, "<html><title>Welcome</title></html>", "web-page", "Welcome"),
        (200, "<html><script>var proxy = 1;</script>Hello</html>", "web-page", "Hello"),
    ],
)
def test_each_page_has_its_owner(status: int, page: str, finding: str, words: str) -> None:
    found = diagnose(answer(status, page))
    assert found is not None
    assert (found.id, words in found.symptom) == (finding, True), found.symptom


@pytest.mark.parametrize("status", [502, 503])
@pytest.mark.parametrize("page", [pages.IIS_UNAVAILABLE, ANCM_502, NGINX.format("502")])
def test_what_may_pass_is_waited_for(status: int, page: str) -> None:
    found = diagnose(answer(status, page))
    assert found is not None
    assert found.transient or found.id == "iis-error"


@pytest.mark.parametrize(
    ("target", "finding"),
    [
        ("https://login.example/oauth2/authorize?client_id=1", "gateway-sign-in"),
        ("https://adfs.example/adfs/ls/?wa=wsignin1.0", "gateway-sign-in"),
        ("https://sso.example/saml/sso?SAMLRequest=x", "gateway-sign-in"),
        ("https://creatio.example/Login/NuiLogin.aspx?ReturnUrl=%2f", "login-redirect"),
        ("https://creatio.example/odata/Account", "redirect"),
        ("/signin", "redirect"),
    ],
)
def test_each_redirect_has_its_owner(target: str, finding: str) -> None:
    found = diagnose(Answer(302, {"location": target}, b"", complete=True, elapsed=0.1))
    assert found is not None
    assert (found.id, target.partition("?")[0] in found.symptom) == (finding, True)


def test_data_that_speaks_of_gateways_is_data() -> None:
    page = '{"value": [{"Name": "Gateway of Server Error in \'/\' Application."}]}'
    content = {"content-type": "application/json"}
    assert diagnose(Answer(200, content, page.encode(), complete=True, elapsed=0.1)) is None


@pytest.mark.parametrize("page", ["<script" * 300_000, "<html>" + "<title>" * 300_000])
def test_a_page_made_to_be_slow_is_not(page: str) -> None:
    assert diagnose(answer(200, "<html>" + page)) is not None
