# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics: as Prometheus' own parser reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from opskit.formats import ReportChoice
from opskit.formats.overview import clean
from opskit.formats.prometheus import METRICS
from opskit.models import Report
from opskit.results import Result
from opskit.secrets import Secret
from tests.formats.samples import HOSTILE, LATENCY, RESULTS, RUN, checks_gone_wrong, named

Samples = dict[str, dict[tuple[str, ...], float]]


def rendered(result: Result) -> Samples:
    """Return the samples by name and by the values of their labels, without the command."""
    text = ReportChoice.PROMETHEUS.to_format(RUN).render(result) + "\n"
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert (family.type, family.documentation) == ("gauge", METRICS[family.name])
        for sample in family.samples:
            command, *labels = sample.labels.values()
            assert command == result.command
            values = found.setdefault(sample.name, {})
            assert tuple(labels) not in values, "node exporter refuses the whole file"
            values[tuple(labels)] = sample.value
    return found


def test_a_run_that_went_well() -> None:
    samples = rendered(RESULTS["well"])
    assert samples["opskit_run_success"] == {(): 1}
    assert samples["opskit_run_exit_code"] == {(): 0}
    assert samples["opskit_run_duration_seconds"] == {(): 2.345}
    assert samples["opskit_last_run_timestamp_seconds"] == {(): RUN.began.timestamp()}
    assert samples["opskit_environment_up"] == {("dev",): 1}
    success = samples["opskit_check_success"]
    # Neither good nor bad: what was skipped, and what is not there to be checked.
    assert success == {("dev", "token"): 1, ("dev", "odata4"): 1, ("dev", "dataservice"): 1}
    warned = [labels for labels, value in samples["opskit_check_warning"].items() if value]
    assert warned == [("dev", "dataservice")]


def test_failed_checks_and_times() -> None:
    samples = rendered(Result("smoke", Report([checks_gone_wrong()])))
    assert samples["opskit_run_success"] == {(): 0}
    assert samples["opskit_environment_up"] == {("prod",): 1}
    assert samples["opskit_check_success"]["prod", "odata4"] == 0
    assert samples["opskit_check_duration_seconds"]["prod", "odata4"] == 0.006
    latency = samples["opskit_check_latency_seconds"]
    assert {labels[2]: value for labels, value in latency.items()} == {
        "0": LATENCY.least,
        "0.5": LATENCY.p50,
        "0.9": LATENCY.p90,
        "0.99": LATENCY.p99,
        "1": LATENCY.most,
    }
    assert samples["opskit_check_latency_runs"] == {("prod", "token"): 20}


def test_an_environment_that_could_not_be_reached() -> None:
    samples = rendered(RESULTS["unreached"])
    assert samples["opskit_environment_up"] == {("dev",): 1, ("gone",): 0}


def test_a_run_without_a_result_is_told_too() -> None:
    samples = rendered(RESULTS["no config"])
    assert samples["opskit_run_exit_code"] == {(): 2}
    assert set(samples) == {
        "opskit_run_success",
        "opskit_run_exit_code",
        "opskit_run_duration_seconds",
        "opskit_last_run_timestamp_seconds",
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names(text: str) -> None:
    assert rendered(named(text)[0])["opskit_check_success"] == {(clean(text), "odata4"): 0}


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_any_name(text: str) -> None:
    assert rendered(named(text)[0])["opskit_check_success"] == {(clean(text), "odata4"): 0}


def test_no_secret_comes_through() -> None:
    secret = Secret("a-secret-for-prometheus").reveal()
    for result in named(f"It said {secret}."):
        assert secret not in ReportChoice.PROMETHEUS.to_format(RUN).render(result)
