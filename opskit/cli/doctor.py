# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit doctor``."""

from collections.abc import Sequence
from pathlib import Path

import click

from opskit.cli.options import (
    config_option,
    environments_option,
    output_option,
    read_environments,
)
from opskit.cli.output import show
from opskit.formats import FormatChoice
from opskit.results import Result


@click.command()
@environments_option
@click.option(
    "--offline", is_flag=True, help="Configuration, secrets and drivers only: connect to nothing."
)
@config_option
@output_option
def doctor(
    patterns: Sequence[str], offline: bool, config: Path | None, output: FormatChoice
) -> int:
    """Check configuration, secrets, database rights and reachability; change nothing."""
    from opskit.doctor import examine, examine_offline
    from opskit.fleet import check_all

    look = examine_offline if offline else examine
    report, errors = check_all(read_environments(config, patterns), look)
    return show(Result("doctor", report, errors), output)
