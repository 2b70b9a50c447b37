# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What all commands share that change lifetimes: their options, and the question beforehand."""

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click

from opskit.cli.options import PATIENCE, Command
from opskit.cli.output import say
from opskit.db.store import LOCK_TIMEOUT
from opskit.errors import Interrupted, ProtectedError
from opskit.journal import Author
from opskit.lifetime import ChangeOptions
from opskit.models import Change
from opskit.settings import Environment

_SHOWN = 10  # changes in a question

_AUTHOR_OPTIONS = (
    click.option("--reason", metavar="TEXT", help="Why, for the journal."),
    click.option(
        "--actor",
        metavar="NAME",
        envvar="OPSKIT_ACTOR",
        show_envvar=True,
        help="Who, for the journal; by default user@host.",
    ),
)
_OPTIONS = (
    *_AUTHOR_OPTIONS,
    click.option("-y", "--yes", is_flag=True, help="Do not ask, in protected environments either."),
    click.option("--no-verify", is_flag=True, help="Do not prove the change by a fresh token."),
    click.option("--no-journal", is_flag=True, help="Keep no record of the change."),
    click.option(
        "--wait",
        type=PATIENCE,
        default=0,
        metavar="DURATION",
        help="Keep asking for fresh tokens while a cache still gives the old lifetime.",
    ),
    click.option(
        "--lock-timeout",
        type=PATIENCE,
        default=int(LOCK_TIMEOUT),
        metavar="DURATION",
        help="How long to wait for another change to end.  [default: 10s]",
    ),
)


def author_options(command: Command) -> Command:
    """Add ``--reason`` and ``--actor``."""
    for option in reversed(_AUTHOR_OPTIONS):
        command = option(command)
    return command


def change_options(command: Command) -> Command:
    """Add the options of every change; the command gets ``yes`` and ``options``."""

    @functools.wraps(command)
    def with_options(
        reason: str | None,
        actor: str | None,
        no_verify: bool,
        no_journal: bool,
        wait: int,
        lock_timeout: int,
        **others: Any,
    ) -> Any:
        options = ChangeOptions(
            Author(actor, reason),
            journal=not no_journal,
            verify=not no_verify,
            wait=wait,
            lock_timeout=lock_timeout,
        )
        return command(options=options, **others)

    wrapped: Callable[..., Any] = with_options
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def confirm_anything(environment: Environment, changes: Sequence[Change]) -> None:
    """Take --yes for the answer."""


def require_terminal(environments: Sequence[Environment]) -> None:
    """Refuse before the first write what would have to be asked, when there is nobody to ask.

    Raises:
        ProtectedError: an environment is protected, and there is no terminal.
    """
    protected = next((one for one in environments if one.protected), None)
    if protected is not None and not sys.stdin.isatty():
        raise ProtectedError(
            f"{protected.name} is protected, and there is no terminal to ask at. "
            "Nothing was written.",
            remedy="Add --yes when you are sure.",
            environment=protected.name,
        )


def confirm_at_terminal(environment: Environment, changes: Sequence[Change]) -> None:
    """Ask before a write to a protected environment; without a terminal, refuse it.

    Raises:
        ProtectedError: there is no terminal.
        Interrupted: the answer was no.
    """
    require_terminal([environment])
    confirm(environment, changes)


def confirm(environment: Environment, changes: Sequence[Change]) -> None:
    """Ask before a write to a protected environment.

    Raises:
        Interrupted: the answer was no.
    """
    if not environment.protected:
        return
    for change in changes[:_SHOWN]:
        label = change.name or change.client_id
        say(f"{environment.name}: {label}  {change.old} s → {change.new} s")
    if len(changes) > _SHOWN:
        say(f"{environment.name}: and {len(changes) - _SHOWN} more")
    refused = Interrupted("Not confirmed. Nothing was written.", environment=environment.name)
    try:
        if not click.confirm(f"{environment.name} is protected. Change it?", err=True):
            raise refused
    except click.Abort:
        raise refused from None
