# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What the commands share that check environments over the network: their options, and the run."""

import functools
import gc
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from opskit.check_options import JOBS, CheckOptions
from opskit.cli.options import Command, DurationType, check_not_both
from opskit.cli.progress import shown_progress
from opskit.settings import Environment

if TYPE_CHECKING:
    from opskit.errors import OpskitError
    from opskit.models import Report
    from opskit.patience import Examine

_ALLOCATIONS = 50_000  # before cycles are looked for; Python's own 700 suits small heaps

_OPTIONS = (
    click.option("--all-envs", is_flag=True, help="All environments, which is the default too."),
    click.option(
        "--wait",
        type=DurationType(least=0),
        default=0,
        metavar="DURATION",
        help="Keep trying for so long while an environment is warming up.",
    ),
    click.option(
        "--retry",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Try so often again where a restart explains the failure; --wait goes before it.",
    ),
    click.option(
        "--timeout",
        type=DurationType(least=1),
        metavar="DURATION",
        help="For one request; by default each environment's own.",
    ),
    click.option(
        "--time-limit",
        type=DurationType(least=1),
        metavar="DURATION",
        help="For the whole command; what is not over then is an error.",
    ),
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=1),
        default=JOBS,
        show_default=True,
        metavar="N",
        help="How many environments are checked at a time.",
    ),
    click.option(
        "--repeat",
        type=click.IntRange(min=1),
        default=1,
        metavar="N",
        help="Make the checks N times, and show how long they take.",
    ),
)


def check_options(command: Command) -> Command:
    """Add the options of every such command, which gets them as ``options``."""

    @functools.wraps(command)
    def with_options(
        patterns: Sequence[str],
        all_envs: bool,
        wait: int,
        retry: int,
        timeout: int | None,
        time_limit: int | None,
        jobs: int,
        repeat: int,
        **others: Any,
    ) -> Any:
        check_not_both(patterns, all_envs=all_envs)
        options = CheckOptions(wait, retry, timeout, time_limit, jobs, repeat)
        return command(patterns=patterns, options=options, **others)

    wrapped: Callable[..., Any] = with_options
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def check_shown(
    environments: Sequence[Environment], examine: "Examine", options: CheckOptions
) -> "tuple[Report, list[OpskitError]]":
    """Check ``environments``, and show how far it has come.

    Returns:
        As :func:`opskit.fleet.check_all`.
    """
    from opskit.patience import check_environments

    # The cycle collector would go through all waiting requests again and again: a sixth of the
    # time that a fleet takes.
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    with shown_progress() as display:
        return check_environments(environments, examine, options, display)
