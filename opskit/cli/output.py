# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Results go to standard output, everything else to standard error."""

import re

import click

from opskit.cli import COLOR
from opskit.errors import OpskitError
from opskit.formats import FormatChoice
from opskit.results import Result
from opskit.secrets import redact


def show(result: Result, output: FormatChoice) -> int:
    """Print ``result`` and return its exit code."""
    text = output.to_format().render(result)
    if text:
        click.echo(text)
    if output is FormatChoice.TABLE:
        for error in result.errors:
            say_error(error)
    return result.exit_code


def say_error(error: OpskitError) -> None:
    """Print what happened and what to do now."""
    named = error.environment is None or error.environment in re.findall(r"[\w-]+", error.message)
    where = "" if named else f"{error.environment}: "
    label = click.style("error: ", fg="red", bold=True)
    click.echo(label + redact(where + error.message), err=True, color=COLOR)
    if error.remedy:
        click.echo(click.style("   do: ", dim=True) + redact(error.remedy), err=True, color=COLOR)


def say(text: str) -> None:
    """Print commentary."""
    click.echo(redact(text), err=True)
