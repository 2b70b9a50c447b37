# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit revert``: undo a change set."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from opskit.cli.changes import change_options, confirm_anything, confirm_at_terminal
from opskit.cli.options import (
    config_option,
    environments_option,
    output_option,
    read_environments,
)
from opskit.cli.output import show
from opskit.cli.progress import shown_progress
from opskit.formats import FormatChoice
from opskit.lifetime import ChangeOptions
from opskit.models import ChangeSets
from opskit.results import Result
from opskit.revert import revert as revert_change_set


@click.command()
@click.argument("change_set")
@environments_option
@click.option("--force", is_flag=True, help="Put the old lifetimes back over later changes.")
@click.option("--dry-run", is_flag=True, help="Take the same path, then roll back.")
@change_options
@config_option
@output_option
def revert(
    change_set: str,
    patterns: Sequence[str],
    force: bool,
    dry_run: bool,
    yes: bool,
    options: ChangeOptions,
    config: Path | None,
    output: FormatChoice,
) -> int:
    """Put back the lifetimes that CHANGE_SET replaced, where its own still stand.

    CHANGE_SET is an id from `opskit history`; its beginning is enough. The undo is a change set
    too: proved, journalled, and to be reverted like any other.
    """
    environments = read_environments(config, patterns)
    with shown_progress() as display:
        done = revert_change_set(
            environments,
            change_set,
            replace(options, dry_run=dry_run),
            force=force,
            confirm=confirm_anything if yes else display.suspended(confirm_at_terminal),
            progress=display,
        )
    return show(Result("revert", ChangeSets([done])), output)
