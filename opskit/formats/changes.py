# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Changes as tables: what was written, wave by wave, and what the journal holds."""

from itertools import groupby

from rich.console import Console
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from opskit.formats.cells import fold_long_ids, plain_table, seconds, word
from opskit.formats.checks import print_checks, print_environment
from opskit.models import (
    Applied,
    ChangeSet,
    ChangeSets,
    History,
    JournalEntry,
    Outcome,
    Verification,
)
from opskit.secrets import printable

_WIDEST = 10_000  # columns: whatever a table wants
_NARROWEST_WHY = 20  # columns
_SHOWN = 20  # changes of one change set; JSON has all

_OUTCOMES = {
    Outcome.CHANGED: ("changed", "green"),
    Outcome.UNCHANGED: ("already so, nothing to do", "green"),
    Outcome.DRY_RUN: ("dry run: rolled back, nothing was written", "yellow"),
}

_VERIFICATIONS = {
    Verification.PENDING: ("not known", "yellow"),
    Verification.PROVED: ("proved", "green"),
    Verification.FAILED: ("failed", "red"),
    Verification.SKIPPED: ("not asked", "dim"),
}


def print_change_sets(console: Console, data: ChangeSets) -> None:
    """Print what was changed in each environment."""
    for change_set in data.change_sets:
        _print_change_set(console, change_set)


def print_applied(console: Console, data: Applied) -> None:
    """Print what came of a plan."""
    for change_set in data.change_sets:
        _print_change_set(console, change_set)
    for one in data.smoke:
        print_environment(console, one)
    for change_set in data.reverted:
        _print_change_set(console, change_set)
    if data.not_started:
        names = printable(", ".join(data.not_started))
        console.print(Text(f"not started: {names}", "yellow"))
    if any(one.id for one in data.change_sets) and not data.reverted:
        console.print(Text(f"to undo it: opskit revert --plan {data.plan_hash[:12]}", "dim"))


def print_history(console: Console, data: History) -> None:
    """Print the journal, newest first."""
    if not data.entries:
        console.print(Text("No such change is recorded."))
        return
    table = plain_table(
        "when (UTC)", "change set", "environment", "client", "before", "", "after", "who", "token"
    )
    table.add_column(Text("why"), overflow="fold")
    for entry in data.entries:
        verification, style = _VERIFICATIONS[entry.verification]
        table.add_row(
            f"{entry.changed_at:%Y-%m-%d %H:%M:%S}",
            word(entry.change_set),
            word(entry.environment),
            word(entry.client_name or entry.client_id),
            seconds(entry.old),
            "→",
            Text(seconds(entry.new), "bold"),
            word(entry.actor),
            Text(verification, style),
            word(_why(entry)),
        )
    wanted = Measurement.get(console, console.options.update_width(_WIDEST), table).maximum
    longest = max(Text(_why(entry)).cell_len for entry in data.entries)
    # Reasons may fold; in ids, times and lifetimes nobody finds anything then.
    if wanted - max(0, longest - _NARROWEST_WHY) <= console.width:
        console.print(table)
    else:
        _print_by_change_set(console, data)


def _print_by_change_set(console: Console, data: History) -> None:
    """Print the journal where its table has no room: ids are there to be copied."""
    for _, entries in groupby(data.entries, key=lambda entry: entry.change_set):
        changed = list(entries)
        first = changed[0]
        when = f"{first.changed_at:%Y-%m-%d %H:%M:%S} UTC"
        console.print(Text.assemble((printable(first.change_set), "bold"), f"  {when}"))
        words = [printable(first.environment), printable(first.actor), printable(_why(first))]
        console.print(Padding(Text("  ".join(filter(None, words)), "dim"), (0, 0, 0, 2)))
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(overflow="fold")
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        for entry in changed:
            verification, style = _VERIFICATIONS[entry.verification]
            values = Text.assemble(f"{seconds(entry.old)} → ", (seconds(entry.new), "bold"))
            grid.add_row(
                word(entry.client_name or entry.client_id), values, Text(verification, style)
            )
        console.print(Padding(grid, (0, 0, 0, 2), expand=False))


def _why(entry: JournalEntry) -> str:
    parts = []
    if entry.reverts:
        parts.append(f"reverts {entry.reverts}")
    if entry.plan_hash:
        parts.append(f"plan {entry.plan_hash[:12]}")
    if entry.reason:
        parts.append(entry.reason)
    return "; ".join(parts)


def _print_change_set(console: Console, data: ChangeSet) -> None:
    words, style = _OUTCOMES[data.outcome]
    if data.reverts and data.outcome is Outcome.CHANGED:
        words = f"changed back, which reverts {data.reverts}"
    named = Text.assemble((data.environment, "bold"), "  ", (words, style))
    if data.id is not None:
        named.append(f"  change set {data.id}", "dim")
    console.print(named)
    changed = [change for change in data.changes if change.old != change.new]
    same = [change for change in data.changes if change.old == change.new]
    table = plain_table("client", "ClientId", "before", "", "after")
    shown = [*changed, *same][:_SHOWN]
    fold_long_ids(table.columns[1], [change.client_id for change in shown])
    for change in shown:
        arrow = "→" if change.old != change.new else "="
        name, after = word(change.name or "–"), Text(seconds(change.new), "bold")
        table.add_row(name, word(change.client_id), seconds(change.old), arrow, after)
    if data.changes:
        console.print(Padding(table, (0, 0, 0, 2)))
    if len(data.changes) > _SHOWN:
        console.print(Padding(Text(f"and {len(data.changes) - _SHOWN} more", "dim"), (0, 0, 0, 2)))
    print_checks(console, data.checks)
    for warning in data.warnings:
        console.print(Padding(Text(f"! {printable(warning)}", "yellow"), (0, 0, 0, 2)))
