# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit smoke``."""

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
def smoke(
    patterns: Sequence[str],
    client: str | None,
    config: Path | None,
    output: FormatChoice,
    reports: Reports,
) -> int:
    """Obtain one token and read data by OData 4, OData 3, DataService and a web service."""
    from opskit import smoke as feature
    from opskit.fleet import check_all
    from opskit.results import Result

    environments = read_environments(config, patterns)
    report, errors = check_all(environments, lambda one: feature.smoke(one, client))
    return show(reports.write(Result("smoke", report, errors)), output)
