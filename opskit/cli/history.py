# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit history``: the journal."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from opskit.cli.options import (
    MOMENT,
    config_option,
    environments_option,
    output_option,
    read_environments,
)
from opskit.cli.output import show
from opskit.formats import FormatChoice
from opskit.history import read_history
from opskit.results import Result


@click.command()
@click.argument("change_set", required=False)
@environments_option
@click.option("--client", metavar="CLIENT", help="A ClientId, or a ClientName or glob.")
@click.option(
    "--since", type=MOMENT, metavar="WHEN", help="A date, a date and time (UTC), or an age: 30d."
)
@click.option("--actor", metavar="NAME", help="Who changed it; part of the name is enough.")
@click.option(
    "-n",
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help="The newest N entries.  [default: 100; all with -o json]",
)
@config_option
@output_option
def history(
    change_set: str | None,
    patterns: Sequence[str],
    client: str | None,
    since: datetime | None,
    actor: str | None,
    limit: int | None,
    config: Path | None,
    output: FormatChoice,
) -> int:
    """Show who changed which lifetime, when, from what to what, and why.

    CHANGE_SET shows one change set only; the beginning of its id is enough.
    """
    if limit is None and output is FormatChoice.TABLE:
        limit = 100
    found, errors = read_history(
        read_environments(config, patterns),
        selector=client,
        since=since,
        actor=actor,
        change_set=change_set,
        limit=limit,
    )
    # Of journals that could not be read nobody knows whether they hold no such change.
    data = None if errors and not found.entries else found
    return show(Result("history", data, errors), output)
