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
from opskit.formats import FormatChoice


@click.command()
@environments_option
@client_option
@config_option
@output_option
def smoke(
    patterns: Sequence[str], client: str | None, config: Path | None, output: FormatChoice
) -> int:
    """Obtain one token and read data by OData 4, OData 3, DataService and a web service.

    Creatio's own health checks, and the checks that opskit.toml adds, are made as well.
    """
    from opskit import smoke as feature
    from opskit.fleet import check_all
    from opskit.results import Result

    environments = read_environments(config, patterns)
    report, errors = check_all(environments, lambda one: feature.smoke(one, client))
    return show(Result("smoke", report, errors), output)
