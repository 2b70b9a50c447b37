# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit export``: what opskit does, in a form that runs without it."""

from collections.abc import Sequence
from pathlib import Path

import click

from opskit.cli.changes import author_options
from opskit.cli.options import config_option, environments_option, output_option, read_plan
from opskit.cli.output import say, show
from opskit.formats import FormatChoice
from opskit.results import Result


@click.group()
def export() -> None:
    """Take what opskit does to where it cannot go itself."""


@export.command("sql")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@environments_option
@click.option(
    "--out-dir",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where the scripts go; made if need be.  [default: the working folder]",
)
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
