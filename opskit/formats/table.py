# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Tables and short paragraphs for people."""

import io
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from opskit.durations import format_duration
from opskit.formats import schema
from opskit.formats.cells import fold_long_ids, plain_table, word
from opskit.formats.changes import print_applied, print_change_sets, print_history
from opskit.formats.checks import print_environment
from opskit.formats.findings import print_findings
from opskit.formats.plan import print_plan, print_postman, print_scripts
from opskit.models import (
    Applied,
    ChangeSets,
    Client,
    DbaScript,
    EnvironmentClients,
    ExportedScripts,
    History,
    JournalMigrations,
    JournalRevisions,
    JournalStates,
    KnownFindings,
    Lifetimes,
    OperatorRoles,
    Plan,
    PostmanExport,
    Report,
    SandboxStatus,
    Written,
)
from opskit.results import Result
from opskit.secrets import printable

_PIPE_WIDTH = 200  # columns: wide enough that grep finds whole lines
_AT_LENGTH = 10  # environments: of more than these, the sound ones take one line each


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
    table = plain_table("client", "ClientId", "lifetime")
    fold_long_ids(table.columns[1], [client.client_id for client in one.clients])
    for client in one.clients:
        table.add_row(word(client.name or "–"), word(client.client_id), _cell(client, one))
    console.print(Text(one.environment, "bold"))
    console.print(table)


def _show_matrix(console: Console, data: Lifetimes) -> None:
    table = plain_table("client", *(one.environment for one in data.environments), "")
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
        table.add_row(word(name), *cells, Text("≠" if name in drift else "", "yellow"))
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


def _show_report(console: Console, data: Report) -> None:
    briefly = len(data.environments) > _AT_LENGTH
    for one in data.environments:
        print_environment(console, one, briefly=briefly)


def _show_sandbox(console: Console, data: SandboxStatus) -> None:
    if not data.running:
        console.print(Text(f"No sandbox is running in {data.folder}."))
        return
    table = plain_table(
        "environment", "Identity Service", "Creatio", "runtime", "database", "faults"
    )
    for one in data.environments:
        faults = Text(", ".join(one.faults) or "none", "yellow" if one.faults else "dim")
        table.add_row(one.name, one.identity, one.creatio, one.runtime, one.database, faults)
    console.print(table)
    console.print(Text(f"configuration  {data.config}"))


def _show_written(console: Console, data: Written) -> None:
    console.print(Text(f"Wrote {data.path}"))


def _show_descriptions(console: Console, data: Mapping[str, str]) -> None:
    table = plain_table("name", "what it does")
    for name, description in data.items():
        table.add_row(Text(name), Text(description))
    console.print(table)


_PRINTERS: Mapping[type, Callable[[Console, Any], None]] = {
    Lifetimes: _show_lifetimes,
    ChangeSets: print_change_sets,
    Applied: print_applied,
    History: print_history,
    Plan: print_plan,
    ExportedScripts: print_scripts,
    PostmanExport: print_postman,
    Report: _show_report,
    KnownFindings: print_findings,
    SandboxStatus: _show_sandbox,
    Written: _show_written,
    JournalStates: schema.show_states,
    JournalMigrations: schema.show_migrations,
    JournalRevisions: schema.show_revisions,
    OperatorRoles: schema.show_roles,
    DbaScript: schema.show_script,
    Mapping: _show_descriptions,
}
