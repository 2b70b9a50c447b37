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
from opskit.cli.output import say, show
from opskit.cli.progress import shown_progress
from opskit.errors import UsageError
from opskit.formats import FormatChoice
from opskit.lifetime import ChangeOptions
from opskit.models import ChangeSets
from opskit.results import Result
from opskit.revert import revert as revert_change_set
from opskit.revert import revert_plan


@click.command()
@click.argument("change_set", required=False)
@click.option("--plan", metavar="HASH", help="Undo all that this plan changed, everywhere.")
@environments_option
@click.option("--force", is_flag=True, help="Put the old lifetimes back over later changes.")
@click.option("--dry-run", is_flag=True, help="Take the same path, then roll back.")
@change_options
@config_option
@output_option
def revert(
    change_set: str | None,
    plan: str | None,
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
    too: proved, journalled, and to be reverted like any other. With --plan instead, the change
    sets of one plan are undone in all environments, the newest first.
    """
    if (change_set is None) == (plan is None):
        raise UsageError(
            "Name either a change set or, with --plan, the hash of a plan.",
            remedy="See both with: opskit history",
        )
    environments = read_environments(config, patterns)
    options = replace(options, dry_run=dry_run)
    with shown_progress() as display:
        confirm = confirm_anything if yes else display.suspended(confirm_at_terminal)
        if plan is not None:
            done, errors = revert_plan(
                environments, plan, options, force=force, confirm=confirm, progress=display
            )
            if not done.change_sets and not errors:
                say("Nothing to undo: what this plan changed was put back already.")
        else:
            one = revert_change_set(
                *(environments, change_set or "", options),
                force=force,
                confirm=confirm,
                progress=display,
            )
            done, errors = ChangeSets([one]), []
    return show(Result("revert", done, errors), output)
