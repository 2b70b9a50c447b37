# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit plan``."""

from collections.abc import Sequence
from pathlib import Path

import click

from opskit.cli.options import (
    config_option,
    environments_option,
    lifetimes_option,
    output_option,
    read_desired,
)
from opskit.cli.output import say, show
from opskit.cli.reports import FILES, Reports, report_options
from opskit.formats import FormatChoice
from opskit.results import Result


@click.command()
@lifetimes_option
@environments_option
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Save the plan, to be reviewed and carried out later.",
)
@click.option("--override-policy", is_flag=True, help="Accept lifetimes outside the policy.")
@click.option(
    "--detailed-exitcode", is_flag=True, help="End with exit code 5 when changes are pending."
)
@config_option
@output_option
@report_options(*FILES)
def plan(
    lifetimes: Path | None,
    patterns: Sequence[str],
    out: Path | None,
    override_policy: bool,
    detailed_exitcode: bool,
    config: Path | None,
    output: FormatChoice,
    reports: Reports,
) -> int:
    """Compare the desired state, lifetimes.toml, with the databases; change nothing."""
    from opskit.plan import make_plan
    from opskit.plan_file import save_plan

    environments, desired = read_desired(config, patterns, lifetimes)
    made, errors = make_plan(environments, desired, override_policy=override_policy)
    if out is not None and not errors:
        made = save_plan(made, out)
    result = Result("plan", made, errors, pending_matters=detailed_exitcode)
    code = show(reports.write(result), output)
    if out is not None and errors:
        say(f"Nothing was saved to {out}: with errors the plan is not whole.")
    return code
