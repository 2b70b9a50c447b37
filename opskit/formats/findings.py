# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What opskit knows about findings: one in full, or the list of all."""

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from opskit.formats.cells import plain_table
from opskit.models import Certainty, KnownFinding, KnownFindings

_CERTAINTY = {
    Certainty.KNOWN: "known: documented by the vendor, or seen in captured answers",
    Certainty.LIKELY: "likely: inferred, or known from one indirect source",
}


def print_findings(console: Console, data: KnownFindings) -> None:
    """Print one finding in full, several as a table."""
    if len(data.findings) == 1:
        _print_one(console, data.findings[0])
        return
    table = plain_table("finding", "cause", "what it looks like")
    for one in data.findings:
        table.add_row(Text(one.id, no_wrap=True), one.certainty.value, Text(one.symptom))
    console.print(table)


def _print_one(console: Console, one: KnownFinding) -> None:
    waiting = "; it may pass by itself, so waiting may help" if one.transient else ""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for label, words in (
        ("what", one.symptom),
        ("why", one.cause),
        ("do", one.remedy),
        ("sure", _CERTAINTY[one.certainty]),
        ("exit", f"code {one.exit_code} where a check fails by it{waiting}"),
        ("link", one.link),
    ):
        grid.add_row(label, Text(words))
    console.print(Text(one.id, "bold"))
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
