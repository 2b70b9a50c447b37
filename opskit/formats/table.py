# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Tables and short paragraphs for people."""

import io
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from opskit.durations import format_duration
from opskit.formats import schema
from opskit.formats.checks import print_checks, print_environment
from opskit.models import (
    ChangeSet,
    ChangeSets,
    Client,
    EnvironmentClients,
    JournalMigrations,
    JournalRevisions,
    JournalScript,
    JournalStates,
    Lifetimes,
    Outcome,
    Report,
    SandboxStatus,
    Written,
)
from opskit.results import Result
from opskit.secrets import printable

_PIPE_WIDTH = 200  # columns: wide enough that grep finds whole lines


class TableFormat:
    """Format for people; coloured on a terminal only."""

    def render(self, result: Result) -> str:
        """Return the text that the result's kind of data is shown as; errors go elsewhere."""
        if result.data is None:
            return ""
        page = io.StringIO()
        console = _console(page)
        for kind, show in _PRINTERS.items():
            if isinstance(result.data, kind):
                show(console, result.data)
                break
        else:
            raise TypeError(f"no table for {type(result.data).__name__}")
        return "\n".join(line.rstrip() for line in page.getvalue().rstrip("\n").split("\n"))


def _console(page: io.StringIO) -> Console:
    """Return a console that writes to ``page`` what standard output can show."""
    terminal = sys.stdout.isatty()
    return Console(
        file=page,
        force_terminal=terminal or None,
        width=None if terminal else _PIPE_WIDTH,
        highlight=False,
        emoji=False,
        markup=False,
    )


def seconds(value: int) -> str:
    """Return seconds as both the database and a person say them."""
    return f"{value} s ({format_duration(value)})"


def _show_lifetimes(console: Console, data: Lifetimes) -> None:
    if not data.environments:
        return
    if len(data.environments) == 1:
        _show_one_environment(console, data.environments[0])
    else:
        _show_matrix(console, data)
    if data.drift:
        names = printable(", ".join(data.drift))
        console.print(Text(f"≠ not the same everywhere: {names}", "yellow"))
    if any(one.outside_policy for one in data.environments):
        console.print(Text("! outside the environment's policy", "red"))


def _show_one_environment(console: Console, one: EnvironmentClients) -> None:
    table = _table("client", "ClientId", "lifetime")
    for client in one.clients:
        table.add_row(_word(client.name or "–"), _word(client.client_id), _cell(client, one))
    console.print(Text(one.environment, "bold"))
    console.print(table)


def _show_matrix(console: Console, data: Lifetimes) -> None:
    table = _table("client", *(one.environment for one in data.environments), "")
    rows: dict[str, dict[str, Text]] = defaultdict(dict)
    for one in data.environments:
        for client in one.clients:
            cell = _cell(client, one)
            before = rows[client.label].get(one.environment)
            rows[client.label][one.environment] = (
                Text("\n").join([before, cell]) if before else cell
            )
    drift = set(data.drift)
    for name in sorted(rows, key=str.casefold):
        cells = [rows[name].get(one.environment, Text("–", "dim")) for one in data.environments]
        table.add_row(_word(name), *cells, Text("≠" if name in drift else "", "yellow"))
    console.print(table)


def _cell(client: Client, one: EnvironmentClients) -> Text:
    style = "dim" if client.enabled is False else ""
    text = Text(f"{client.lifetime}", style)
    text.append(f" ({format_duration(client.lifetime)})", "dim")
    if client.enabled is False:
        text.append(" disabled", "dim")
    if client.client_id in one.outside_policy:
        text.append(" !", "red")
    return text


def _show_change_sets(console: Console, data: ChangeSets) -> None:
    for change_set in data.change_sets:
        _show_change_set(console, change_set)


def _show_change_set(console: Console, data: ChangeSet) -> None:
    said = {
        Outcome.CHANGED: ("changed", "green"),
        Outcome.UNCHANGED: ("already so, nothing to do", "green"),
        Outcome.DRY_RUN: ("dry run: rolled back, nothing was written", "yellow"),
    }
    words, style = said[data.outcome]
    console.print(Text.assemble((data.environment, "bold"), "  ", (words, style)))
    table = _table("client", "ClientId", "before", "", "after")
    for change in data.changes:
        arrow = "→" if change.old != change.new else "="
        name, after = _word(change.name or "–"), Text(seconds(change.new), "bold")
        table.add_row(name, _word(change.client_id), seconds(change.old), arrow, after)
    console.print(Padding(table, (0, 0, 0, 2)))
    print_checks(console, data.checks)
    for warning in data.warnings:
        console.print(Padding(Text(f"! {warning}", "yellow"), (0, 0, 0, 2)))


def _show_report(console: Console, data: Report) -> None:
    for one in data.environments:
        print_environment(console, one)


def _show_sandbox(console: Console, data: SandboxStatus) -> None:
    if not data.running:
        console.print(Text(f"No sandbox is running in {data.folder}."))
        return
    table = _table("environment", "Identity Service", "Creatio", "runtime", "database", "faults")
    for one in data.environments:
        faults = Text(", ".join(one.faults) or "none", "yellow" if one.faults else "dim")
        table.add_row(one.name, one.identity, one.creatio, one.runtime, one.database, faults)
    console.print(table)
    console.print(Text(f"configuration  {data.config}"))


def _show_written(console: Console, data: Written) -> None:
    console.print(Text(f"Wrote {data.path}"))


def _show_descriptions(console: Console, data: Mapping[str, str]) -> None:
    table = _table("name", "what it does")
    for name, description in data.items():
        table.add_row(Text(name), Text(description))
    console.print(table)


def _word(text: str) -> Text:
    return Text(printable(text))


def _table(*headers: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in headers:
        # An id is there to be copied: whole, or not at all useful.
        table.add_column(Text(header), no_wrap=header == "ClientId", overflow="fold")
    return table


_PRINTERS: Mapping[type, Callable[[Console, Any], None]] = {
    Lifetimes: _show_lifetimes,
    ChangeSets: _show_change_sets,
    Report: _show_report,
    SandboxStatus: _show_sandbox,
    Written: _show_written,
    JournalStates: schema.show_states,
    JournalMigrations: schema.show_migrations,
    JournalRevisions: schema.show_revisions,
    JournalScript: schema.show_script,
    Mapping: _show_descriptions,
}
