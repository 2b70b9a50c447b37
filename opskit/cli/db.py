# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit db``: the journal's tables, and the role for opskit's login."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from opskit.cli.options import (
    PATIENCE,
    Command,
    config_option,
    environments_option,
    output_option,
    read_environments,
    written_environments,
    written_environments_option,
)
from opskit.cli.output import show
from opskit.cli.progress import shown_progress
from opskit.db.store import LOCK_TIMEOUT
from opskit.errors import Interrupted, ProtectedError, UsageError
from opskit.formats import FormatChoice
from opskit.journal_schema import Direction
from opskit.results import Result
from opskit.settings import Environment


@click.group()
def db() -> None:
    """The journal's tables in the databases, and the role for opskit's login.

    The tables lie in a schema of their own, "opskit". Creatio's tables are never touched.
    """


def _migration_options(command: Command) -> Command:
    options: Sequence[Callable[[Command], Command]] = (
        click.option("-y", "--yes", is_flag=True, help="Do not ask."),
        click.option("--sql", is_flag=True, help="Print what a DBA can run instead."),
        click.option(
            "--dialect",
            type=click.Choice(["postgresql", "mssql"]),
            help="With --sql: for which server; else as the named environments have it.",
        ),
        click.option(
            "--lock-timeout",
            type=PATIENCE,
            default=int(LOCK_TIMEOUT),
            metavar="DURATION",
            help="How long to wait for a change to end.  [default: 10s]",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return written_environments_option(command)


@db.command()
@_migration_options
@config_option
@output_option
def upgrade(
    patterns: Sequence[str],
    all_envs: bool,
    yes: bool,
    sql: bool,
    dialect: str | None,
    lock_timeout: int,
    config: Path | None,
    output: FormatChoice,
) -> int:
    """Make the journal, or bring it up to date; harmless where that was done before.

    The login needs the right to create a schema. Without it, let a DBA run what --sql prints.
    """
    from opskit.journal_schema import upgrade

    if sql or dialect:
        return _print_script("upgrade", dialect, config, patterns, sql=sql, output=output)
    environments = written_environments(config, patterns, all_envs=all_envs)
    if not yes:
        _require_terminal([one for one in environments if one.protected], "is protected")
    with shown_progress() as display:
        confirm = _confirm_anything if yes else display.suspended(_confirm_upgrade)
        done, errors = upgrade(
            environments, confirm=confirm, lock_timeout=lock_timeout, progress=display
        )
    return show(Result("db upgrade", done, errors), output)


@db.command()
@_migration_options
@config_option
@output_option
def downgrade(
    patterns: Sequence[str],
    all_envs: bool,
    yes: bool,
    sql: bool,
    dialect: str | None,
    lock_timeout: int,
    config: Path | None,
    output: FormatChoice,
) -> int:
    """Remove the journal WITH ALL ITS RECORDS, and with it the way to revert changes."""
    from opskit.journal_schema import downgrade

    if sql or dialect:
        return _print_script("downgrade", dialect, config, patterns, sql=sql, output=output)
    environments = written_environments(config, patterns, all_envs=all_envs)
    if not yes:
        _require_terminal(environments, "would lose all records of its journal")
    with shown_progress() as display:
        confirm = _confirm_anything if yes else display.suspended(_confirm_downgrade)
        done, errors = downgrade(
            environments, confirm=confirm, lock_timeout=lock_timeout, progress=display
        )
    return show(Result("db downgrade", done, errors), output)


@db.command("role")
@_migration_options
@click.option(
    "--login",
    "logins",
    metavar="LOGIN",
    multiple=True,
    help="Give the role to this login, too; repeatable.",
)
@click.option(
    "--diagnosis", is_flag=True, help="Let it read what tells why a client gets no token."
)
@click.option("--dry-run", is_flag=True, help="Take the same path, then roll back.")
@config_option
@output_option
def role_command(
    patterns: Sequence[str],
    all_envs: bool,
    yes: bool,
    sql: bool,
    dialect: str | None,
    lock_timeout: int,
    logins: Sequence[str],
    diagnosis: bool,
    dry_run: bool,
    config: Path | None,
    output: FormatChoice,
) -> int:
    """Make the role opskit_operator, which has the rights that opskit needs and no others.

    The login must be a DBA's. Without one, let a DBA run what --sql prints. It adds what is
    missing, takes nothing away, and is harmless to repeat.
    """
    from opskit.operator_role import make_role, script

    if sql or dialect:
        dialect, named = _to_print(dialect, config, patterns, sql=sql)
        printed = script(dialect, named, logins=logins, diagnosis=diagnosis)
        return show(Result("db role", printed), output)
    environments = written_environments(config, patterns, all_envs=all_envs)
    if not yes and not dry_run:
        _require_terminal([one for one in environments if one.protected], "is protected")
    with shown_progress() as display:
        done, errors = make_role(
            environments,
            logins=logins,
            diagnosis=diagnosis,
            dry_run=dry_run,
            confirm=(lambda _: None) if yes else display.suspended(_confirm_role),
            lock_timeout=lock_timeout,
            progress=display,
        )
    return show(Result("db role", done, errors), output)


@db.command("current")
@environments_option
@config_option
@output_option
def current_command(patterns: Sequence[str], config: Path | None, output: FormatChoice) -> int:
    """Show which revision each environment's journal is at."""
    from opskit.journal_schema import current

    states, errors = current(read_environments(config, patterns))
    return show(Result("db current", states, errors), output)


@db.command("history")
@output_option
def history_command(output: FormatChoice) -> int:
    """Show the revisions that this opskit knows."""
    from opskit.journal_schema import history

    return show(Result("db history", history()), output)


def _print_script(
    direction: Direction,
    dialect: str | None,
    config: Path | None,
    patterns: Sequence[str],
    *,
    sql: bool,
    output: FormatChoice,
) -> int:
    from opskit.journal_schema import script

    dialect, _ = _to_print(dialect, config, patterns, sql=sql)
    return show(Result(f"db {direction}", script(direction, dialect)), output)


def _to_print(
    dialect: str | None, config: Path | None, patterns: Sequence[str], *, sql: bool
) -> tuple[str, list[Environment]]:
    """Return for which server a script is to be, and the environments that were named for it.

    Raises:
        UsageError: it cannot be told, or no script was asked for.
    """
    from opskit.journal_schema import dialect_of

    if not sql:
        raise UsageError("--dialect says how --sql is to be printed.", remedy="Add --sql.")
    if dialect is None and not patterns:
        raise UsageError(
            "A script for which server?",
            remedy="Add --dialect postgresql, --dialect mssql, or -e NAME.",
        )
    environments = read_environments(config, patterns) if patterns else []
    return dialect or dialect_of(environments), environments


def _require_terminal(environments: Sequence[Environment], why: str) -> None:
    """Refuse before the first write what would have to be asked, when there is nobody to ask.

    Raises:
        ProtectedError: there is such an environment, and no terminal.
    """
    if environments and not sys.stdin.isatty():
        name = environments[0].name
        raise ProtectedError(
            f"{name} {why}, and there is no terminal to ask at. Nothing was written.",
            remedy="Add --yes when you are sure.",
            environment=name,
        )


def _confirm_anything(environment: Environment, entries: int) -> None:
    """Take --yes for the answer."""


def _confirm_upgrade(environment: Environment, entries: int) -> None:  # noqa: ARG001
    if environment.protected:
        _ask(environment, f"{environment.name} is protected. Make or update its journal?")


def _confirm_role(environment: Environment) -> None:
    if environment.protected:
        _ask(environment, f"{environment.name} is protected. Give rights to opskit_operator?")


def _confirm_downgrade(environment: Environment, entries: int) -> None:
    protected = f"{environment.name} is protected. " if environment.protected else ""
    records = f"{entries} {'record' if entries == 1 else 'records'}"
    _ask(environment, f"{protected}Remove the journal of {environment.name} with its {records}?")


def _ask(environment: Environment, question: str) -> None:
    """Ask before a write.

    Raises:
        Interrupted: the answer was no.
    """
    try:
        if click.confirm(question, err=True):
            return
    except click.Abort:
        pass
    raise Interrupted("Not confirmed. Nothing was written.", environment=environment.name)
