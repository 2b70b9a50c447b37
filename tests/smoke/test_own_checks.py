# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of an environment's own: what is asked, what holds, what is said when it does not."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from opskit.models import Check, Status
from opskit.sandbox.faults import Fault
from tests.cli.conftest import altered, run
from tests.conftest import Sandbox
from tests.scripted_server import (
    HANG_UP,
    LOGIN_HTML,
    OAUTH_HEALTH,
    Reply,
    ScriptedServer,
    default_key,
    html_reply,
    in_turn,
    json_reply,
    redirect_reply,
    script_creatio,
    script_identity,
    script_path,
    text_reply,
)
from tests.smoke import ORDERS, PATHS, smoked, unit, with_checks

PATH = "/rest/OrderService/Latest"
UNAUTHORIZED = json_reply({"Message": "Authentication failed."}, 401)
GOOD = {"Result": {"State": "ok", "Orders": [{"Number": "SO-10"}]}}


@pytest.fixture
def creatio() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server)
        yield server


def own(
    server: ScriptedServer, folder: Path, reply: Reply, method: str = "GET", **keys: object
) -> Check:
    """Run smoke with one check of its own, as opskit.toml would name it."""
    server.script(method, PATH, reply)
    check = {"name": "orders", "path": PATH[1:], "method": method, **keys}
    checks = smoked(unit(folder, server, smoke={"checks": [check]}))
    assert {checks[path].status for path in PATHS} == {Status.PASS}
    return checks["orders"]


def assert_failed(check: Check, finding: str, words: str = "") -> None:
    assert check.finding is not None, check
    assert (check.status, check.finding.id) == (Status.FAIL, finding), check
    assert words in check.summary
    assert check.finding.remedy


# -- what is asked -------------------------------------------------------------------------------


def test_what_is_configured_is_asked(creatio: ScriptedServer, tmp_path: Path) -> None:
    keys = {"path": "/rest/OrderService/Latest?since=2026-01-01&x=a b", "headers": {"X-Own": "1"}}
    check = own(creatio, tmp_path, json_reply(GOOD), method="POST", body={"a": [1]}, **keys)
    assert (check.status, check.summary) == (Status.PASS, "200, as expected")
    (request,) = creatio.requests(PATH)
    assert request.authorization.startswith("Bearer ey")
    assert request.query == {"since": ["2026-01-01"], "x": ["a b"]}
    assert request.headers["x-own"] == "1"
    assert request.json() == {"a": [1]}


def test_a_get_sends_no_body(creatio: ScriptedServer, tmp_path: Path) -> None:
    own(creatio, tmp_path, json_reply(GOOD))
    (request,) = creatio.requests(PATH)
    assert (request.method, request.body) == ("GET", b"")


# -- what holds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expect", "summary"),
    [
        ([], "200, as expected"),
        ([{"at": "Result.State", "is": "ok"}], "1 condition holds"),
        (
            [
                {"at": "Result.Orders", "min_items": 1},
                {"at": "Result.Orders.*.Number", "contains": "SO-1"},
                {"at": "Result.State", "matches": "^o"},
            ],
            "3 conditions hold",
        ),
        ([{"at": "Result.Orders", "rows": []}], "1 row"),
        ([{"at": "Result.Orders", "rows": ["SO-10"]}], "1 row, SO-10 among them"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_conditions_that_hold(
    creatio: ScriptedServer, tmp_path: Path, expect: object, summary: str
) -> None:
    check = own(creatio, tmp_path, json_reply(GOOD), expect=expect)
    assert (check.status, check.summary) == (Status.PASS, summary)


@pytest.mark.parametrize(
    ("expect", "finding", "words"),
    [
        (
            [{"at": "Result.State", "is": "done"}],
            "condition-not-met",
            'Result.State: wanted "done", found "ok"',
        ),
        (
            [
                {"at": "Result.State", "is": "done"},
                {"at": "Result.Orders", "min_items": 1},
                {"at": "Result.Sum", "exists": True},
            ],
            "condition-not-met",
            'found "ok"; Result.Sum: wanted anything, found nothing',
        ),
        ([{"at": "Result.Orders", "rows": ["SO-9"]}], "row-missing", "Not among 1 rows: SO-9"),
        ([{"at": "Result", "rows": []}], "condition-not-met", "found an object with State"),
    ],
    ids=["one", "two of three", "row", "no rows"],
)
def test_a_condition_that_does_not_hold(
    creatio: ScriptedServer, tmp_path: Path, expect: object, finding: str, words: str
) -> None:
    check = own(creatio, tmp_path, json_reply(GOOD), expect=expect)
    assert_failed(check, finding, words)


def test_no_rows_are_a_warning(creatio: ScriptedServer, tmp_path: Path) -> None:
    check = own(creatio, tmp_path, json_reply({"rows": []}), expect=[{"at": "rows", "rows": []}])
    assert (check.status, check.finding and check.finding.id) == (Status.WARN, "rows-empty")


# -- refusals, by kind; then whatever else can come ------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "reply", "finding"),
    [
        ("odata4", json_reply({"error": {"message": "No"}}, 403), "odata-rights"),
        ("odata3", json_reply({"Message": "No HTTP resource was found"}, 404), "entity-unknown"),
        ("dataservice", json_reply({"success": False, "errorInfo": {}}), "query-refused"),
        ("dataservice", json_reply({"errorCode": "AccessDenied"}), "object-restricted"),
        ("webservice", json_reply({"Message": "No"}, 403), "unexpected-status"),
        ("webservice", Reply(404), "service-absent"),
        ("odata3", Reply(404), "service-absent"),
        ("webservice", Reply(503), "restarting"),
        ("webservice", html_reply(LOGIN_HTML), "login-page"),
        ("webservice", redirect_reply("/Login/Login.html"), "login-redirect"),
        ("webservice", text_reply("fine"), "not-json"),
        ("webservice", HANG_UP, "connection-failed"),
        ("webservice", UNAUTHORIZED, "unauthorized"),
    ],
)
def test_a_refusal_is_recognised_by_kind(
    creatio: ScriptedServer, tmp_path: Path, kind: str, reply: Reply, finding: str
) -> None:
    assert_failed(own(creatio, tmp_path, reply, kind=kind), finding)


def test_one_entity_of_odata_may_hold_any_text(creatio: ScriptedServer, tmp_path: Path) -> None:
    entity = {"@odata.context": "…", "Notes": "no permission to use OData"}
    expect = [{"at": "'@odata.context'", "exists": True}]
    check = own(creatio, tmp_path, json_reply(entity), kind="odata4", expect=expect)
    assert check.status is Status.PASS


def test_a_refused_token_is_renewed(creatio: ScriptedServer, tmp_path: Path) -> None:
    creatio.script("GET", PATH, in_turn(UNAUTHORIZED, json_reply(GOOD)))
    check = {"name": "orders", "path": PATH}
    checks = smoked(unit(tmp_path, creatio, smoke={"checks": [check]}))
    assert checks["orders"].summary == "200, as expected (401 first, then with a fresh token)"


# -- another status than 200 -----------------------------------------------------------------------


@pytest.mark.parametrize("status", [201, 204, 401, 403, 404, 503])
def test_a_status_that_must_come(creatio: ScriptedServer, tmp_path: Path, status: int) -> None:
    check = own(creatio, tmp_path, Reply(status), status=status)
    assert (check.status, check.summary) == (Status.PASS, f"{status}, as expected")
    assert len(creatio.requests(PATH)) == 1, "an expected 401 is not repeated"


def test_a_refusal_that_must_come_has_conditions(creatio: ScriptedServer, tmp_path: Path) -> None:
    expect = [{"at": "error.code", "is": "no-rights"}]
    reply = json_reply({"error": {"code": "no-rights"}}, 403)
    check = own(creatio, tmp_path, reply, status=403, kind="odata4", expect=expect)
    assert check.status is Status.PASS
    check = own(creatio, tmp_path, Reply(403), status=403, expect=expect)
    assert_failed(check, "not-json", "403: an empty body")


def test_access_that_should_be_refused_and_is_not(creatio: ScriptedServer, tmp_path: Path) -> None:
    check = own(creatio, tmp_path, json_reply(GOOD), status=403)
    assert_failed(check, "unexpected-status", "The server answers 200, not 403")


# -- require and skip ------------------------------------------------------------------------------


def test_an_own_check_can_be_skipped(creatio: ScriptedServer, tmp_path: Path) -> None:
    check = {"name": "orders", "path": PATH}
    checks = smoked(unit(tmp_path, creatio, smoke={"checks": [check], "skip": ["orders"]}))
    assert (checks["orders"].status, checks["orders"].summary) == (
        Status.SKIPPED,
        "skip in opskit.toml",
    )
    assert creatio.requests(PATH) == []


def test_what_is_required_and_cannot_be_called_fails_for_the_same_cause(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    creatio.script("POST", "/connect/token", Reply(503))
    smoke = {"checks": [{"name": "orders", "path": PATH}], "require": ["orders", "odata4"]}
    checks = smoked(unit(tmp_path, creatio, smoke=smoke))
    for required in ("orders", "odata4"):
        assert_failed(checks[required], "restarting", "It is required, and there is no token.")
        assert checks[required].finding.transient  # type: ignore[union-attr]
    assert checks["odata3"].status is Status.SKIPPED


def test_the_one_cause_holds_for_own_checks_too(creatio: ScriptedServer, tmp_path: Path) -> None:
    creatio.script("GET", OAUTH_HEALTH, Reply(404))
    for path in PATHS:
        script_path(creatio, path, UNAUTHORIZED)
    creatio.script("GET", PATH, UNAUTHORIZED)
    checks = smoked(unit(tmp_path, creatio, smoke={"checks": [{"name": "orders", "path": PATH}]}))
    assert_failed(checks["orders"], "every-call-refused")


# -- secrets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["value", "key", "long"])
def test_an_answer_that_repeats_the_token_reveals_nothing(
    creatio: ScriptedServer, tmp_path: Path, place: str
) -> None:
    access = default_key().token(jti=place)
    contents: dict[str, object] = {
        "value": {"Result": access},
        "key": {"Result": {access: 1}},
        "long": {"Result": f"{'.' * 40}{access}"},
    }
    creatio.script("POST", "/connect/token", json_reply({"access_token": access, "expires_in": 9}))
    expect = [{"at": "Result", "is": "x"}, {"at": "Result.y", "exists": True}]
    check = own(creatio, tmp_path, json_reply(contents[place]), expect=expect)
    assert_failed(check, "condition-not-met")
    shown = json.dumps(msgspec.to_builtins(check))
    assert access[:20] not in shown
    assert access.rpartition(".")[2][:20] not in shown


# -- end to end, on the sandbox --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dev", "test"])
def test_the_sandboxs_own_service(sandbox: Sandbox, name: str) -> None:
    checks = smoked(with_checks(sandbox.environment(name), ORDERS))
    assert (checks["orders"].status, checks["orders"].summary) == (Status.PASS, "3 conditions hold")


def test_the_example_in_the_sandboxs_configuration_works(sandbox: Sandbox, tmp_path: Path) -> None:
    text = sandbox.config.read_text("utf-8")
    start = text.index("# [[environments.dev.smoke.checks]]")
    commented = text[start:].partition("\n\n")[0]
    example = "\n".join(line.removeprefix("# ") for line in commented.splitlines())
    config = altered(sandbox, tmp_path, (commented, example))
    ran = run("smoke", "-e", "dev", config=config)
    assert (ran.code, "✓  orders        2 conditions hold" in ran.out) == (0, True), ran.all
    sandbox.fault(Fault.ORDERS_BUSY)
    ran = run("smoke", "-e", "dev", config=config)
    assert ran.code == 1
    assert '✗  orders        Result.State: wanted "ok", found "importing"; ' in ran.out
    assert "more opskit explain condition-not-met" in ran.out
