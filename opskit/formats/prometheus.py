# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics in Prometheus' text format, for node exporter's textfile collector."""

from collections.abc import Iterator, Mapping

from opskit.errors import EXIT_UNREACHABLE
from opskit.formats import Run
from opskit.formats.overview import Suite, clean, suites
from opskit.models import Check, Status
from opskit.results import Result

# Name → help text, in the order in which they are written; all of them are gauges.
METRICS: Mapping[str, str] = {
    "opskit_run_success": "Whether the last run ended with exit code 0.",
    "opskit_run_exit_code": "The exit code of the last run.",
    "opskit_run_duration_seconds": "How long the last run took.",
    "opskit_last_run_timestamp_seconds": "When the last run began, as Unix time.",
    "opskit_environment_up": "Whether it could be checked, and everything in it answered.",
    "opskit_check_success": "Whether the check passed, with a warning or without.",
    "opskit_check_warning": "Whether the check passed with a warning.",
    "opskit_check_duration_seconds": "How long the request behind the check took.",
    "opskit_check_latency_seconds": "The same over several runs; quantile 0 is the shortest.",
    "opskit_check_latency_runs": "Over how many runs.",
}

Labels = tuple[tuple[str, str], ...]


class PrometheusFormat:
    """Format for monitoring.

    Args:
        run: when the command ran.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def render(self, result: Result) -> str:
        """Return the metrics of one run."""
        # One bad pair of equal labels would make the collector drop the whole file.
        samples: dict[str, dict[Labels, float]] = {}
        for name, labels, value in [*self._run_samples(result), *_samples(result)]:
            samples.setdefault(name, {}).setdefault(labels, value)
        lines = []
        for name in METRICS:
            if name in samples:
                lines += [f"# HELP {name} {METRICS[name]}", f"# TYPE {name} gauge"]
                lines += [f"{name}{_written(of)} {value!r}" for of, value in samples[name].items()]
        return "\n".join(lines)

    def _run_samples(self, result: Result) -> Iterator[tuple[str, Labels, float]]:
        labels: Labels = (("command", result.command),)
        yield "opskit_run_success", labels, int(result.ok)
        yield "opskit_run_exit_code", labels, result.exit_code
        yield "opskit_run_duration_seconds", labels, round(self._run.took, 3)
        yield "opskit_last_run_timestamp_seconds", labels, self._run.began.timestamp()


def _samples(result: Result) -> Iterator[tuple[str, Labels, float]]:
    for environment, up in _environments(result).items():
        labels = (("command", result.command), ("environment", environment))
        yield "opskit_environment_up", labels, int(up)
    for suite in suites(result):
        for check in suite.checks:
            yield from _check_samples(suite, check)


def _check_samples(suite: Suite, check: Check) -> Iterator[tuple[str, Labels, float]]:
    if check.status in {Status.SKIPPED, Status.UNSUPPORTED}:
        return
    labels: Labels = (
        ("command", suite.kind),
        ("environment", suite.environment),
        ("check", check.id),
    )
    yield "opskit_check_success", labels, int(check.status is not Status.FAIL)
    yield "opskit_check_warning", labels, int(check.status is Status.WARN)
    if check.elapsed is not None:
        yield "opskit_check_duration_seconds", labels, round(check.elapsed, 6)
    if check.latency is not None:
        yield "opskit_check_latency_runs", labels, check.latency.runs
        for quantile, part in _QUANTILES.items():
            seconds = round(getattr(check.latency, part), 6)
            yield "opskit_check_latency_seconds", (*labels, ("quantile", quantile)), seconds


_QUANTILES = {"0": "least", "0.5": "p50", "0.9": "p90", "0.99": "p99", "1": "most"}


def _environments(result: Result) -> dict[str, bool]:
    """Return for each environment whether all that was asked there answered."""
    up: dict[str, bool] = {}
    for suite in suites(result):
        gone = (check.finding for check in suite.checks if check.status is Status.FAIL)
        up[suite.environment] = not any(finding and finding.unreachable for finding in gone)
    for error in result.errors:
        if error.environment is not None:
            answered = up.get(error.environment, False)
            up[error.environment] = answered and error.exit_code != EXIT_UNREACHABLE
    return up


def _written(labels: Labels) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}"


def _escaped(value: str) -> str:
    return clean(value).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
