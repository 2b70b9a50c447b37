# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""JUnit: valid, true to the exit code, and whole whatever a client is called."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from opskit.formats import ReportChoice
from opskit.models import Report
from opskit.results import Result
from opskit.secrets import Secret
from tests.formats.samples import (
    HOSTILE,
    RESULTS,
    RUN,
    WAITED,
    checks_gone_well,
    checks_gone_wrong,
    named,
    waited_for,
)

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))


def rendered(result: Result) -> ET.Element:
    text = ReportChoice.JUNIT.to_format(RUN).render(result)
    SCHEMA.validate(text)
    return ET.fromstring(text)


def case(root: ET.Element, name: str) -> ET.Element:
    (found,) = [one for one in root.iter("testcase") if one.get("name") == name]
    return found


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS.keys())
def test_something_failed_exactly_when_the_exit_code_says_so(result: Result) -> None:
    root = rendered(result)
    bad = [*root.iter("failure"), *root.iter("error")]
    assert bool(bad) is (result.exit_code != 0)


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS.keys())
def test_the_counts_are_right(result: Result) -> None:
    root = rendered(result)
    for element in (root, *root.iter("testsuite")):
        for count, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(element.get(count, "")) == len(list(element.iter(tag)))
    for suite in root.iter("testsuite"):
        assert int(suite.get("skipped", "")) == len(list(suite.iter("skipped")))
        times = [float(one.get("time", "")) for one in suite.iter("testcase")]
        assert float(suite.get("time", "")) == pytest.approx(sum(times), abs=0.001)


def test_checks() -> None:
    root = rendered(Result("smoke", Report([checks_gone_well(), checks_gone_wrong()])))
    assert [suite.get("name") for suite in root] == ["dev", "prod"]
    assert root[0].get("timestamp") == "2026-11-24T08:15:02+00:00"
    broken = root[1][1]
    assert (broken.get("classname"), broken.get("name")) == ("opskit.smoke.prod", "odata4")
    (failure,) = broken
    assert (failure.get("type"), failure.get("message")) == (
        "login-redirect",
        "302 to the login page",
    )
    for words in (
        "saw  The system setting",
        "\nwhy  ",
        "\ndo   ",
        "docs/findings.md#login-redirect",
    ):
        assert words in (failure.text or "")
    absent = root[0][2].find("skipped")
    assert absent is not None
    assert absent.get("message") == "unsupported: absent on this runtime"
    assert (root[0][3].findtext("system-out") or "").startswith(
        "warning: Routes are reloaded.\nwhy"
    )
    assert "20 runs: least 40 ms, p50 50 ms" in (root[1][0].findtext("system-out") or "")


def test_how_long_it_was_waited_for() -> None:
    root = rendered(Result("smoke", Report([checks_gone_well(), waited_for("prod")])))
    dev, prod = root
    assert dev.find("system-out") is None
    assert prod.findtext("system-out") == f"smoke: {WAITED}"


def test_errors() -> None:
    root = rendered(RESULTS["unreached"])
    error = case(root, "login-refused").find("error")
    assert error is not None
    assert (error.get("message"), error.text) == (
        "Wrong password.",
        "Wrong password.\ndo   Set the right one.",
    )
    (suite,) = rendered(RESULTS["no config"])
    assert (suite.get("name"), suite[0].get("classname")) == ("opskit", "opskit.smoke.opskit")


def test_a_pending_change_fails_only_where_it_decides_the_exit_code() -> None:
    relaxed, strict = (
        case(rendered(RESULTS[name]), "Data Mart Sync (C1)") for name in ("plan", "pending plan")
    )
    assert relaxed.find("failure") is None
    assert relaxed.findtext("system-out") == "3600 s → 1800 s"
    failure = strict.find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("pending", "pending: 3600 s → 1800 s")


def test_a_plan() -> None:
    root = rendered(RESULTS["plan"])
    assert case(root, "read").findtext("system-out") == "wave 1\nunmanaged: Legacy, Old App"
    assert case(root, "Ghost*").find("skipped") is not None
    refused = rendered(RESULTS["refused plan"])
    assert not list(refused.iter("error"))  # the client's own case says it
    failure = case(refused, "Data Mart Sync (C5)").find("failure")
    assert failure is not None
    assert failure.get("type") == "policy"


def test_what_was_applied() -> None:
    root = rendered(RESULTS["applied"])
    assert [suite.get("name") for suite in root] == ["dev", "test", "prod"]
    test = [(one.get("classname"), one.get("name")) for one in root[1]]
    assert test == [
        ("opskit.apply.test", "change set"),
        ("opskit.revert.test", "change set"),
        ("opskit.apply.test", "lifetime.read_back"),
        ("opskit.apply.test", "lifetime.fresh_token"),
        ("opskit.apply.test", "lifetime.fresh_token 2"),
        ("opskit.revert.test", "lifetime.read_back"),
    ]
    assert root[0][3].get("classname") == "opskit.smoke.dev"
    assert case(root, "not started").find("skipped") is not None


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names(text: str) -> None:
    for result in named(text):
        rendered(result)


@given(st.text(min_size=1, max_size=40))
def test_any_name(text: str) -> None:
    for result in named(text):
        rendered(result)


def test_no_secret_comes_through() -> None:
    secret = Secret("a-secret-for-junit").reveal()
    for result in named(f"It said {secret}."):
        assert secret not in ReportChoice.JUNIT.to_format(RUN).render(result)
