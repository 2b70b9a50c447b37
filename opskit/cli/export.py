# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit export``: what opskit does, in a form that runs without it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from opskit.cli.changes import author_options
from opskit.cli.options import (
    client_option,
    config_option,
    environments_option,
    output_option,
    read_environments,
    read_plan,
)
from opskit.cli.output import say, show
from opskit.formats import FormatChoice
from opskit.results import Result

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def export() -> None:
    """Take what opskit does to where it cannot go itself."""


def _out_dir_option(what: str) -> Callable[[Command], Command]:
    return click.option(
        "--out-dir",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(),
        help=f"Where the {what} go; made if need be.  [default: the working folder]",
    )


@export.command("sql")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@environments_option
@_out_dir_option("scripts")
@author_options
@config_option
@output_option
def sql_command(
    plan: Path,
    patterns: Sequence[str],
    out_dir: Path,
    reason: str | None,
    actor: str | None,
    config: Path | None,
    output: FormatChoice,
) -> int:
    """Write PLAN, saved by `opskit plan --out`, as SQL scripts for a DBA: one per environment.

    Each is one guarded transaction with its journal rows, as opskit itself would make it.
    """
    from opskit.export.sql import export_scripts
    from opskit.journal import Author

    saved, environments = read_plan(config, plan, patterns)
    scripts = export_scripts(saved, environments, Author(actor, reason), out_dir)
    code = show(Result("export sql", scripts), output)
    if any(script.path for script in scripts.scripts):
        say("Each says in its head how to run it. Afterwards: opskit verify")
    return code


@export.command("postman")
@environments_option
@client_option
@_out_dir_option("files")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@config_option
@output_option
def postman_command(
    patterns: Sequence[str],
    client: str | None,
    out_dir: Path,
    force: bool,
    config: Path | None,
    output: FormatChoice,
) -> int:
    """Write what `opskit smoke` does as a Postman collection, with a file for each environment.

    Secrets are left empty, to be filled in where the requests are run.
    """
    from opskit.export.postman import export_postman

    environments = read_environments(config, patterns)
    written = export_postman(environments, out_dir, client, force=force)
    code = show(Result("export postman", written), output)
    say("Import both kinds of files in Postman, pick an environment, fill in client_secret, run.")
    return code
