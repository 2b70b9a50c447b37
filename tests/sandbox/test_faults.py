# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Every fault shows on the wire while it is on, and nowhere once it is off."""

import socket
import ssl
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from joserfc import jws

from opskit.errors import UsageError
from opskit.sandbox import lifecycle
from opskit.sandbox.authority import WISHES
from opskit.sandbox.faults import DESCRIPTIONS, NEED_TLS, Fault
from opskit.sandbox.interceptions import INTERCEPTIONS
from opskit.sandbox.layout import Layout
from opskit.sandbox.row_faults import BREAKAGES
from tests.sandbox.conftest import Rehearsal

Ask = Callable[[Rehearsal], httpx.Response]
Shows = Callable[[httpx.Response], bool]

ODATA4: Ask = Rehearsal.odata4
ODATA3: Ask = Rehearsal.odata3
SELECT: Ask = Rehearsal.select
WEB: Ask = Rehearsal.converted_password
TOKEN: Ask = Rehearsal.ask_token


def discovery(environment: Rehearsal) -> httpx.Response:
    return environment.http.get(f"{environment.identity}/.well-known/openid-configuration")


def ping(environment: Rehearsal) -> httpx.Response:
    return environment.http.get(f"{environment.settings['creatio']}/api/HealthCheck/Ping")


def html_without_marker(answer: httpx.Response) -> bool:
    return "<html" in answer.text and "bootstrap.login" not in answer.text


CASES: list[tuple[Fault, tuple[Ask, ...], Shows]] = [
    (
        Fault.LOGIN_REDIRECT,
        (ODATA4, ODATA3, SELECT, WEB),
        lambda a: a.status_code == 302 and "/Login/Login.html?ReturnUrl=" in a.headers["location"],
    ),
    (
        Fault.LOGIN_HTML,
        (ODATA4, ODATA3, SELECT, WEB),
        lambda a: a.status_code == 200 and 'data-loadbootstrap="bootstrap.login"' in a.text,
    ),
    (Fault.UNAVAILABLE, (ODATA4, ODATA3, SELECT, WEB, ping), lambda a: a.status_code == 503),
    (
        Fault.UNAUTHORIZED,
        (ODATA4, ODATA3, SELECT, WEB),
        lambda a: a.status_code == 401 and a.json()["Message"] == "Authentication failed.",
    ),
    (Fault.UNAUTHORIZED_ONCE, (ODATA4,), lambda a: a.status_code == 401),
    (
        Fault.SUCCESS_FALSE,
        (SELECT,),
        lambda a: (
            a.status_code == 200
            and a.json()["success"] is False
            and "permissions" in a.json()["errorInfo"]["message"]
        ),
    ),
    (
        Fault.ACCESS_DENIED,
        (SELECT,),
        lambda a: (
            a.status_code == 200
            and a.json().get("errorCode") == "AccessDenied"
            and "success" not in a.json()
        ),
    ),
    (
        Fault.ODATA_RIGHTS,
        (ODATA4, ODATA3),
        lambda a: (
            a.status_code == 403
            and "does not have sufficient permissions to use OData" in str(a.json()["error"])
        ),
    ),
    (Fault.ODATA_EMPTY, (ODATA4,), lambda a: a.json()["value"] == []),
    (Fault.ODATA_EMPTY, (ODATA3,), lambda a: a.json() == {"d": {"results": []}}),
    (Fault.ODATA3_ABSENT, (ODATA3,), lambda a: (a.status_code, a.content) == (404, b"")),
    (
        Fault.ODATA_REBUILDING,
        (ODATA4,),
        lambda a: a.status_code == 404 and "No HTTP resource was found" in a.json()["Message"],
    ),
    (
        Fault.ROUTES_RELOADING,
        (ODATA4, ODATA3, SELECT, WEB),
        lambda a: a.status_code == 500 and "Collection was modified; enumeration" in a.text,
    ),
    (
        Fault.INVALID_SCOPE,
        (TOKEN,),
        lambda a: (a.status_code, a.json()) == (400, {"error": "invalid_scope"}),
    ),
    (
        Fault.INTERNAL_ENDPOINTS,
        (discovery,),
        lambda a: (
            a.json()["token_endpoint"] == "http://127.0.0.1:9/connect/token"
            and a.json()["jwks_uri"].startswith("http://127.0.0.1:9/")
            and a.json()["issuer"] == "creatio.com"
        ),
    ),
    (Fault.HTML_GATEWAY, (ODATA4, ODATA3, SELECT, WEB), html_without_marker),
    (Fault.LARGE, (ODATA4,), lambda a: len(a.content) >= 60_000_000),
]


@pytest.mark.parametrize(("fault", "asks", "shows"), CASES, ids=[str(case[0]) for case in CASES])
def test_fault(dev: Rehearsal, fault: Fault, asks: tuple[Ask, ...], shows: Shows) -> None:
    dev.fault(fault)
    assert dev.faults() == (str(fault),)
    if fault is not Fault.INVALID_SCOPE:
        assert dev.ask_token().status_code == 200
    assert all(shows(ask(dev)) for ask in asks)
    dev.fault(fault, on=False)
    assert dev.faults() == ()
    assert all(ask(dev).status_code == 200 for ask in asks)
    assert not any(shows(ask(dev)) for ask in asks)


def test_every_fault_is_described_and_shows_somewhere() -> None:
    elsewhere = {
        Fault.INVALID_SCOPE,
        Fault.CACHE,
        Fault.INTERNAL_ENDPOINTS,
        Fault.WRONG_KEY,
        Fault.WRONG_ISSUER,
        Fault.SLOW,
        Fault.OTHER_RUNTIME,
        Fault.IDENTITY_STOPPED,
        Fault.CREATIO_STOPPED,
        *WISHES,
        *BREAKAGES,
    }
    assert set(WISHES) == NEED_TLS
    assert set(DESCRIPTIONS) == set(Fault)
    assert set(INTERCEPTIONS) == set(Fault) - elsewhere


def test_a_fault_stays_in_its_environment(rehearsals: dict[str, Rehearsal]) -> None:
    rehearsals["test"].fault(Fault.UNAVAILABLE)
    codes = {name: each.odata4().status_code for name, each in rehearsals.items()}
    assert codes == {"dev": 200, "test": 503, "prod": 200}


def test_unauthorized_once_meets_exactly_one_of_four_concurrent_calls(dev: Rehearsal) -> None:
    headers = dev.bearer()
    dev.odata4(headers)
    dev.fault(Fault.UNAUTHORIZED_ONCE)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: dev.odata4(headers), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 401]
    assert dev.faults() == ()


def test_the_cache_hides_a_change_until_it_expires(dev: Rehearsal) -> None:
    dev.fault(Fault.CACHE, seconds=0.7)
    filled = time.monotonic()
    dev.set_lifetime(60)
    assert dev.ask_token().json()["expires_in"] == 3600
    time.sleep(max(0.0, filled + 0.8 - time.monotonic()))
    assert dev.ask_token().json()["expires_in"] == 60
    dev.set_lifetime(90)
    assert dev.ask_token().json()["expires_in"] == 60
    dev.fault(Fault.CACHE, on=False)
    assert dev.ask_token().json()["expires_in"] == 90


def test_a_key_that_is_not_published(dev: Rehearsal) -> None:
    dev.fault(Fault.WRONG_KEY)
    token = dev.ask_token().json()["access_token"]
    keys = dev.http.get(f"{dev.identity}/.well-known/openid-configuration/jwks").json()["keys"]
    assert jws.extract_compact(token.encode()).headers()["kid"] not in {k["kid"] for k in keys}
    assert dev.odata4({"Authorization": f"Bearer {token}"}).status_code == 401
    dev.fault(Fault.WRONG_KEY, on=False)
    assert dev.odata4().status_code == 200


def test_another_issuer_in_the_token(dev: Rehearsal) -> None:
    dev.fault(Fault.WRONG_ISSUER)
    assert dev.odata4().status_code == 401
    dev.fault(Fault.WRONG_ISSUER, on=False)
    assert dev.odata4().status_code == 200


def test_slow_answers(dev: Rehearsal) -> None:
    dev.fault(Fault.SLOW, seconds=0.3)
    for ask in (discovery, ping):
        started = time.monotonic()
        assert ask(dev).status_code == 200
        assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize(
    ("fault", "stopped", "runs"),
    [(Fault.IDENTITY_STOPPED, discovery, ping), (Fault.CREATIO_STOPPED, ping, discovery)],
)
def test_a_stopped_service(dev: Rehearsal, fault: Fault, stopped: Ask, runs: Ask) -> None:
    assert stopped(dev).status_code == 200  # over a connection that is kept
    dev.fault(fault)
    with pytest.raises(httpx.ConnectError):
        stopped(dev)
    assert runs(dev).status_code == 200
    url = urlsplit(str(dev.settings["identity" if stopped is discovery else "creatio"]))
    with socket.socket() as other, pytest.raises(OSError, match=r"in use|permitted|forbidden"):
        other.bind((url.hostname, url.port))  # nobody else gets the port meanwhile
    dev.fault(fault, on=False)
    assert stopped(dev).status_code == 200


def shown(environment: Rehearsal) -> ssl.SSLCertVerificationError | None:
    """What is wrong with the certificate that a new connection is shown."""
    url = urlsplit(environment.identity)
    with socket.create_connection((url.hostname, url.port), timeout=20) as connection:
        try:
            environment.trust.wrap_socket(connection, server_hostname=url.hostname).close()
        except ssl.SSLCertVerificationError as error:
            return error
    return None


def test_of_several_faults_of_a_certificate_the_first_is_shown(
    rehearsals: dict[str, Rehearsal],
) -> None:
    prod = rehearsals["prod"]
    assert shown(prod) is None
    words = []
    for fault in (Fault.CERTIFICATE_SELF_SIGNED, Fault.CERTIFICATE_EXPIRED):
        prod.fault(fault)
        words.append(str(shown(prod)))
    prod.fault(Fault.CERTIFICATE_EXPIRED, on=False)
    words.append(str(shown(prod)))
    assert ["self-signed" in one for one in words] == [True, False, True]
    assert "expired" in words[1]
    lifecycle.clear_faults(prod.folder, ["prod"])
    assert shown(prod) is None


def test_tables_in_another_schema(dev: Rehearsal) -> None:
    count = 'SELECT count(*) FROM {}."Clients"'
    dev.fault(Fault.TABLE_MISSING)
    with dev.connect() as connection:
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute(count.format("public").encode())
        assert connection.execute(count.format("identity").encode()).fetchone() == (7,)
    # The Identity Service works on, and so do the faults in its rows, switched in any order.
    assert dev.ask_token().status_code == 200
    dev.fault(Fault.GRANT_MISSING)
    assert dev.ask_token().json() == {"error": "unauthorized_client"}
    dev.fault(Fault.TABLE_MISSING, on=False)
    dev.fault(Fault.GRANT_MISSING, on=False)
    assert dev.ask_token().status_code == 200
    with dev.connect() as connection:
        assert connection.execute(count.format("public").encode()).fetchone() == (7,)


def test_clearing_all_faults(dev: Rehearsal) -> None:
    for fault in (Fault.SLOW, Fault.CACHE, Fault.UNAVAILABLE):
        dev.fault(fault)
    assert dev.faults() == ("unavailable", "cache", "slow")
    lifecycle.clear_faults(dev.folder, ["dev"])
    assert dev.faults() == ()


@pytest.mark.parametrize(
    ("names", "fault", "seconds", "text"),
    [
        (["stage"], Fault.SLOW, None, "no environment 'stage'"),
        (["dev"], Fault.LARGE, 3, "takes no seconds"),
        (["dev"], Fault.SLOW, 0, "must be positive"),
        (["dev"], Fault.SLOW, float("inf"), "must be positive"),
        (["prod", "test"], Fault.CERTIFICATE_EXPIRED, None, "test is served over http"),
    ],
)
def test_impossible_wishes(
    dev: Rehearsal, names: list[str], fault: Fault, seconds: float | None, text: str
) -> None:
    with pytest.raises(UsageError, match=text):
        lifecycle.set_fault(dev.folder, names, fault, on=True, seconds=seconds)


def test_the_control_app_wants_its_token(dev: Rehearsal) -> None:
    state = Layout(dev.folder).read_state()
    assert state is not None
    url = f"http://127.0.0.1:{state.ports.control}"
    assert dev.http.get(f"{url}/status").status_code == 401
    wrong = {"Authorization": "Bearer guess"}
    assert dev.http.post(f"{url}/stop", headers=wrong).status_code == 401
    assert dev.odata4().status_code == 200
