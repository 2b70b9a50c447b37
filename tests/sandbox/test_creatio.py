# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The data paths, the sign-in and the pages of both runtimes."""

import base64
import time

import httpx
import pytest

from tests.sandbox.conftest import NAMES, SELECT_NAME, Rehearsal

OUR_COMPANY = "e308b781-3c5b-4ecb-89ef-5c1ed4da488e"
REJECTED = {
    "Message": "Authentication failed.",
    "StackTrace": None,
    "ExceptionType": "System.InvalidOperationException",
}


@pytest.fixture(params=NAMES)
def each(request: pytest.FixtureRequest, rehearsals: dict[str, Rehearsal]) -> Rehearsal:
    return rehearsals[request.param]


def test_odata4(each: Rehearsal) -> None:
    body = each.odata4().json()
    assert body["@odata.context"] == f"{each.api}/odata/$metadata#Account"
    ids = {row["Name"]: row["Id"] for row in body["value"]}
    assert ids["Our company"] == OUR_COMPANY
    assert ids["Accom (sample)"] == "405947d0-2ffb-4ded-8675-0475f19f5a81"


def test_odata3(each: Rehearsal) -> None:
    answer = each.odata3(select="Name", filter="Name eq 'Our company'")
    uri = f"{each.api}/ServiceModel/EntityDataService.svc/AccountCollection(guid'{OUR_COMPANY}')"
    assert answer.json() == {
        "d": {
            "results": [
                {
                    "__metadata": {
                        "id": uri,
                        "uri": uri,
                        "type": "Terrasoft.Configuration.Account",
                    },
                    "Name": "Our company",
                }
            ]
        }
    }


def test_dataservice(each: Rehearsal) -> None:
    body = each.select({**SELECT_NAME, "rowCount": 2}).json()
    assert body["success"] is True
    assert body["rowsAffected"] == len(body["rows"]) == 2
    assert set(body["rows"][0]) == {"Name", "Id"}
    assert body["notFoundColumns"] == []
    assert body["nextPrceElReady"] is False
    assert body["rowConfig"] == {"Name": {"dataValueType": 1}, "Id": {"dataValueType": 0}}


def test_web_service_value_depends_on_the_instance(rehearsals: dict[str, Rehearsal]) -> None:
    values = {
        name: rehearsals[name].converted_password().json()["GetConvertedPasswordValueResult"]
        for name in NAMES
    }
    again = rehearsals["dev"].converted_password().json()["GetConvertedPasswordValueResult"]
    assert len(set(values.values())) == len(NAMES)
    assert again == values["dev"]
    assert len(base64.b64decode(again)) == 16


def test_options_of_odata(dev: Rehearsal) -> None:
    assert len(dev.odata4(top="1").json()["value"]) == 1
    assert dev.odata4(top="0").json()["value"] == []
    selected = dev.odata4(select="Name,Code", filter="Name eq 'O''Hara & Sons (sample)'").json()
    assert selected["value"] == [{"Name": "O'Hara & Sons (sample)", "Code": "A-31"}]
    by_id = dev.odata4(select="Name", filter=f"Id eq {OUR_COMPANY}").json()
    assert by_id["value"] == [{"Name": "Our company"}]
    guid = dev.odata3(select="CreatedOn", filter=f"Id eq guid'{OUR_COMPANY}'").json()
    assert guid["d"]["results"][0]["CreatedOn"] == "/Date(1285160093000)/"


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"select": "Nmae"}, "Could not find a property named 'Nmae'"),
        ({"filter": "Nmae eq 'x'"}, "Could not find a property named 'Nmae'"),
        ({"filter": "startswith(Name,'A')"}, "not supported"),
        ({"top": "many"}, "Invalid value 'many'"),
    ],
)
def test_bad_options_of_odata(dev: Rehearsal, query: dict[str, str], text: str) -> None:
    four, three = dev.odata4(None, **query), dev.odata3(None, **query)
    assert four.status_code == three.status_code == 400
    assert text in four.json()["error"]["message"]
    assert text in three.json()["error"]["message"]["value"]


def test_objects_that_are_not_exposed(dev: Rehearsal) -> None:
    answer = dev.http.get(f"{dev.api}/odata/Nothing", headers=dev.bearer())
    assert answer.status_code == 404
    assert answer.json()["Message"].startswith("No HTTP resource was found")
    assert "controller named 'Nothing'" in answer.json()["MessageDetail"]
    failed = dev.select({**SELECT_NAME, "RootSchemaName": "Nothing"})
    assert failed.status_code == 200
    assert failed.json()["success"] is False
    assert "Nothing" in failed.json()["errorInfo"]["message"]


def test_odata3_without_json_is_an_atom_feed(dev: Rehearsal) -> None:
    answer = dev.http.get(
        f"{dev.api}/ServiceModel/EntityDataService.svc/AccountCollection", headers=dev.bearer()
    )
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert "O'Hara &amp; Sons (sample)" in answer.text


def test_filters_and_columns_of_the_dataservice(dev: Rehearsal) -> None:
    name = {
        "filterType": 1,
        "comparisonType": 3,
        "leftExpression": {"expressionType": 0, "columnPath": "Name"},
        "rightExpression": {
            "expressionType": 2,
            "parameter": {"dataValueType": 1, "value": "Our company"},
        },
    }
    filtered = dev.select({**SELECT_NAME, "filters": {"items": {"byName": name}}}).json()
    assert filtered["rows"] == [{"Name": "Our company", "Id": OUR_COMPANY}]
    unknown = {"items": {"X": {"expression": {"columnPath": "Nmae"}}}}
    assert dev.select({**SELECT_NAME, "columns": unknown}).json()["notFoundColumns"] == ["Nmae"]
    everything = dev.select({"RootSchemaName": "Account", "AllColumns": True, "rowCount": 1})
    assert "EmployeesNumber" in everything.json()["rows"][0]
    filters = {"items": {"greater": {**name, "comparisonType": 7}}}
    greater = dev.select({**SELECT_NAME, "filters": filters})
    assert greater.json()["success"] is False
    assert dev.select(["not", "a", "query"]).json()["success"] is False


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer rubbish", "Bearer a.b.c", "Basic YTpi"])
def test_a_missing_or_invalid_token(each: Rehearsal, header: str) -> None:
    headers = {"Authorization": header} if header else {"X-None": ""}
    answer = each.odata4(headers)
    assert (answer.status_code, answer.json()) == (401, REJECTED)


def test_a_token_of_another_environment(rehearsals: dict[str, Rehearsal]) -> None:
    assert rehearsals["dev"].odata4(rehearsals["prod"].bearer()).status_code == 401


def test_a_token_is_still_accepted_just_after_its_expiry(dev: Rehearsal) -> None:
    dev.set_lifetime(1)
    headers = dev.bearer()
    time.sleep(1.1)
    assert dev.odata4(headers).status_code == 200


def test_the_wrong_prefix_redirects_to_the_login_page(rehearsals: dict[str, Rehearsal]) -> None:
    for name, prefix, location in (
        ("dev", "/0", "/Login/Login.html?ReturnUrl=%2F0%2Fodata%2FAccount%3F%24top%3D1"),
        ("test", "", "/Login/NuiLogin.aspx?ReturnUrl=%2Fodata%2FAccount%3F%24top%3D1"),
    ):
        environment = rehearsals[name]
        url = f"{environment.settings['creatio']}{prefix}/odata/Account?$top=1"
        answer = environment.http.get(url, headers=environment.bearer())
        assert answer.status_code == 302
        assert answer.headers["location"] == location
        page = environment.http.get(httpx.URL(url).join(answer.headers["location"]))
        assert page.status_code == 200
        assert 'data-loadbootstrap="bootstrap.login"' in page.text


def test_login_pages_tell_the_runtime_and_pings_do_not(rehearsals: dict[str, Rehearsal]) -> None:
    for name, found in (("dev", (302, 200)), ("test", (200, 302)), ("prod", (302, 200))):
        environment = rehearsals[name]
        base = environment.settings["creatio"]
        pages = ("/0/Login/NuiLogin.aspx", "/Login/Login.html")
        assert tuple(environment.http.get(base + page).status_code for page in pages) == found
        for prefix in ("", "/0"):
            assert environment.http.get(f"{base}{prefix}/api/HealthCheck/Ping").status_code == 200


def test_services_that_are_not_there(dev: Rehearsal) -> None:
    answer = dev.http.get(f"{dev.api}/ServiceModel/Other.svc/x")
    assert (answer.status_code, answer.content) == (404, b"")


def test_oauth_health(each: Rehearsal) -> None:
    answer = each.http.get(f"{each.api}/api/OAuthHealthCheck")
    assert (answer.status_code, answer.json()["HasProblem"]) == (200, False)
