# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The exported Postman collection says what ``opskit smoke`` says, fault by fault, in Newman."""

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opskit.conditions import Condition
from opskit.errors import ClientNotFound, ConfigError, UsageError
from opskit.export.postman import export_postman
from opskit.models import Status
from opskit.sandbox.faults import NEED_TLS, Fault
from opskit.settings import Environment
from opskit.smoke import smoke
from opskit.smoke_settings import OwnCheck, Smoke
from tests import newman
from tests.cli.conftest import run, secrets_of
from tests.conftest import Sandbox
from tests.scripted_server import (
    DATA_PATHS,
    OAUTH_HEALTH,
    Reply,
    ScriptedServer,
    discovery,
    json_reply,
    script_creatio,
    script_identity,
    script_path,
    text_reply,
)
from tests.smoke import HEALTH, ORDERS, PATHS, SECRET, unit, with_checks

# Postman makes each call once, and knows no client-store cache; slow is no failure.
NOT_COMPARED = {Fault.UNAUTHORIZED_ONCE, Fault.CACHE, Fault.SLOW}


@pytest.fixture(scope="session")
def postman() -> Iterator[newman.Newman]:
    if newman.program() is None:
        reason = "newman is not installed: make newman (it needs Node and npm)"
        if os.environ.get(newman.REQUIRED_VARIABLE):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    with newman.Newman() as process:
        yield process


def exported(folder: Path, where: Environment) -> tuple[Path, Path]:
    """Export one environment; return its collection and its variables."""
    (files,) = export_postman([where], folder / "postman", None, force=True).files
    return Path(files.collection), Path(files.variables)


def secret_of(where: Environment) -> str:
    return where.resolve(where.clients[0].secret).reveal()


def ran(postman: newman.Newman, folder: Path, where: Environment) -> newman.Ran:
    ca_file = where.path(where.ca_file) if where.ca_file else None
    return postman.run(*exported(folder, where), ca_file, client_secret=secret_of(where))


def requests(collection: Mapping[str, Any]) -> dict[str, Any]:
    return {item["name"]: item for folder in collection["item"] for item in folder["item"]}


def script(item: Mapping[str, Any], listen: str = "test") -> str:
    (event,) = (event for event in item["event"] if event["listen"] == listen)
    return "\n".join(event["script"]["exec"])


# -- beside smoke, on the sandbox ------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dev", "test", "prod"])
def test_a_healthy_environment_is_green(
    sandbox: Sandbox, postman: newman.Newman, tmp_path: Path, name: str
) -> None:
    result = ran(postman, tmp_path, with_checks(sandbox.environment(name), ORDERS))
    assert result.failed == []
    made = {str(one["item"]) for one in result.made if not str(one["item"]).startswith("runtime")}
    assert made == {"discovery", "token", *HEALTH, *PATHS, "orders"}
    assert all(one["passed"] or one["item"].startswith("runtime") for one in result.made)
    assert [one for one in result.made if one["skipped"]] == []


@pytest.mark.parametrize("fault", sorted(set(Fault) - NOT_COMPARED))
def test_a_fault_is_red_where_smoke_is(
    sandbox: Sandbox, postman: newman.Newman, tmp_path: Path, fault: Fault
) -> None:
    name = "prod" if fault in NEED_TLS else "dev"
    where = with_checks(sandbox.environment(name), ORDERS)
    sandbox.fault(fault, name)
    checks = asyncio.run(smoke(where)).checks
    result = ran(postman, tmp_path, where)
    red = {"token" if one == "discovery" else one for one in result.red}  # one check of smoke's
    unsupported = {str(one["item"]) for one in result.made if one["skipped"]}
    failed = {check.id for check in checks if check.status is Status.FAIL}
    absent = {check.id for check in checks if check.status is Status.UNSUPPORTED}
    if fault is Fault.IIS_NOT_FOUND:  # to Postman, health checks that are not there are absent
        absent, failed = absent | (failed & {*HEALTH}), failed - {*HEALTH}
    assert (red, unsupported) == (failed, absent), result
    undone = {check.id for check in checks if check.status is Status.SKIPPED}
    assert undone.isdisjoint(str(one["item"]) for one in result.made)


@pytest.mark.parametrize("fault", [Fault.ODATA3_ABSENT, Fault.HEALTH_ABSENT])
def test_what_is_required_is_red_where_it_is_absent(
    sandbox: Sandbox, postman: newman.Newman, tmp_path: Path, fault: Fault
) -> None:
    sandbox.fault(fault)
    where = sandbox.environment()
    settings = Smoke(require=("odata3", "health.oauth"))
    result = ran(postman, tmp_path, msgspec.structs.replace(where, smoke=settings))
    assert result.red == {{Fault.ODATA3_ABSENT: "odata3"}.get(fault, "health.oauth")}


def test_the_documented_command(sandbox: Sandbox, postman: newman.Newman, tmp_path: Path) -> None:
    ended = run("export", "postman", "-e", "dev", config=sandbox.config, cwd=tmp_path)
    assert ended.code == 0
    command = newman.program()
    assert command is not None
    files = ("opskit.postman_collection.json", "-e", "dev.postman_environment.json")
    secret = secret_of(sandbox.environment())
    arguments = [*command, "run", *files, "--env-var", f"client_secret={secret}", "--bail"]
    done = subprocess.run(
        arguments, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout
    assert secret not in done.stdout


def test_without_the_secret_the_token_is_red_and_nothing_else_is_called(
    sandbox: Sandbox, postman: newman.Newman, tmp_path: Path
) -> None:
    result = postman.run(*exported(tmp_path, sandbox.environment()))
    assert result.red == {"token"}
    assert {str(one["item"]) for one in result.made} == {"discovery", "token", *HEALTH}


# -- the same conditions, whatever is answered -----------------------------------------------------

CONTENT: dict[str, Any] = {
    "@odata.context": "x",
    "a.b": 1,
    "List": [{"Name": "SO-1", "Of": None}, {"Name": "SO-2", "Of": ""}],
    "Empty": [],
    "No": False,
    "Zero": 0,
    "Text": "Größe 'x' \"y\" {{api}}\n",
}
CONDITIONS = [
    Condition(at="'@odata.context'", exists=True),
    Condition(at="'@odata.type'", exists=False),
    Condition(at="'@odata.type'", exists=True),
    Condition(at="'a.b'", equals=1),
    Condition(at="'a.b'", equals=1.0),
    Condition(at="'a.b'", equals="1"),
    Condition(at="'a.b'", equals=True),
    Condition(at="a.b", exists=True),
    Condition(at="No", equals=False),
    Condition(at="No", empty=True),
    Condition(at="Zero", equals=False),
    Condition(at="Zero", empty=True),
    Condition(at="List.*.Name", equals="SO-2"),
    Condition(at="List.1.Name", equals="SO-2"),
    Condition(at="List.0.Name", equals="SO-2"),
    Condition(at="List.length", exists=True),
    Condition(at="List.*.Of", empty=True),
    Condition(at="List.*.Of", empty=False),
    Condition(at="Empty", empty=True),
    Condition(at="*", empty=True),
    Condition(at="Text", contains="'x' \"y\" {{api}}\n"),
    Condition(at="Text", contains="größe"),
    Condition(at="Text", matches=r"(?i)^GRÖSSE|größe \S+"),
    Condition(at="Text", matches=r"^\d"),
    Condition(at="Zero", matches="0"),
    Condition(at="List", min_items=2),
    Condition(at="List", min_items=3),
    Condition(at="List", max_items=2),
    Condition(at="List", max_items=1),
    Condition(at="Text", max_items=99),
    Condition(at="List", rows=("SO-1", "SO-2")),
    Condition(at="List", rows=("SO-1", "SO-3")),
    Condition(at="Empty", rows=()),
    Condition(at="", rows=()),
    Condition(at="constructor", exists=True),
]


@pytest.fixture
def creatio() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server)
        yield server


def test_every_condition_means_the_same(
    creatio: ScriptedServer, postman: newman.Newman, tmp_path: Path
) -> None:
    creatio.script("GET", "/rest/X", json_reply(CONTENT))
    own = [
        OwnCheck(name=f"c{number}", path="rest/X", expect=(condition,))
        for number, condition in enumerate(CONDITIONS)
    ]
    where = with_checks(unit(tmp_path, creatio), *own)
    checks = asyncio.run(smoke(where)).checks
    failed = {check.id for check in checks if check.status is Status.FAIL}
    assert 10 < len(failed) < len(own) - 10
    assert ran(postman, tmp_path, where).red == failed


ANSWERS: dict[str, tuple[dict[str, Any], Reply]] = {
    "expected refusal": ({"status": 403}, Reply(403)),
    "unexpected success": ({"status": 403}, json_reply({})),
    "expected words": (
        {"status": 400, "expect": (Condition(at="a", equals=1),)},
        json_reply({"a": 1}, 400),
    ),
    "expected words that are none": (
        {"status": 400, "expect": (Condition(at="a", exists=False),)},
        text_reply("no", 400),
    ),
    "no json": ({}, text_reply("fine")),
    "a page as json": ({}, text_reply("<html></html>", kind="application/json")),
    "odata refuses": (
        {"kind": "odata4"},
        json_reply({"Message": "No HTTP resource was found that matches"}),
    ),
    "odata has data": (
        {"kind": "odata4"},
        json_reply({"@odata.context": "", "Notes": "No HTTP resource was found"}),
    ),
    "odata lacks rights": ({"kind": "odata3"}, json_reply({"error": "no permission: OData"})),
    "dataservice refuses": ({"kind": "dataservice"}, json_reply({"success": False})),
    "dataservice restricts": (
        {"kind": "dataservice"},
        json_reply({"responseStatus": {"ErrorCode": "AccessDenied"}}),
    ),
    "dataservice lists": ({"kind": "dataservice"}, json_reply([1])),
    "dataservice works": (
        {"kind": "dataservice", "method": "POST", "body": {"a": "{{b}} 'c'"}},
        json_reply({"success": True, "Notes": "Collection was modified"}),
    ),
    "with a query": ({"path": "rest/X?$filter=Name eq 'Ä & B'&$top=1"}, json_reply({})),
}


def test_every_answer_means_the_same(
    creatio: ScriptedServer, postman: newman.Newman, tmp_path: Path
) -> None:
    own = []
    for number, (keys, reply) in enumerate(ANSWERS.values()):
        path = str(keys.get("path", "rest/X")).replace("rest/X", f"rest/X{number}")
        creatio.script(keys.get("method", "GET"), f"/rest/X{number}", reply)
        own.append(OwnCheck(**{"name": f"a{number}", **keys, "path": path}))
    where = with_checks(unit(tmp_path, creatio), *own)
    checks = asyncio.run(smoke(where)).checks
    failed = {check.id for check in checks if check.status is Status.FAIL}
    assert 5 < len(failed) < len(own) - 3
    assert ran(postman, tmp_path, where).red == failed
    for number in range(len(own)):  # what opskit sends is what Postman sends
        by_opskit, by_postman = creatio.requests(f"/rest/X{number}")
        assert by_opskit.query == by_postman.query
        if by_opskit.body:
            assert by_opskit.json() == by_postman.json()


def test_the_secret_goes_to_the_configured_host_only(
    creatio: ScriptedServer, postman: newman.Newman, tmp_path: Path
) -> None:
    with ScriptedServer() as other:
        script_identity(other)
        creatio.script("GET", "/.well-known/openid-configuration", discovery(other.url))
        result = ran(postman, tmp_path, unit(tmp_path, creatio))
        assert (result.failed, other.received) == ([], [])
    (request,) = creatio.requests("/connect/token")
    assert request.form["client_secret"] == SECRET


def test_redirects_show(creatio: ScriptedServer, postman: newman.Newman, tmp_path: Path) -> None:
    script_path(creatio, "odata4", Reply(302, headers={"Location": OAUTH_HEALTH}))
    result = ran(postman, tmp_path, unit(tmp_path, creatio))
    assert (result.red, result.request("odata4")["status"]) == ({"odata4"}, 302)


def test_cookies_are_not_sent_back(
    creatio: ScriptedServer, postman: newman.Newman, tmp_path: Path
) -> None:
    script_path(creatio, "odata4", Reply(headers={"Set-Cookie": "BPMSESSIONID=abc; path=/"}))
    ran(postman, tmp_path, unit(tmp_path, creatio))
    (later,) = creatio.requests(DATA_PATHS["webservice"])
    assert "cookie" not in later.headers


def test_a_scope_is_asked_for(
    creatio: ScriptedServer, postman: newman.Newman, tmp_path: Path
) -> None:
    client = {"id": "client-1", "secret": {"file": "secret"}, "scope": "Of_its_own"}
    ran(postman, tmp_path, unit(tmp_path, creatio, clients=[client]))
    assert creatio.requests("/connect/token")[0].form["scope"] == "Of_its_own"
    ran(postman, tmp_path, unit(tmp_path, creatio))
    assert "scope" not in creatio.requests("/connect/token")[1].form


# -- the files -------------------------------------------------------------------------------------


def test_the_collection_is_of_version_2_1(sandbox: Sandbox, tmp_path: Path) -> None:
    path, _ = exported(tmp_path, with_checks(sandbox.environment(), ORDERS))
    collection = json.loads(path.read_text("utf-8"))
    assert collection["info"]["schema"].endswith("/json/collection/v2.1.0/collection.json")
    assert collection["info"]["name"] == "opskit smoke: dev"
    for words in ("Import", "Pick the environment", "client_secret", "Run"):
        assert words in collection["info"]["description"]
    assert list(requests(collection)) == [
        *("discovery", "token"),
        *("runtime: /0/Login/NuiLogin.aspx", "runtime: /Login/Login.html"),
        *(*HEALTH, *PATHS, "orders"),
    ]
    for name, item in requests(collection).items():
        assert item["request"]["method"] in {"GET", "POST"}
        assert item["request"]["description"], name
        assert all({"key", "value"} <= set(header) for header in item["request"]["header"])
        assert item["protocolProfileBehavior"] == {
            "followRedirects": False,
            "disableCookies": True,
        }
        for event in item["event"]:
            assert event["listen"] in {"test", "prerequest"}
            assert event["script"]["type"] == "text/javascript"
            assert all(
                isinstance(line, str) and "\n" not in line for line in event["script"]["exec"]
            )


def test_the_conditions_can_be_read_in_the_request(sandbox: Sandbox, tmp_path: Path) -> None:
    path, _ = exported(tmp_path, with_checks(sandbox.environment(), ORDERS))
    orders = requests(json.loads(path.read_text("utf-8")))["orders"]
    assert script(orders).startswith(
        "expectStatus(200);\n"
        "expectJson();\n"
        'expectCondition("Result.State: wanted \\"ok\\"", ["Result", "State"], "is", "ok");\n'
    )
    assert "opskit authors" not in script(orders)


def test_the_environment_file_holds_addresses_and_no_secret(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    files = export_postman(
        [sandbox.environment("dev"), sandbox.environment("test")], tmp_path, None, force=False
    ).files
    assert [Path(one.variables).name for one in files] == [
        "dev.postman_environment.json",
        "test.postman_environment.json",
    ]
    values = {}
    for one in files:
        content = json.loads(Path(one.variables).read_text("utf-8"))
        assert content["name"] == f"Creatio {one.environment}"
        assert content["_postman_variable_scope"] == "environment"
        values[one.environment] = {v["key"]: (v["value"], v["type"]) for v in content["values"]}
    creatio = sandbox.environment("dev").creatio
    assert values["dev"]["api"] == (creatio, "default")
    assert values["test"]["api"] == ("", "default")
    assert values["test"]["runtime"] == ("auto", "default")
    for each in values.values():
        assert each["client_secret"] == each["access_token"] == ("", "secret")
    text = "".join(path.read_text("utf-8") for path in tmp_path.iterdir())
    assert not any(secret in text for secret in secrets_of(sandbox))


def test_environments_that_are_checked_alike_share_a_collection(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    dev, test, prod = (sandbox.environment(name) for name in ("dev", "test", "prod"))
    files = export_postman([dev, test, prod], tmp_path / "one", None, force=False).files
    assert {Path(one.collection).name for one in files} == {"opskit.postman_collection.json"}
    others = [with_checks(dev, ORDERS), test, prod]
    files = export_postman(others, tmp_path / "two", None, force=False).files
    assert [Path(one.collection).name for one in files] == [
        "opskit-dev.postman_collection.json",
        "opskit-test-prod.postman_collection.json",
        "opskit-test-prod.postman_collection.json",
    ]


def test_names_that_no_file_has(sandbox: Sandbox, tmp_path: Path) -> None:
    named = [msgspec.structs.replace(sandbox.environment(), name=name) for name in ("a/b", "a b")]
    files = export_postman(named, tmp_path, None, force=False).files
    assert len({one.variables for one in files}) == 2
    assert all(Path(one.variables).parent == tmp_path for one in files)


def test_what_is_skipped_is_left_out(sandbox: Sandbox, tmp_path: Path) -> None:
    settings = Smoke(skip=("odata3", "health.ping", "health.oauth"))
    where = msgspec.structs.replace(sandbox.environment(), smoke=settings)
    path, _ = exported(tmp_path, where)
    collection = json.loads(path.read_text("utf-8"))
    assert not {"odata3", *HEALTH} & set(requests(collection))
    assert [folder["name"] for folder in collection["item"]] == [
        *("Sign-in", "Where the API is", "Data paths"),
    ]


def test_nothing_is_written_over_unasked(sandbox: Sandbox, tmp_path: Path) -> None:
    where = sandbox.environment()
    mine = tmp_path / "dev.postman_environment.json"
    mine.write_text("mine")
    with pytest.raises(UsageError, match="Already there") as caught:
        export_postman([where], tmp_path, None, force=False)
    assert (caught.value.code, mine.read_text()) == ("file-exists", "mine")
    assert list(tmp_path.iterdir()) == [mine]
    export_postman([where], tmp_path, None, force=True)
    first = {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}
    export_postman([where], tmp_path, None, force=True)
    assert first == {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()}


def test_another_client_can_be_named(sandbox: Sandbox, tmp_path: Path) -> None:
    where = sandbox.environment()
    (files,) = export_postman([where], tmp_path, "Billing Export", force=False).files
    client = where.client("Billing Export")
    assert client is not None
    assert client.id in Path(files.variables).read_text("utf-8")
    with pytest.raises(ClientNotFound):
        export_postman([where], tmp_path / "other", "Nobody", force=False)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("key", ["identity", "creatio", "clients"])
def test_what_must_be_configured_is_named(sandbox: Sandbox, tmp_path: Path, key: str) -> None:
    lacking = () if key == "clients" else None
    where = msgspec.structs.replace(sandbox.environment("test"), **{key: lacking})
    with pytest.raises(ConfigError):
        export_postman([sandbox.environment(), where], tmp_path / "out", None, force=False)
    assert not (tmp_path / "out").exists()
