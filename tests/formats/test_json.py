# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The JSON format: one document with the envelope that docs/json.md promises."""

import json
from dataclasses import fields
from typing import Any

import pytest

from opskit import __version__
from opskit.checks import failed, passed
from opskit.errors import ConfigError, Interrupted, LoginRefused, OpskitError
from opskit.explain import finding
from opskit.formats import FormatChoice
from opskit.models import (
    Change,
    ChangeSet,
    ChangeSets,
    Client,
    EnvironmentClients,
    EnvironmentReport,
    Finding,
    Lifetimes,
    Outcome,
    Report,
)
from opskit.results import Result
from opskit.secrets import Secret


def rendered(data: object = None, *errors: OpskitError) -> Any:
    text = FormatChoice.JSON.to_format().render(Result("some command", data, errors))
    return json.loads(text)


def test_the_envelope() -> None:
    document = rendered()
    assert list(document) == ["opskit", "command", "ok", "data", "errors"]
    assert document == {
        "opskit": __version__,
        "command": "some command",
        "ok": True,
        "data": None,
        "errors": [],
    }


def test_errors() -> None:
    errors = (
        LoginRefused("It says no.", remedy="Ask again.", environment="dev"),
        ConfigError("Which file?", code="config-missing"),
    )
    document = rendered(Lifetimes([], []), *errors)
    assert document["ok"] is False
    assert document["data"] == {"environments": [], "drift": []}
    first, second = document["errors"]
    assert first == {
        "code": "login-refused",
        "environment": "dev",
        "message": "It says no.",
        "remedy": "Ask again.",
    }
    assert second["code"] == "config-missing"
    assert second["environment"] is None
    assert second["remedy"] == ""


def test_an_interrupt_is_not_ok() -> None:
    assert rendered(None, Interrupted("Stopped."))["ok"] is False


def test_a_failed_check_is_data_and_not_ok() -> None:
    check = failed("odata4", finding("web-page", "200 with a page"), 0.25)
    document = rendered(Report([EnvironmentReport("dev", [check])]))
    assert document["ok"] is False
    assert document["errors"] == []
    (shown,) = document["data"]["environments"][0]["checks"]
    assert list(shown) == ["id", "status", "summary", "finding", "elapsed", "latency"]
    assert (shown["status"], shown["elapsed"]) == ("fail", 0.25)
    assert list(shown["finding"]) == [field.name for field in fields(Finding)]
    assert shown["finding"]["symptom"] == "200 with a page"


def test_a_passed_check() -> None:
    document = rendered(Report([EnvironmentReport("dev", [passed("token.type", "Bearer")])]))
    assert document["ok"] is True
    (shown,) = document["data"]["environments"][0]["checks"]
    assert shown["finding"] is None
    assert shown["elapsed"] is None


@pytest.mark.parametrize("outcome", Outcome)
def test_change_sets(outcome: Outcome) -> None:
    change = Change("0123", "Überweisung 日本", 3600, 1800)
    data = ChangeSets([ChangeSet("dev", outcome, [change], warnings=["short"])])
    (shown,) = rendered(data)["data"]["change_sets"]
    assert shown == {
        "environment": "dev",
        "outcome": outcome.value,
        "changes": [
            {"client_id": "0123", "name": "Überweisung 日本", "old": 3600, "new": 1800},
        ],
        "checks": [],
        "warnings": ["short"],
        "id": None,
        "reverts": None,
    }


def test_what_is_not_known_is_null() -> None:
    data = Lifetimes([EnvironmentClients("dev", [Client("0123", None, 3600, None)], ["0123"])], [])
    (shown,) = rendered(data)["data"]["environments"]
    assert shown["clients"][0] == {
        "client_id": "0123",
        "name": None,
        "lifetime": 3600,
        "enabled": None,
    }
    assert shown["outside_policy"] == ["0123"]


def test_secrets_are_hidden_in_messages_and_remedies() -> None:
    secret = Secret("a-secret-for-the-json-tests").reveal()
    error = OpskitError(f"It answered {secret}.", remedy=f"Do not tell {secret}.")
    assert secret not in json.dumps(rendered(None, error))
