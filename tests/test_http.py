# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""HTTP against a scripted server: what comes back, what is bounded, what an error is called."""

import asyncio
import datetime as dt
import gzip
import re
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from opskit import certificates
from opskit import http as http_module
from opskit.errors import EXIT_UNREACHABLE, ConfigError, NoAnswer
from opskit.explain import EXPLANATIONS
from opskit.http import MAX_BODY, Answer, Http
from opskit.secrets import Secret
from opskit.settings import Environment, is_loopback
from tests.conftest import environment
from tests.scripted_server import (
    HANG_UP,
    Reply,
    ScriptedServer,
    closed_port,
    endless_reply,
    json_reply,
    redirect_reply,
    self_signed,
    signed_by_authority,
    text_reply,
)


@pytest.fixture
def web() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def unit(tmp_path: Path) -> Environment:
    return environment(tmp_path, timeout=20)


def get(where: Environment, url: str, **options: float) -> Answer:
    return request(where, "GET", url, **options)


def request(where: Environment, method: str, url: str, **options: object) -> Answer:
    async def send() -> Answer:
        async with Http(where) as http:
            return await http.request(method, url, **options)  # type: ignore[arg-type]

    return asyncio.run(send())


def refusal(where: Environment, url: str) -> NoAnswer:
    with pytest.raises(NoAnswer) as caught:
        get(where, url)
    assert caught.value.exit_code == EXIT_UNREACHABLE
    assert caught.value.environment == "unit"
    assert caught.value.code in EXPLANATIONS
    assert EXPLANATIONS[caught.value.code].unreachable
    return caught.value


def answer(body: bytes, content_type: str = "application/json", complete: bool = True) -> Answer:
    return Answer(200, {"content-type": content_type}, body, complete, 0.1)


# -- requests ------------------------------------------------------------------------------------


def test_an_answer_has_status_headers_body_and_time(web: ScriptedServer, unit: Environment) -> None:
    web.script("GET", "/here", json_reply({"a": 1}, 418))
    came = get(unit, f"{web.url}/here")
    assert (came.status, came.json(), came.complete) == (418, {"a": 1}, True)
    assert came.headers["content-type"] == "application/json; charset=utf-8"
    assert came.elapsed > 0


def test_requests_say_who_asks_and_what_for(web: ScriptedServer, unit: Environment) -> None:
    get(unit, f"{web.url}/here")
    assert re.fullmatch(r"opskit/\S+", web.received[0].headers["user-agent"])
    assert web.received[0].headers["accept"] == "application/json"


def test_a_form_and_a_json_body_arrive_as_such(web: ScriptedServer, unit: Environment) -> None:
    request(unit, "POST", web.url, form={"name": "a b+c&ü"})
    request(unit, "POST", web.url, body={"name": "ü"}, headers={"X-More": "yes"})
    form, body = web.received
    assert form.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form.form == {"name": "a b+c&ü"}
    assert body.headers["content-type"] == "application/json"
    assert (body.json(), body.headers["x-more"]) == ({"name": "ü"}, "yes")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_never_followed(web: ScriptedServer, unit: Environment, status: int) -> None:
    web.script("GET", "/from", redirect_reply(f"{web.url}/to", status))
    assert get(unit, f"{web.url}/from").status == status
    assert web.requests("/to") == []


def test_cookies_are_not_sent_back(web: ScriptedServer, unit: Environment) -> None:
    web.script("GET", "/here", Reply(headers={"Set-Cookie": "BPMSESSIONID=abc; path=/"}))

    async def twice() -> None:
        async with Http(unit) as http:
            for _ in range(2):
                await http.request("GET", f"{web.url}/here")

    asyncio.run(twice())
    assert ["cookie" in one.headers for one in web.requests("/here")] == [False, False]


def test_connections_are_kept_alive(web: ScriptedServer, unit: Environment) -> None:
    async def five() -> None:
        async with Http(unit) as http:
            for _ in range(5):
                await http.request("GET", f"{web.url}/here")

    asyncio.run(five())
    assert (len(web.received), web.connections) == (5, 1)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_proxy_in_the_surroundings_does_not_get_what_is_for_this_machine(
    web: ScriptedServer, unit: Environment, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    assert get(unit, f"{web.url}/here").status == 404


def test_a_proxy_in_the_surroundings_gets_what_is_for_other_machines(
    web: ScriptedServer, unit: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", web.url)
    assert get(unit, "http://creatio.invalid/here").status == 404
    assert web.received[0].target == "http://creatio.invalid/here"


# -- bounds --------------------------------------------------------------------------------------


def test_an_endless_answer_is_cut(web: ScriptedServer, unit: Environment) -> None:
    web.script("GET", "/endless", endless_reply())
    came = get(unit, f"{web.url}/endless")
    assert (len(came.body), came.complete, came.json()) == (MAX_BODY, False, None)
    assert web.sent < 20 * MAX_BODY, "the server was read on"


def test_an_answer_that_just_fits_is_whole(web: ScriptedServer, unit: Environment) -> None:
    web.script("GET", "/fits", Reply(body=b"x" * MAX_BODY))
    assert get(unit, f"{web.url}/fits").complete


def test_a_compressed_answer_is_bounded_by_what_it_unpacks_to(
    web: ScriptedServer, unit: Environment
) -> None:
    packed = gzip.compress(b" " * 30_000_000)
    web.script("GET", "/zip", Reply(body=packed, headers={"Content-Encoding": "gzip"}))
    came = get(unit, f"{web.url}/zip")
    assert (len(came.body), came.complete) == (MAX_BODY, False)


def test_a_dripping_answer_ends_with_the_timeout(web: ScriptedServer, tmp_path: Path) -> None:
    web.script("GET", "/drip", endless_reply(b"x", pause=0.2))
    started = time.monotonic()
    error = refusal(environment(tmp_path, timeout=1), f"{web.url}/drip")
    assert time.monotonic() - started < 5
    assert error.code == "timed-out"
    assert "within 1 s" in error.message


def test_a_request_may_have_less_time_than_the_environment(
    web: ScriptedServer, unit: Environment
) -> None:
    web.script("GET", "/late", Reply(delay=20))
    started = time.monotonic()
    with pytest.raises(NoAnswer, match=r"within 0\.1 s") as caught:
        get(unit, f"{web.url}/late", within=0.1)
    assert caught.value.code == "timed-out"
    assert time.monotonic() - started < 10


# -- no answer -----------------------------------------------------------------------------------


def test_a_refused_connection_names_the_place(unit: Environment) -> None:
    port = closed_port()
    error = refusal(unit, f"http://127.0.0.1:{port}/")
    assert error.code == "connection-refused"
    assert f"127.0.0.1:{port}" in error.message


def test_an_unknown_host_is_named(unit: Environment) -> None:
    error = refusal(unit, "http://nowhere.invalid/")
    assert error.code == "host-unknown"
    assert "nowhere.invalid" in error.message


def test_a_connection_that_breaks_off_is_told(web: ScriptedServer, unit: Environment) -> None:
    web.script("GET", "/gone", HANG_UP)
    error = refusal(unit, f"{web.url}/gone")
    assert error.code == "connection-failed"
    assert "broke off" in error.message


def test_a_body_that_breaks_off_is_told(web: ScriptedServer, unit: Environment) -> None:
    def half() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionAbortedError

    web.script("GET", "/half", Reply(body=half))
    assert refusal(unit, f"{web.url}/half").code == "connection-failed"


def test_a_body_that_does_not_unpack_is_told(web: ScriptedServer, unit: Environment) -> None:
    web.script("GET", "/zip", Reply(body=b"no zip", headers={"Content-Encoding": "gzip"}))
    assert refusal(unit, f"{web.url}/zip").code == "connection-failed"


def test_something_else_than_http_is_told(unit: Environment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def ask() -> None:
            async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(b"220 mail.example ESMTP\r\n")
                await writer.drain()
                writer.close()

            server = await asyncio.start_server(talk, sock=listener)
            async with server, Http(unit) as http:
                await http.request("GET", f"http://127.0.0.1:{listener.getsockname()[1]}/")

        with pytest.raises(NoAnswer) as caught:
            asyncio.run(ask())
    assert caught.value.code == "connection-failed"


@pytest.mark.parametrize(
    "url", ["http://[::1/", "http://127.0.0.1:99999/", "http://127.0.0.1:port/", "http://a\nb/"]
)
def test_what_is_no_address_is_told(unit: Environment, url: str) -> None:
    assert refusal(unit, url).code == "address-invalid"


@pytest.mark.parametrize("url", ["", "/connect/token", "ftp://127.0.0.1/", "127.0.0.1"])
def test_what_is_no_web_address_is_told(unit: Environment, url: str) -> None:
    error = refusal(unit, url)
    assert error.code == "address-invalid"
    assert "None" not in error.message


def test_a_redirect_to_no_address_is_told(web: ScriptedServer, unit: Environment) -> None:
    web.script("GET", "/from", redirect_reply("http://[::1/"))
    assert "URL in location header" in refusal(unit, f"{web.url}/from").message


def test_a_redirect_to_an_impossible_port_is_an_answer(
    web: ScriptedServer, unit: Environment
) -> None:
    web.script("GET", "/from", redirect_reply("http://127.0.0.1:99999/"))
    assert get(unit, f"{web.url}/from").status == 302


# -- TLS -----------------------------------------------------------------------------------------


def tls_refusal(where: Environment, context: ssl.SSLContext, code: str) -> NoAnswer:
    with ScriptedServer(context) as server:
        error = refusal(where, f"{server.url}/")
        assert server.received == [], "a second handshake must send nothing"
    assert error.code == code
    assert f"127.0.0.1:{server.server_port}" in error.message
    return error


def test_a_self_signed_certificate_is_named(unit: Environment, tmp_path: Path) -> None:
    error = tls_refusal(unit, self_signed(tmp_path), "tls-self-signed")
    assert "signed certificate" in error.message
    whose, dates, signer = error.evidence
    assert whose == "The certificate is for 127.0.0.1 (subject: CN=A test's own)."
    assert re.fullmatch(r"It is valid from \S+ \S+ UTC to \S+ \S+ UTC\.", dates)
    assert signer == "It is signed by itself."


def test_an_unknown_issuer_is_named(unit: Environment, tmp_path: Path) -> None:
    context = signed_by_authority(tmp_path)
    error = tls_refusal(unit, context, "tls-unknown-issuer")
    assert error.evidence[-1] == "It is signed by CN=A test's authority."


def test_a_wrong_host_name_is_named(tmp_path: Path) -> None:
    context = self_signed(tmp_path, host="other.example")
    error = tls_refusal(environment(tmp_path, ca_file="ca.pem"), context, "tls-wrong-host")
    assert "not valid for '127.0.0.1'" in error.message
    assert error.evidence[0].startswith("The certificate is for other.example (")


def test_an_expired_certificate_is_named(tmp_path: Path) -> None:
    context = self_signed(tmp_path, days=-1)
    error = tls_refusal(environment(tmp_path, ca_file="ca.pem"), context, "tls-expired")
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    assert f" to {yesterday:%Y-%m-%d} " in error.evidence[1]


def test_a_certificate_that_is_not_valid_yet_is_named(tmp_path: Path) -> None:
    context = self_signed(tmp_path, begins=1, days=2)
    error = tls_refusal(environment(tmp_path, ca_file="ca.pem"), context, "tls-not-yet-valid")
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    assert f"It is valid from {tomorrow:%Y-%m-%d} " in error.evidence[1]


def test_a_handshake_that_fails_for_both_is_told_without_a_certificate(tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    context.set_ciphers("AES256-GCM-SHA384")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    where = environment(tmp_path, ca_file="ca.pem")
    assert tls_refusal(where, context, "tls-failed").evidence == ()


def test_plain_http_at_an_https_address_is_named(web: ScriptedServer, unit: Environment) -> None:
    assert refusal(unit, web.url.replace("http:", "https:")).code == "tls-not-spoken"


def test_an_own_authority_is_accepted(tmp_path: Path) -> None:
    with ScriptedServer(self_signed(tmp_path)) as server:
        where = environment(tmp_path, ca_file="ca.pem")
        assert get(where, f"{server.url}/").status == 404


def test_insecure_accepts_any_certificate(tmp_path: Path) -> None:
    with ScriptedServer(self_signed(tmp_path, host="other.example", days=-1)) as server:
        assert get(environment(tmp_path, insecure=True), f"{server.url}/").status == 404


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_useless_ca_file_is_a_configuration_error(tmp_path: Path, content: str | None) -> None:
    if content:
        (tmp_path / "my-ca.pem").write_text(content)
    with pytest.raises(ConfigError, match=r"my-ca\.pem"):
        get(environment(tmp_path, ca_file="my-ca.pem"), "https://127.0.0.1:9/")


# -- the guard of the seam -----------------------------------------------------------------------

_EXPORTED = [getattr(httpx, name) for name in httpx.__all__]
_EXCEPTIONS = [one for one in _EXPORTED if isinstance(one, type) and issubclass(one, BaseException)]
_HTTP_ERRORS = [one for one in _EXCEPTIONS if issubclass(one, httpx.HTTPError)]


class _Raising(httpx.AsyncBaseTransport):
    """Stands where the network is, for errors that no server can bring about at will."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise self._error


def _made(kind: type[httpx.HTTPError]) -> httpx.HTTPError:
    asked = httpx.Request("GET", "http://127.0.0.1/")
    if issubclass(kind, httpx.HTTPStatusError):
        return kind("words", request=asked, response=httpx.Response(500, request=asked))
    return kind("words")


def test_httpx_has_no_errors_that_the_seam_does_not_know() -> None:
    others = {one.__name__ for one in _EXCEPTIONS} - {one.__name__ for one in _HTTP_ERRORS}
    # InvalidURL is caught by name; the rest speaks of mistakes in the use of httpx.
    misuse = {"CookieConflict", "StreamError", "StreamConsumed", "StreamClosed"}
    assert others - misuse - {"ResponseNotRead", "RequestNotRead"} == {"InvalidURL"}


@pytest.mark.parametrize("kind", _HTTP_ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_of_httpx_becomes_no_answer(
    unit: Environment, kind: type[httpx.HTTPError]
) -> None:
    async def send() -> None:
        async with Http(unit) as http:
            http._clients["http", True] = httpx.AsyncClient(transport=_Raising(_made(kind)))
            await http.request("GET", "http://127.0.0.1/")

    with pytest.raises(NoAnswer) as caught:
        asyncio.run(send())
    assert caught.value.code in EXPLANATIONS
    assert caught.value.message.endswith(".")


def test_every_code_of_the_seam_is_explained() -> None:
    modules = (http_module.__file__, certificates.__file__)
    source = "".join(Path(str(module)).read_text(encoding="utf-8") for module in modules)
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source)) & {*EXPLANATIONS, "x-unknown"}
    codes |= set(re.findall(r'code(?:, words = | = |=)"([a-z-]+)"', source))
    assert len(codes) >= 11
    assert codes <= set(EXPLANATIONS)


# -- reading an answer ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("application/json;odata=verbose", True),
        ("text/plain", False),
        ("", False),
    ],
)
def test_json_is_known_by_its_header(content_type: str, is_json: bool) -> None:
    assert answer(b"{}", content_type).is_json is is_json


@pytest.mark.parametrize(
    ("body", "content_type", "is_html"),
    [
        (b"whatever", "text/html; charset=utf-8", True),
        (b"\r\n <!DOCTYPE html><p>", "application/json", True),
        (b"<HTML lang=en>", "", True),
        (b'{"a": "<html>"}', "application/json", False),
    ],
)
def test_a_web_page_is_known_by_header_or_beginning(
    body: bytes, content_type: str, is_html: bool
) -> None:
    assert answer(body, content_type).is_html is is_html


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe{", b"[" * 200_000], ids=lambda b: b[:3])
def test_what_is_no_json_is_none(body: bytes) -> None:
    assert answer(body).json() is None


def test_a_byte_order_mark_does_no_harm() -> None:
    assert answer(b'\xef\xbb\xbf{"a": 1}').json() == {"a": 1}


def test_half_an_answer_is_no_json() -> None:
    assert answer(b"{}", complete=False).json() is None


def test_an_excerpt_is_one_short_line() -> None:
    line = answer(b"first\r\n\t second " + b"x" * 5000).excerpt()
    assert line.startswith("first second xxx")
    assert line.endswith("…")
    assert len(line) == 160


def test_an_excerpt_hides_secrets() -> None:
    known = Secret("a-value-to-hide")
    line = answer(f"you sent {known.reveal()}".encode()).excerpt()
    assert known.reveal() not in line
    assert line.startswith("you sent")


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:8090", True),
        ("https://localhost/0", True),
        ("http://[::1]:8090/", True),
        ("http://app.localhost", True),
        ("http://10.0.0.1", False),
        ("https://creatio.example", False),
        ("https://localhost.example", False),
        ("nothing", False),
    ],
)
def test_this_machine_is_known_by_its_names(url: str, local: bool) -> None:
    assert is_loopback(url) is local


def test_text_that_is_not_utf8_is_still_read(web: ScriptedServer, unit: Environment) -> None:
    web.script("GET", "/latin", Reply(body="für".encode("latin-1")))
    web.script("GET", "/text", text_reply("für"))
    assert get(unit, f"{web.url}/latin").text == "f\N{REPLACEMENT CHARACTER}r"
    assert get(unit, f"{web.url}/text").text == "für"
