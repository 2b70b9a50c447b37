# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The journal's tables, for people."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from opskit.models import (
    DbaScript,
    JournalMigration,
    JournalMigrations,
    JournalRevisions,
    JournalState,
    JournalStates,
    JournalStatus,
    OperatorRole,
    OperatorRoles,
    Outcome,
)
from opskit.secrets import printable


def show_states(console: Console, data: JournalStates) -> None:
    """Print the revision of each environment, and what to do about it."""
    if not data.environments:
        return
    table = _table("environment", "revision", "")
    for one in data.environments:
        words, style = _state(one)
        table.add_row(
            Text(one.environment), Text(printable(one.revision or "–")), Text(words, style)
        )
    console.print(table)


def _state(one: JournalState) -> tuple[str, str]:
    match one.status:
        case JournalStatus.CURRENT:
            return "up to date", "green"
        case JournalStatus.MISSING:
            return f"no journal: opskit db upgrade -e {one.environment}", "yellow"
        case JournalStatus.OUTDATED:
            return f"older than {one.expected}: opskit db upgrade -e {one.environment}", "yellow"
        case JournalStatus.NEWER:
            return f"newer than {one.expected}: update opskit", "red"


def show_migrations(console: Console, data: JournalMigrations) -> None:
    """Print what was done in each environment."""
    for one in data.environments:
        console.print(Text.assemble((one.environment, "bold"), "  ", _migration(one)))


def _migration(one: JournalMigration) -> tuple[str, str]:
    if one.before == one.after:
        there = "there is no journal" if one.after is None else f"up to date, at {one.after}"
        return f"{there}: nothing to do", "green"
    if one.after is None:
        records = f"{one.removed} {'record' if one.removed == 1 else 'records'}"
        return f"journal removed, with {records}", "yellow"
    if one.before is None:
        return f"journal made, at {one.after}", "green"
    return f"journal updated, from {one.before} to {one.after}", "green"


def show_roles(console: Console, data: OperatorRoles) -> None:
    """Print what the role gained in each environment."""
    for one in data.environments:
        console.print(Text.assemble((one.environment, "bold"), "  ", _role(one)))
        for line in one.gained:
            console.print(Text(printable(f"  {line}")), soft_wrap=True)


def _role(one: OperatorRole) -> tuple[str, str]:
    match one.outcome:
        case Outcome.UNCHANGED:
            return "the role has all that it needs: nothing to do", "green"
        case Outcome.CHANGED:
            return "added:", "green"
        case Outcome.DRY_RUN:
            return "dry run, rolled back; it would add:", "yellow"


def show_revisions(console: Console, data: JournalRevisions) -> None:
    """Print what each revision brings."""
    table = _table("revision", "what it brings")
    for one in data.revisions:
        table.add_row(one.revision, one.brings)
    console.print(table)


def show_script(console: Console, data: DbaScript) -> None:
    """Print the script as it is, whatever the terminal's width."""
    console.print(Text(data.sql), soft_wrap=True)


def _table(*headers: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for header in headers:
        table.add_column(Text(header), overflow="fold")
    return table
