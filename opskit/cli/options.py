# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from opskit.durations import parse_duration
from opskit.errors import UsageError
from opskit.formats import FormatChoice
from opskit.policy import LARGEST
from opskit.settings import Environment

if TYPE_CHECKING:
    from opskit.config import Config
    from opskit.desired import DesiredState
    from opskit.models import Plan

Command = TypeVar("Command", bound=Callable[..., Any])


class DurationType(click.ParamType[int]):
    """A duration, as seconds; at least ``least`` of them."""

    name = "duration"

    def __init__(self, least: int | None = None) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds in ``value``."""
        try:
            seconds = parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if self.least is not None and seconds < self.least:
            self.fail(f"{value!r} is too short: at least {self.least}s", param, ctx)
        return seconds


class PatienceType(DurationType):
    """How long to wait at the most, as seconds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds in ``value``, which cannot be negative."""
        seconds = super().convert(value, param, ctx)
        if not 0 <= seconds <= LARGEST:
            self.fail(f"{value!r} is no time to wait: write 0 to {LARGEST} seconds", param, ctx)
        return seconds


DURATION = DurationType()
PATIENCE = PatienceType()


class MomentType(click.ParamType[datetime]):
    """A moment in the past, as an aware time."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the moment that ``value`` names: an ISO date or time, UTC without a zone."""
        text = str(value)
        try:
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except ValueError:
            pass
        try:
            return datetime.now(UTC) - timedelta(seconds=parse_duration(text))
        except (ValueError, OverflowError):
            self.fail(
                f"{text!r} is no moment: write 2026-01-31, 2026-01-31T14:00 or an age such as 30d",
                param,
                ctx,
            )


MOMENT = MomentType()


def config_option(command: Command) -> Command:
    """Add ``-c/--config``."""
    return click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path),
        envvar="OPSKIT_CONFIG",
        show_envvar=True,
        help="The opskit.toml to use, - for standard input; else the nearest upwards from here.",
    )(command)


def lifetimes_option(command: Command) -> Command:
    """Add ``-f/--file`` for commands that want the desired state."""
    return click.option(
        "-f",
        "--file",
        "lifetimes",
        metavar="FILE",
        type=click.Path(path_type=Path),
        envvar="OPSKIT_LIFETIMES",
        show_envvar=True,
        help="The desired state; else lifetimes.toml beside opskit.toml.",
    )(command)


def output_option(command: Command) -> Command:
    """Add ``-o/--output``."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice([choice.value for choice in FormatChoice]),
        default=FormatChoice.TABLE.value,
        show_default=True,
        callback=lambda _context, _parameter, value: FormatChoice(value),
        help="For people, or for programs.",
    )(command)


def environments_option(command: Command, *, by_default: str = " Default: all.") -> Command:
    """Add ``-e/--env`` for commands that read: all environments by default."""
    return click.option(
        "-e",
        "--env",
        "patterns",
        metavar="NAME",
        multiple=True,
        help=f"An environment's name or glob; repeatable.{by_default}",
    )(command)


def written_environments_option(command: Command) -> Command:
    """Add ``-e/--env`` and ``--all-envs`` for commands that write: one must be given."""
    command = click.option("--all-envs", is_flag=True, help="All environments.")(command)
    return environments_option(command, by_default="")


def client_option(command: Command) -> Command:
    """Add ``--client`` for commands that obtain a token."""
    return click.option(
        "--client",
        metavar="CLIENT",
        help="Whose token, by id or name in opskit.toml; by default each environment's first.",
    )(command)


def read_environments(config: Path | None, patterns: Sequence[str]) -> list[Environment]:
    """Load the configuration and return the environments that ``patterns`` name.

    Raises:
        ConfigError: the configuration is missing or wrong.
        UsageError: a pattern matches no environment.
    """
    from opskit.config import load_config

    return _chosen(load_config(config), patterns)


def read_desired(
    config: Path | None, patterns: Sequence[str], lifetimes: Path | None
) -> tuple[list[Environment], "DesiredState"]:
    """Load the configuration and the desired state.

    Returns:
        The environments that ``patterns`` name, in the order of opskit.toml, and what they shall
        hold.

    Raises:
        ConfigError: one of the files is missing or wrong.
        UsageError: a pattern matches no environment.
    """
    from opskit.config import load_config
    from opskit.desired import FILE_NAME, load_desired

    loaded = load_config(config)
    named = {environment.name for environment in _chosen(loaded, patterns)}
    everything = loaded.environments.values()
    desired = load_desired(lifetimes or loaded.folder / FILE_NAME, everything)
    return [environment for environment in everything if environment.name in named], desired


def read_plan(
    config: Path | None, plan_file: Path, patterns: Sequence[str]
) -> "tuple[Plan, Mapping[str, Environment]]":
    """Load a saved plan, or the part of it for the environments that ``patterns`` name.

    Raises:
        ConfigError: the configuration is missing or wrong.
        UsageError: the plan cannot be used, or a pattern matches none of its environments.
    """
    from opskit.config import load_config
    from opskit.plan_file import load_plan

    loaded = load_config(config)
    plan = load_plan(plan_file, loaded.environments)
    planned = [one.environment for one in plan.environments]
    chosen = {one.name: one for one in _chosen(loaded, patterns or planned)}
    parts = [one for one in plan.environments if one.environment in chosen]
    if not parts:
        raise UsageError(
            f"{plan_file} is for none of these environments, but for {', '.join(planned)}.",
            remedy="Name some of those with -e, or none for all of them.",
            code="unknown-environment",
        )
    return replace(plan, environments=parts), chosen


def _chosen(config: "Config", patterns: Sequence[str]) -> list[Environment]:
    chosen = config.select(patterns)
    for environment in chosen:
        if environment.insecure:
            click.secho(
                f"warning: TLS certificates of {environment.name} are not verified "
                "(insecure = true)",
                fg="yellow",
                err=True,
            )
    return chosen


def written_environments(
    config: Path | None, patterns: Sequence[str], *, all_envs: bool
) -> list[Environment]:
    """Like :func:`read_environments`, but never all of them by default.

    Raises:
        UsageError: no environment was named.
    """
    check_named(patterns, all_envs=all_envs)
    return read_environments(config, () if all_envs else patterns)


def check_named(patterns: Sequence[str], *, all_envs: bool) -> None:
    """Make sure that a command that writes was told where.

    Raises:
        UsageError: no environment was named, or all of them besides.
    """
    check_not_both(patterns, all_envs=all_envs)
    if not patterns and not all_envs:
        raise UsageError(
            "This command writes, so it wants to be told where.",
            remedy="Add -e NAME (repeatable, globs), or --all-envs.",
            code="environment-missing",
        )


def check_not_both(patterns: Sequence[str], *, all_envs: bool) -> None:
    """Make sure that a command was not told both some environments and all of them.

    Raises:
        UsageError: it was.
    """
    if patterns and all_envs:
        raise UsageError(
            "-e and --all-envs exclude each other.",
            remedy="Name the environments, or take all of them.",
            code="environment-missing",
        )
