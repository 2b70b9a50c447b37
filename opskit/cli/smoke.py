# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit smoke``."""

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
def smoke(
    patterns: Sequence[str],
    client: str | None,
    options: CheckOptions,
    config: Path | None,
    output: FormatChoice,
    reports: Reports,
) -> int:
    """Obtain one token and read data by OData 4, OData 3, DataService and a web service.

    Creatio's own health checks, and the checks that opskit.toml adds, are made as well.
    """
    from opskit import smoke as feature
    from opskit.results import Result

    environments = read_environments(config, patterns)
    report, errors = check_shown(
        environments, lambda one, http: feature.smoke(one, client, http=http), options
    )
    return show(reports.write(Result("smoke", report, errors)), output)
