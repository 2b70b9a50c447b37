# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit lifetime``: see and change how long tokens live."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from opskit.cli.options import (
    DURATION,
    config_option,
    environments_option,
    output_option,
    read_environments,
    written_environments,
    written_environments_option,
)
from opskit.cli.output import say, show
from opskit.db.store import LOCK_TIMEOUT
from opskit.errors import Interrupted, ProtectedError
from opskit.formats import FormatChoice
from opskit.lifetime import ChangeOptions, list_lifetimes, set_lifetimes
from opskit.models import Change
from opskit.results import Result
from opskit.settings import Environment


@click.group()
def lifetime() -> None:
    """See and change how long clients' tokens live."""


@lifetime.command("list")
@click.argument("client", required=False)
@environments_option
@config_option
@output_option
def list_command(
    client: str | None, patterns: Sequence[str], config: Path | None, output: FormatChoice
) -> int:
    """Show the lifetime of every client, or of CLIENT, in every environment.

    CLIENT is a ClientId, or a ClientName or glob. With one environment the ClientIds are shown.
    """
    lifetimes, errors = list_lifetimes(read_environments(config, patterns), client)
    return show(Result("lifetime list", lifetimes, errors), output)


@lifetime.command("set")
@click.argument("client")
@click.argument("duration", type=DURATION)
@written_environments_option
@click.option("--dry-run", is_flag=True, help="Take the same path, then roll back.")
@click.option("--expect", type=DURATION, metavar="OLD", help="Only if the lifetime is OLD now.")
@click.option("--all-matches", is_flag=True, help="Change every client that CLIENT matches.")
@click.option("--override-policy", is_flag=True, help="Accept a lifetime outside the policy.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask, in protected environments either.")
@click.option("--no-verify", is_flag=True, help="Do not prove the change by a fresh token.")
@click.option(
    "--wait",
    type=DURATION,
    default=0,
    metavar="DURATION",
    help="Keep asking for fresh tokens while a cache still gives the old lifetime.",
)
@click.option(
    "--lock-timeout",
    type=DURATION,
    default=int(LOCK_TIMEOUT),
    metavar="DURATION",
    help="How long to wait for another change to end.  [default: 10s]",
)
@click.option("--no-journal", is_flag=True, help="Keep no record: the only way in this version.")
@config_option
@output_option
def set_command(
    client: str,
    duration: int,
    patterns: Sequence[str],
    all_envs: bool,
    yes: bool,
    no_verify: bool,
    no_journal: bool,  # noqa: ARG001 (there is no journal yet to leave out)
    config: Path | None,
    output: FormatChoice,
    **options: bool | int,
) -> int:
    """Change the lifetime of CLIENT to DURATION, and prove it by a fresh token.

    CLIENT is a ClientId, or a ClientName or glob. DURATION is 1800, 90s, 30m, 2h, 1d or 1h30m.
    """
    environments = written_environments(config, patterns, all_envs=all_envs)
    if not yes and not options["dry_run"]:
        _require_terminal(environments)
    change_sets, errors = set_lifetimes(
        environments,
        client,
        duration,
        ChangeOptions(verify=not no_verify, **options),  # type: ignore[arg-type]
        confirm=_confirm_anything if yes else _confirm,
        progress=say,
    )
    return show(Result("lifetime set", change_sets, errors), output)


def _confirm_anything(environment: Environment, changes: Sequence[Change]) -> None:
    """Take --yes for the answer."""


def _require_terminal(environments: Sequence[Environment]) -> None:
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


def _confirm(environment: Environment, changes: Sequence[Change]) -> None:
    """Ask before a write to a protected environment.

    Raises:
        Interrupted: the answer was no.
    """
    if not environment.protected:
        return
    for change in changes:
        label = change.name or change.client_id
        say(f"{environment.name}: {label}  {change.old} s → {change.new} s")
    refused = Interrupted("Not confirmed. Nothing was written.", environment=environment.name)
    try:
        if not click.confirm(f"{environment.name} is protected. Change it?", err=True):
            raise refused
    except click.Abort:
        raise refused from None
