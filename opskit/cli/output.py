# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Results go to standard output, everything else to standard error."""

import contextlib
import os
import re

import click

from opskit.cli import COLOR
from opskit.errors import OpskitError, UsageError
from opskit.formats import FormatChoice
from opskit.results import Result
from opskit.secrets import printable, redact


def show(result: Result, output: FormatChoice) -> int:
    """Print ``result`` and return its exit code."""
    text = output.to_format().render(result)
    if text:
        _echo(text)
    for error in result.errors:
        if _traceback_wanted():
            show_traceback(error)
        if output is FormatChoice.TABLE:
            say_error(error)
    return result.exit_code


def _echo(text: str) -> None:
    try:
        click.echo(text)
    except BrokenPipeError:  # opskit … | head: what came of it still decides the exit code
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        raise UsageError(
            f"Standard output cannot be written: {error.strerror}.", code="output"
        ) from None


def say_error(error: OpskitError) -> None:
    """Print what happened and what to do now."""
    named = error.environment is None or error.environment in re.findall(r"[\w-]+", error.message)
    where = "" if named else f"{error.environment}: "
    _say(click.style("error: ", fg="red", bold=True), where + error.message)
    if error.remedy:
        _say(click.style("   do: ", dim=True), error.remedy)


def show_traceback(error: Exception) -> None:
    """Print where an error arose, and where those did that led to it."""
    import traceback

    click.echo(redact("".join(traceback.format_exception(error))), err=True)


def _traceback_wanted() -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().params.get("traceback"))


def say(text: str) -> None:
    """Print commentary."""
    _say("", text)


def _say(label: str, text: str) -> None:
    # What nobody can hear must not end a change, or decide its exit code.
    with contextlib.suppress(OSError):
        click.echo(label + printable(redact(text)), err=True, color=COLOR)
