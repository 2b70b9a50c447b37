# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit verify``."""

from collections.abc import Sequence
from pathlib import Path

import click

from opskit.cli.options import (
    client_option,
    config_option,
    environments_option,
    output_option,
    read_environments,
)
from opskit.cli.output import show
from opskit.cli.reports import Reports, report_options
from opskit.formats import FormatChoice, ReportChoice


@click.command()
@environments_option
@client_option
@config_option
@output_option
@report_options(*ReportChoice)
def verify(
    patterns: Sequence[str],
    client: str | None,
    config: Path | None,
    output: FormatChoice,
    reports: Reports,
) -> int:
    """Check discovery, keys, and a test token by both ways of sending the secret.

    Where the database is configured, the token must live as long as the database says.
    """
    from opskit import verify as feature
    from opskit.fleet import check_all
    from opskit.results import Result

    environments = read_environments(config, patterns)
    report, errors = check_all(environments, lambda one: feature.verify(one, client))
    return show(reports.write(Result("verify", report, errors)), output)
