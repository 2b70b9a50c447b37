# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Each data path: what it asks, what it accepts, and what every other answer means."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.models import Check, Status
from opskit.sandbox.faults import Fault
from tests.conftest import Sandbox
from tests.scripted_server import (
    DATA_PATHS,
    HANG_UP,
    HEALTHY,
    LOGIN_HTML,
    Received,
    Reply,
    ScriptedServer,
    endless_reply,
    html_reply,
    json_reply,
    redirect_reply,
    script_creatio,
    script_identity,
    script_path,
    text_reply,
)
from tests.smoke import HEALTH, PATHS, smoked, unit

CONTEXT = "http://127.0.0.1/odata/$metadata#Account"
NO_RESOURCE = {
    "Message": "No HTTP resource was found that matches the request URI 'http://…/odata/Account'.",
    "MessageDetail": "No type was found that matches the controller named 'Account'.",
}
NO_PROPERTY = {
    "error": {"message": "Could not find a property named 'Nmae' on type 'Terrasoft.Account'."}
}
NO_RIGHT = "Current user does not have sufficient permissions to use OData"
RELOADING = {"ExceptionMessage": "Collection was modified; enumeration operation may not execute."}
RELOADED = RELOADING["ExceptionMessage"]


def denied(**status: object) -> dict[str, object]:
    return {"responseStatus": status, "rows": None}


@pytest.fixture
def creatio() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server)
        yield server


def answered(
    server: ScriptedServer, folder: Path, path: str, reply: Reply, **smoke: object
) -> Check:
    """Run smoke while one path gives ``reply``; all others must pass."""
    script_path(server, path, reply)
    settings: dict[str, object] = {"smoke": smoke} if smoke else {}
    checks = smoked(unit(folder, server, **settings))
    others = {check.status for check in checks.values() if check.id != path}
    assert others == {Status.PASS}
    return checks[path]


def rows_of(path: str, rows: list[object]) -> Reply:
    envelopes = {
        "odata4": {"@odata.context": CONTEXT, "value": rows},
        "odata3": {"d": {"results": rows}},
        "dataservice": {"rows": rows, "success": True},
    }
    return json_reply(envelopes[path])


def assert_found(check: Check, status: Status, finding: str, words: str = "") -> None:
    assert check.finding is not None, check
    assert (check.status, check.finding.id) == (status, finding), check
    assert words in check.summary
    assert check.finding.remedy


# -- what is asked -------------------------------------------------------------------------------


def asked(server: ScriptedServer, folder: Path, path: str, **smoke: object) -> Received:
    smoked(unit(folder, server, smoke=smoke))
    (request,) = server.requests(DATA_PATHS[path])
    assert request.authorization.startswith("Bearer ey")
    assert "bpmcsrf" not in request.headers
    assert "cookie" not in request.headers
    return request


def test_odata4_is_bounded(creatio: ScriptedServer, tmp_path: Path) -> None:
    request = asked(creatio, tmp_path, "odata4")
    assert (request.method, request.query) == ("GET", {"$top": ["20"]})


def test_odata4_asks_for_the_configured(creatio: ScriptedServer, tmp_path: Path) -> None:
    query = {"columns": ["Name", "Id"], "top": 3}
    request = asked(creatio, tmp_path, "odata4", odata4=query)
    assert request.query == {"$select": ["Name,Id"], "$top": ["3"]}


def test_odata3_asks_for_verbose_json(creatio: ScriptedServer, tmp_path: Path) -> None:
    request = asked(creatio, tmp_path, "odata3")
    assert request.headers["accept"] == "application/json;odata=verbose"
    assert (request.method, request.query) == ("GET", {"$select": ["Name"], "$top": ["20"]})


def test_dataservice_asks_by_a_select_query(creatio: ScriptedServer, tmp_path: Path) -> None:
    request = asked(creatio, tmp_path, "dataservice")
    assert request.headers["content-type"] == "application/json"
    assert request.json() == {
        "RootSchemaName": "Account",
        "columns": {"items": {"Name": {"expression": {"columnPath": "Name"}}}},
        "rowCount": 20,
    }


def test_the_web_service_gets_its_body(creatio: ScriptedServer, tmp_path: Path) -> None:
    request = asked(creatio, tmp_path, "webservice")
    assert (request.method, request.json()) == ("POST", {"password": "test"})
    assert request.headers["content-type"] == "application/json"


def test_another_web_service_can_be_configured(creatio: ScriptedServer, tmp_path: Path) -> None:
    creatio.script("POST", "/rest/Own/Do", json_reply({"Result": 5}))
    service = {"path": "/rest/Own/Do", "body": {"a": [1]}, "expect_key": "Result"}
    checks = smoked(unit(tmp_path, creatio, smoke={"webservice": service}))
    assert (checks["webservice"].status, checks["webservice"].summary) == (
        Status.PASS,
        "Result is there",
    )
    assert creatio.requests("/rest/Own/Do")[0].json() == {"a": [1]}


# -- what passes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_a_healthy_answer_passes(creatio: ScriptedServer, tmp_path: Path, path: str) -> None:
    check = answered(creatio, tmp_path, path, HEALTHY[path])
    assert (check.status, check.finding) == (Status.PASS, None)
    assert check.elapsed is not None
    assert check.summary == (
        "GetConvertedPasswordValueResult is there" if path == "webservice" else "1 row"
    )


@pytest.mark.parametrize("path", ["odata4", "odata3", "dataservice"])
@pytest.mark.parametrize(
    "text",
    ["Collection was modified", "No HTTP resource was found", "permission to use OData", "<html>"],
)
def test_rows_may_hold_any_text(
    creatio: ScriptedServer, tmp_path: Path, path: str, text: str
) -> None:
    row = {"Name": text, "HasPermission": True}
    check = answered(creatio, tmp_path, path, rows_of(path, [row]))
    assert check.status is Status.PASS, check


@pytest.mark.parametrize("value", [1, "text", {"a": 1}, [1]], ids=str)
def test_a_web_service_may_return_anything(
    creatio: ScriptedServer, tmp_path: Path, value: object
) -> None:
    reply = json_reply({"GetConvertedPasswordValueResult": value})
    assert answered(creatio, tmp_path, "webservice", reply).status is Status.PASS


# -- rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["odata4", "odata3", "dataservice"])
def test_a_row_that_must_be_there_is_there(
    creatio: ScriptedServer, tmp_path: Path, path: str
) -> None:
    rows = rows_of(path, [{"Name": "Our company", "Id": "1"}, {"Name": "Söhne", "Id": "2"}])
    query = {"expect": ["Our company", "2"], "columns": ["Name", "Id"]}
    check = answered(creatio, tmp_path, path, rows, **{path: query})
    assert (check.status, check.summary) == (Status.PASS, "2 rows, Our company, 2 among them")


@pytest.mark.parametrize("path", ["odata4", "odata3", "dataservice"])
@pytest.mark.parametrize("rows", [[], [{"Name": "Our company"}]], ids=len)
def test_a_row_that_must_be_there_is_missing(
    creatio: ScriptedServer, tmp_path: Path, path: str, rows: list[object]
) -> None:
    query = {"expect": ["Accom", "Our company & sons"], "columns": ["Name"]}
    check = answered(creatio, tmp_path, path, rows_of(path, rows), **{path: query})
    words = f"Not among {len(rows)} rows: Accom, Our company & sons"
    assert_found(check, Status.FAIL, "row-missing", words)


@pytest.mark.parametrize("path", ["odata4", "odata3", "dataservice"])
def test_no_rows_are_a_warning(creatio: ScriptedServer, tmp_path: Path, path: str) -> None:
    check = answered(creatio, tmp_path, path, rows_of(path, []))
    assert_found(check, Status.WARN, "rows-empty", "no rows")


@pytest.mark.parametrize("path", ["odata4", "odata3", "dataservice"])
def test_rows_that_are_no_objects_are_no_rows(
    creatio: ScriptedServer, tmp_path: Path, path: str
) -> None:
    check = answered(creatio, tmp_path, path, rows_of(path, ["text", None]))
    assert_found(check, Status.FAIL, "unexpected-shape")


# -- answers that mean the same on every path ----------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "finding", "words"),
    [
        (HANG_UP, "connection-failed", "broke off"),
        (redirect_reply("/Login/NuiLogin.aspx?ReturnUrl=%2f"), "integration-off", "302 to"),
        (redirect_reply("/Login/Login.html"), "integration-off", "/Login/Login.html"),
        (redirect_reply("https://other.example/", 301), "redirect", "https://other.example/"),
        (html_reply(LOGIN_HTML), "integration-off", "200"),
        (html_reply(), "gateway-page", "Gateway"),
        (text_reply("fine"), "not-json", "text/plain: fine"),
        (text_reply("{", kind="application/json"), "not-json", "{"),
        (text_reply("[" * 100_000, kind="application/json"), "not-json", "[[["),
        (json_reply(RELOADING, 500), "routes-reloading", "500: "),
        (html_reply(f"<html>{RELOADED}</html>", 500), "routes-reloading", "500: "),
        (html_reply(status=502), "restarting", "502"),
        (Reply(503), "restarting", "503"),
        (json_reply({"Message": "late"}, 504), "restarting", "504"),
        (json_reply({"Message": "why"}, 500), "unexpected-status", '500: {"Message": "why"}'),
        (json_reply([1]), "unexpected-shape", "[1]"),
        (json_reply({"error": "none"}), "unexpected-shape", '{"error": "none"}'),
        (endless_reply(), "answer-too-large", "2 MB"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_that_is_no_data(
    creatio: ScriptedServer, tmp_path: Path, reply: Reply, finding: str, words: str
) -> None:
    for path in PATHS:
        script_path(creatio, path, reply)
    checks = smoked(unit(tmp_path, creatio))
    for path in PATHS:
        assert_found(checks[path], Status.FAIL, finding, words)
    assert {checks["token"].status, checks["runtime"].status} == {Status.PASS}


def test_a_web_service_that_redirects_is_not_followed(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    answered(creatio, tmp_path, "webservice", redirect_reply("/target", 307))
    assert creatio.requests("/target") == []


# -- OData ---------------------------------------------------------------------------------------

_ODATA_FAILURES = [
    (json_reply(NO_RESOURCE, 404), "entity-unknown", "404: "),
    (json_reply(NO_RESOURCE, 200), "entity-unknown", "200: "),
    (html_reply("<html>404 - File not found</html>", 404), "entity-unknown", "404"),
    (json_reply(NO_PROPERTY, 400), "column-unknown", "Nmae"),
    (json_reply({"error": {"message": NO_RIGHT}}, 403), "odata-rights", "403: "),
    (json_reply({"error": {"message": "Недостаточно прав"}}, 403), "odata-rights", "403: "),
    (json_reply({"error": {"message": NO_RIGHT}}, 400), "odata-rights", "400: "),
    (json_reply({"error": {"message": NO_RIGHT}}, 500), "odata-rights", "500: "),
    (json_reply({"error": {"message": NO_RIGHT}}, 200), "odata-rights", "200: "),
    (json_reply({"error": {"message": "other"}}, 400), "unexpected-status", "other"),
]


@pytest.mark.parametrize(
    ("reply", "finding", "words"),
    _ODATA_FAILURES,
    ids=[f"{reply.status} {finding}" for reply, finding, _ in _ODATA_FAILURES],
)
def test_odata_refuses(
    creatio: ScriptedServer, tmp_path: Path, reply: Reply, finding: str, words: str
) -> None:
    for path in ("odata4", "odata3"):
        script_path(creatio, path, reply)
    checks = smoked(unit(tmp_path, creatio))
    for path in ("odata4", "odata3"):
        assert_found(checks[path], Status.FAIL, finding, words)
    assert checks["dataservice"].status is Status.PASS


@pytest.mark.parametrize(
    "body",
    [
        {"value": [{"Name": "a"}]},
        {"@odata.context": CONTEXT},
        {"@odata.context": CONTEXT, "value": {"Name": "a"}},
        {"d": {"results": []}},
    ],
    ids=str,
)
def test_odata4_wants_its_envelope(
    creatio: ScriptedServer, tmp_path: Path, body: dict[str, object]
) -> None:
    check = answered(creatio, tmp_path, "odata4", json_reply(body))
    assert_found(check, Status.FAIL, "unexpected-shape", "OData 4")


@pytest.mark.parametrize(
    "body", [{"d": []}, {"d": {"results": {}}}, {"results": []}, {"value": []}], ids=str
)
def test_odata3_wants_its_envelope(
    creatio: ScriptedServer, tmp_path: Path, body: dict[str, object]
) -> None:
    check = answered(creatio, tmp_path, "odata3", json_reply(body))
    assert_found(check, Status.FAIL, "unexpected-shape", "OData 3")


def test_an_absent_odata3_is_unsupported(creatio: ScriptedServer, tmp_path: Path) -> None:
    script_path(creatio, "odata3", Reply(404))
    check = smoked(unit(tmp_path, creatio))["odata3"]
    assert_found(check, Status.UNSUPPORTED, "odata3-absent", "404 with an empty body")


def test_an_absent_odata3_fails_where_it_is_required(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    check = answered(creatio, tmp_path, "odata3", Reply(404), require=["odata3"])
    assert_found(check, Status.FAIL, "service-absent", "404 with an empty body")


def test_an_odata3_that_says_something_with_404_is_not_absent(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    check = answered(creatio, tmp_path, "odata3", json_reply(NO_RESOURCE, 404))
    assert_found(check, Status.FAIL, "entity-unknown")


# -- DataService ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (denied(errorCode="AccessDenied", message="no"), "object-restricted"),
        (denied(ErrorCode="AccessDenied"), "object-restricted"),
        ({"errorInfo": {"errorCode": "AccessDenied"}, "rows": []}, "object-restricted"),
        ({"errorCode": "AccessDenied"}, "object-restricted"),
        ({**denied(errorCode="accessdenied"), "success": False}, "object-restricted"),
        ({**denied(errorCode="SecurityException"), "success": False}, "object-rights"),
        ({"success": False, "rows": []}, "object-rights"),
        ({"rows": [{"Name": "a"}]}, "unexpected-shape"),
        ({"rows": [], "success": "yes"}, "unexpected-shape"),
        ({"success": True}, "unexpected-shape"),
        ({"success": True, "rows": {}}, "unexpected-shape"),
    ],
    ids=str,
)
def test_dataservice_refuses_with_200(
    creatio: ScriptedServer, tmp_path: Path, body: dict[str, object], finding: str
) -> None:
    if finding == "object-rights":
        text = 'The user does not have sufficient permissions to read the "Account" object'
        body = {**body, "errorInfo": {"errorCode": "SecurityException", "message": text}}
    check = answered(creatio, tmp_path, "dataservice", json_reply(body))
    assert_found(check, Status.FAIL, finding, json.dumps(body)[:60])


def test_a_dataservice_that_reloads_is_not_taken_for_missing_rights(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    body = {"success": False, "errorInfo": {"message": RELOADED}}
    check = answered(creatio, tmp_path, "dataservice", json_reply(body))
    assert_found(check, Status.FAIL, "routes-reloading", "Collection was modified")


def test_an_unknown_object_is_not_called_missing_rights(
    creatio: ScriptedServer, tmp_path: Path
) -> None:
    text = 'Item with name "Acount" not found.'
    body = {
        "success": False,
        "errorInfo": {"errorCode": "ItemNotFoundException", "message": text},
    }
    check = answered(creatio, tmp_path, "dataservice", json_reply(body))
    assert check.status is Status.FAIL
    assert check.finding is not None
    sure = check.finding.id == "object-rights" and "probably" not in check.finding.cause.lower()
    assert not sure, "only some refusals of DataService are about rights"


# -- services that are not there -----------------------------------------------------------------


@pytest.mark.parametrize("path", ["dataservice", "webservice"])
def test_an_absent_service_is_told(creatio: ScriptedServer, tmp_path: Path, path: str) -> None:
    check = answered(creatio, tmp_path, path, Reply(404, b"\r\n"))
    assert_found(check, Status.FAIL, "service-absent", "404 with an empty body")


@pytest.mark.parametrize(
    "body",
    [{}, {"GetConvertedPasswordValueResult": ""}, {"GetConvertedPasswordValueResult": None}],
    ids=str,
)
def test_a_web_service_without_its_value_fails(
    creatio: ScriptedServer, tmp_path: Path, body: dict[str, object]
) -> None:
    check = answered(creatio, tmp_path, "webservice", json_reply(body))
    words = "No GetConvertedPasswordValueResult in the answer"
    assert_found(check, Status.FAIL, "unexpected-shape", words)


# -- the sandbox's faults ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.LOGIN_REDIRECT, dict.fromkeys(PATHS, "integration-off")),
        (Fault.LOGIN_HTML, dict.fromkeys(PATHS, "integration-off")),
        (Fault.UNAVAILABLE, dict.fromkeys((*HEALTH, *PATHS), "restarting")),
        (Fault.HTML_GATEWAY, dict.fromkeys((*HEALTH, *PATHS), "gateway-page")),
        (Fault.ROUTES_RELOADING, dict.fromkeys(PATHS, "routes-reloading")),
        (Fault.UNAUTHORIZED, dict.fromkeys(PATHS, "client-unregistered")),
        (Fault.SUCCESS_FALSE, {"dataservice": "object-rights"}),
        (Fault.ACCESS_DENIED, {"dataservice": "object-restricted"}),
        (Fault.ODATA_RIGHTS, {"odata4": "odata-rights", "odata3": "odata-rights"}),
        (Fault.ODATA_REBUILDING, {"odata4": "entity-unknown"}),
        (Fault.LARGE, {"odata4": "answer-too-large"}),
    ],
    ids=lambda value: str(value) if isinstance(value, Fault) else "",
)
def test_a_fault_of_the_sandbox_is_found(
    sandbox: Sandbox, fault: Fault, expected: dict[str, str]
) -> None:
    sandbox.fault(fault)
    checks = smoked(sandbox.environment())
    found = {check.id: check.finding.id for check in checks.values() if check.finding}
    assert found == expected
    failing = {check.id for check in checks.values() if check.status is Status.FAIL}
    assert failing == set(expected)


def test_the_sandboxs_empty_odata_is_a_warning(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.ODATA_EMPTY)
    checks = smoked(sandbox.environment())
    for path in ("odata4", "odata3"):
        assert_found(checks[path], Status.WARN, "rows-empty")
    assert checks["dataservice"].status is Status.PASS


def test_the_sandboxs_absent_odata3_is_unsupported(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.ODATA3_ABSENT)
    checks = smoked(sandbox.environment())
    assert_found(checks["odata3"], Status.UNSUPPORTED, "odata3-absent")
    assert {checks[path].status for path in PATHS if path != "odata3"} == {Status.PASS}
