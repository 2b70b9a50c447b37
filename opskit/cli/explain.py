# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit explain``: what is behind a finding."""

import click

from opskit.cli.options import output_option
from opskit.cli.output import show
from opskit.explain import explain as known
from opskit.formats import FormatChoice
from opskit.results import Result


@click.command()
@click.argument("finding", metavar="[ID]", required=False)
@output_option
def explain(finding: str | None, output: FormatChoice) -> int:
    """Say what a finding means, why it comes about, and what to do.

    ID stands below each failed check, after "more". Without one, all findings are listed.
    """
    return show(Result("explain", known(finding)), output)
