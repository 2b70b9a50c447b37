# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit lifetime``: see and change how long tokens live."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from opskit.cli.changes import change_options, confirm, confirm_anything, require_terminal
from opskit.cli.options import (
    DURATION,
    config_option,
    environments_option,
    output_option,
    read_environments,
    written_environments,
    written_environments_option,
)
from opskit.cli.output import show
from opskit.cli.progress import shown_progress
from opskit.formats import FormatChoice
from opskit.lifetime import ChangeOptions, Wish, set_lifetimes
from opskit.listing import list_lifetimes
from opskit.results import Result


@click.group()
def lifetime() -> None:
    """See and change how long clients' tokens live."""


@lifetime.command("list")
@click.argument("client", required=False)
@environments_option
@config_option
@output_option
def list_command(
    client: str | None, patterns: Sequence[str], config: Path | None, output: FormatChoice
) -> int:
    """Show the lifetime of every client, or of CLIENT, in every environment.

    CLIENT is a ClientId, or a ClientName or glob. With one environment the ClientIds are shown.
    """
    lifetimes, errors = list_lifetimes(read_environments(config, patterns), client)
    return show(Result("lifetime list", lifetimes, errors), output)


@lifetime.command("set")
@click.argument("client")
@click.argument("duration", type=DURATION)
@written_environments_option
@click.option("--dry-run", is_flag=True, help="Take the same path, then roll back.")
@click.option("--expect", type=DURATION, metavar="OLD", help="Only if the lifetime is OLD now.")
@click.option("--all-matches", is_flag=True, help="Change every client that CLIENT matches.")
@click.option("--override-policy", is_flag=True, help="Accept a lifetime outside the policy.")
@change_options
@config_option
@output_option
def set_command(
    client: str,
    duration: int,
    patterns: Sequence[str],
    all_envs: bool,
    dry_run: bool,
    expect: int | None,
    all_matches: bool,
    override_policy: bool,
    yes: bool,
    options: ChangeOptions,
    config: Path | None,
    output: FormatChoice,
) -> int:
    """Change the lifetime of CLIENT to DURATION, and prove it by a fresh token.

    CLIENT is a ClientId, or a ClientName or glob. DURATION is 1800, 90s, 30m, 2h, 1d or 1h30m.
    """
    environments = written_environments(config, patterns, all_envs=all_envs)
    if not yes and not dry_run:
        require_terminal(environments)
    with shown_progress() as display:
        change_sets, errors = set_lifetimes(
            environments,
            Wish(client, duration, expect=expect, all_matches=all_matches),
            replace(options, dry_run=dry_run, override_policy=override_policy),
            confirm=confirm_anything if yes else display.suspended(confirm),
            progress=display,
        )
    return show(Result("lifetime set", change_sets, errors), output)
