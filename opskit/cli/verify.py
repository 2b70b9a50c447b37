# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit verify``."""

from collections.abc import Sequence
from pathlib import Path

import click

from opskit.check_options import CheckOptions
from opskit.cli.checks import check_options, check_shown
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
@check_options
@config_option
@output_option
@report_options(*ReportChoice)
def verify(
    patterns: Sequence[str],
    client: str | None,
    options: CheckOptions,
    config: Path | None,
    output: FormatChoice,
    reports: Reports,
) -> int:
    """Check discovery, keys, and a test token by both ways of sending the secret.

    Where the database is configured, the token must live as long as the database says.
    """
    from opskit import verify as feature
    from opskit.results import Result

    environments = read_environments(config, patterns)
    report, errors = check_shown(
        environments, lambda one, http: feature.verify(one, client, http=http), options
    )
    return show(reports.write(Result("verify", report, errors)), output)
