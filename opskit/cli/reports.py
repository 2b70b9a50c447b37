# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Reports that a command writes beside what it prints: ``--report-…``, and GitHub Actions."""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from opskit.cli import as_opskit_error
from opskit.cli.options import Command
from opskit.cli.output import say, say_error
from opskit.errors import Interrupted, OpskitError, UsageError, internal_error
from opskit.files import write_whole
from opskit.formats import ReportChoice, Run
from opskit.results import Result

FILES = (ReportChoice.JUNIT, ReportChoice.JSON, ReportChoice.HTML)

_HELP: Mapping[ReportChoice, str] = {
    ReportChoice.JUNIT: "Also write a JUnit XML file, for a build server.",
    ReportChoice.JSON: "Also write what -o json prints.",
    ReportChoice.HTML: "Also write a page for people, one file that needs nothing else.",
    ReportChoice.PROMETHEUS: "Also write metrics, for node exporter's textfile collector.",
}
_WRITTEN = "opskit.reports.written"  # in click's context


@dataclass(frozen=True, slots=True)
class Reports:
    """Which reports were asked for.

    Attributes:
        paths: where each goes.
        began: when the command began, in UTC.
    """

    paths: Mapping[ReportChoice, Path]
    began: datetime

    def write(self, result: Result) -> Result:
        """Write all reports of ``result``, each as a whole or not at all.

        Returns:
            The result, with an error for each report that could not be written: it is not lost
            with them.
        """
        click.get_current_context().meta[_WRITTEN] = True
        run = Run(self.began, max(0.0, (datetime.now(UTC) - self.began).total_seconds()))
        errors: list[OpskitError] = []
        try:
            for choice, path in self.paths.items():
                if (error := _written(choice, path, result, run)) is not None:
                    errors.append(error)
            if os.environ.get("GITHUB_ACTIONS") == "true":
                _tell_github(result, run)
        except KeyboardInterrupt:
            errors.append(Interrupted("Interrupted while the reports were written."))
        return replace(result, errors=[*result.errors, *errors])


def report_options(*choices: ReportChoice) -> Callable[[Command], Command]:
    """Add ``--report-…`` for ``choices``; the command gets ``reports``.

    When the command ends by an error before it could write them, they are written with that.
    """

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def with_reports(**arguments: Any) -> Any:
            given = {choice: arguments.pop(f"report_{choice}") for choice in choices}
            paths = {choice: path for choice, path in given.items() if path is not None}
            _check_different(paths)
            reports = Reports(paths, datetime.now(UTC))
            try:
                return command(reports=reports, **arguments)
            except (Exception, KeyboardInterrupt) as error:
                _write_failure(reports, error)
                raise

        wrapped: Callable[..., Any] = with_reports
        for choice in reversed(choices):
            wrapped = _option(choice)(wrapped)
        return wrapped  # type: ignore[return-value]

    return decorate


def _option(choice: ReportChoice) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        f"--report-{choice}",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help=_HELP[choice],
    )


def _check_different(paths: Mapping[ReportChoice, Path]) -> None:
    taken: dict[str, ReportChoice] = {}
    for choice, path in paths.items():
        other = taken.setdefault(os.path.realpath(path), choice)
        if other is not choice:
            raise UsageError(
                f"--report-{other} and --report-{choice} name the same file, {path}.",
                remedy="Give each report a file of its own.",
            )


def _write_failure(reports: Reports, error: BaseException) -> None:
    """Write what is known when the command ended without a result."""
    context = click.get_current_context()
    if context.meta.get(_WRITTEN):
        return
    told: OpskitError = Interrupted("Interrupted.")
    if isinstance(error, Exception):
        told = as_opskit_error(error)
    name = context.command_path.partition(" ")[2]
    for problem in reports.write(Result(name, None, [told])).errors[1:]:
        say_error(problem)


def _written(choice: ReportChoice, path: Path, result: Result, run: Run) -> OpskitError | None:
    try:
        text = choice.to_format(run).render(result)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{text}\n")
    except OSError as error:
        return UsageError(
            f"The report {path} cannot be written: {error.strerror}.",
            remedy="Name another file, or check the folder, its permissions and its free space.",
            code="report-file",
        )
    except Exception as error:  # noqa: BLE001 (a report must not take the result with it)
        return internal_error(error)
    return None


def _tell_github(result: Result, run: Run) -> None:
    """Say to GitHub Actions what failed; nobody asked for it, so it may not fail the command."""
    from opskit.formats.github import SUMMARY_LIMIT, GitHubAnnotations, GitHubSummary

    annotations = GitHubAnnotations().render(result)
    if annotations:
        click.echo(annotations, err=True)  # not to standard output, which may be JSON
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if not summary:
        return
    try:
        with Path(summary).open("a", encoding="utf-8", newline="\n") as file:
            file.write(GitHubSummary(run, SUMMARY_LIMIT - file.tell()).render(result))
    except OSError as error:
        say(f"The step's summary cannot be written to {summary}: {error.strerror}.")
