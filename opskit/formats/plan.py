# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A plan for a reviewer: what would change, and what else is worth a look; what was exported."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from opskit.formats.cells import fold_long_ids, seconds, word
from opskit.models import Change, EnvironmentPlan, ExportedScripts, Plan, PostmanExport, Violation
from opskit.secrets import printable
from opskit.words import counted

_SHOWN = 20  # changes and violations of one environment; the plan file and JSON have all of them
_NAMED = 10  # clients in one line
_SHORT_HASH = 12  # digits


def print_plan(console: Console, plan: Plan) -> None:
    """Print each environment in the order of the waves, then what it comes to."""
    for one in plan.environments:
        console.print(Text.assemble((one.environment, "bold"), f"  wave {one.wave}"))
        _print_changes(console, one.changes)
        for line in _remarks(one):
            console.print(Padding(line, (0, 0, 0, 2)))
        for violation in one.violations[:_SHOWN]:
            line = _violation(violation, accepted=plan.policy_overridden)
            console.print(Padding(line, (0, 0, 0, 2)))
        _print_more(console, len(one.violations), "outside the policy")
    if plan.environments:
        console.print(Text(_summary(plan), "bold"))
        saved = f", saved to {plan.path}" if plan.path else ""
        console.print(Text(f"plan {plan.hash[:_SHORT_HASH]}{saved}", "dim"))


def print_scripts(console: Console, data: ExportedScripts) -> None:
    """Print what each script changes and where it is."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for script in data.scripts:
        where = word(script.path) if script.path else Text("nothing to change", "dim")
        grid.add_row(Text(script.environment, "bold"), counted(script.changes, "change"), where)
    if data.scripts:
        console.print(grid)


def print_postman(console: Console, data: PostmanExport) -> None:
    """Print which two files belong to each environment."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    for files in data.files:
        name = Text(files.environment, "bold")
        grid.add_row(name, word(files.variables), word(files.collection))
    if data.files:
        console.print(grid)


def _print_changes(console: Console, changes: Sequence[Change]) -> None:
    if not changes:
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(overflow="fold")
    grid.add_column(no_wrap=True, overflow="fold")  # an id is there to be copied
    grid.add_column()
    fold_long_ids(grid.columns[1], [change.client_id for change in changes[:_SHOWN]])
    for change in changes[:_SHOWN]:
        words = Text.assemble(f"{seconds(change.old)} → ", (seconds(change.new), "bold"))
        grid.add_row(word(change.name or "–"), word(change.client_id), words)
    console.print(Padding(grid, (0, 0, 0, 2), expand=False))
    _print_more(console, len(changes), "to change")


def _print_more(console: Console, count: int, what: str) -> None:
    if count > _SHOWN:
        console.print(Padding(Text(f"and {count - _SHOWN} more {what}", "dim"), (0, 0, 0, 2)))


def _remarks(one: EnvironmentPlan) -> list[Text]:
    lines = []
    if as_desired := len(one.observed) - len(one.changes):
        lines.append(Text(f"{counted(as_desired, 'client')} as desired", "green"))
    if one.unmanaged:
        names = _named([client.label for client in one.unmanaged])
        lines.append(Text(f"unmanaged: {names}", "dim"))
    if one.missing:
        lines.append(Text(f"no such client: {_named(one.missing)}", "yellow"))
    return lines


def _violation(violation: Violation, *, accepted: bool) -> Text:
    words = f"{printable(violation.name or violation.client_id)}: {seconds(violation.lifetime)}"
    if not violation.planned:
        return Text(f"! {words} now, {violation.reason}", "yellow")
    if accepted:
        return Text(f"! {words}, {violation.reason}, accepted by --override-policy", "yellow")
    return Text(f"✗ {words}, {violation.reason}", "red")


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return printable(", ".join(names[:_NAMED])) + more


def _summary(plan: Plan) -> str:
    changes = sum(len(one.changes) for one in plan.environments)
    where = sum(bool(one.changes) for one in plan.environments)
    unmanaged = sum(len(one.unmanaged) for one in plan.environments)
    words = "nothing to change"
    if changes:
        words = f"{counted(changes, 'change')} in {counted(where, 'environment')}"
    return words + (f"; {counted(unmanaged, 'client')} unmanaged" if unmanaged else "")
