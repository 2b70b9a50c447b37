# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit apply``: carry out a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from opskit.cli.changes import change_options, confirm, confirm_anything, require_terminal
from opskit.cli.options import (
    DurationType,
    check_named,
    config_option,
    lifetimes_option,
    output_option,
    read_desired,
    read_plan,
    written_environments_option,
)
from opskit.cli.output import show
from opskit.cli.progress import shown_progress
from opskit.cli.reports import FILES, Reports, report_options
from opskit.errors import OpskitError, UsageError
from opskit.formats import FormatChoice
from opskit.lifetime import ChangeOptions
from opskit.models import Plan
from opskit.results import Result
from opskit.settings import Environment


@click.command()
@click.argument("plan_file", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@lifetimes_option
@written_environments_option
@click.option("--smoke", is_flag=True, help="Check the data paths of a wave before the next one.")
@click.option(
    "--smoke-wait",
    type=DurationType(least=0),
    default=0,
    metavar="DURATION",
    help="Like --smoke, and keep trying for so long while an environment is warming up.",
)
@click.option("--revert-on-failure", is_flag=True, help="Undo the changes of a wave that fails.")
@click.option("--dry-run", is_flag=True, help="Take the same path, then roll back.")
@click.option("--override-policy", is_flag=True, help="Accept lifetimes outside the policy.")
@change_options
@config_option
@output_option
@report_options(*FILES)
def apply(
    plan_file: Path | None,
    lifetimes: Path | None,
    patterns: Sequence[str],
    all_envs: bool,
    smoke: bool,
    smoke_wait: int,
    revert_on_failure: bool,
    dry_run: bool,
    override_policy: bool,
    yes: bool,
    options: ChangeOptions,
    config: Path | None,
    output: FormatChoice,
    reports: Reports,
) -> int:
    """Carry out PLAN, a file that `opskit plan --out` wrote, wave by wave.

    Without PLAN, the desired state is planned and carried out in one go; then the environments
    must be named. Each wave is changed, proved by fresh tokens and, with --smoke, checked before
    the next begins; the first that fails is the last.
    """
    from opskit.apply import ApplyOptions, apply_plan

    if plan_file is not None and (all_envs or _given("lifetimes")):
        raise UsageError(
            "PLAN and -f, or --all-envs, exclude each other: the plan says what and where.",
            remedy="Leave one out; -e picks some of the plan's environments.",
        )
    if plan_file is not None:
        plan, environments = read_plan(config, plan_file, patterns)
        errors: Sequence[OpskitError] = ()
    else:
        plan, environments, errors = _planned(
            config, patterns, lifetimes, all_envs=all_envs, override_policy=override_policy
        )
    if errors:
        return show(reports.write(Result("apply", plan, errors)), output)
    if not dry_run and not yes:
        require_terminal(
            [environments[one.environment] for one in plan.environments if one.changes]
        )
    with shown_progress() as display:
        applied, errors = apply_plan(
            plan,
            environments,
            ApplyOptions(
                replace(options, dry_run=dry_run, override_policy=override_policy),
                smoke=smoke or smoke_wait > 0,
                smoke_wait=smoke_wait,
                revert_on_failure=revert_on_failure,
            ),
            confirm=confirm_anything if yes else display.suspended(confirm),
            progress=display,
        )
    return show(reports.write(Result("apply", applied, errors, plan=plan)), output)


def _given(parameter: str) -> bool:
    """Return whether an option stands on the command line, not only in the environment."""
    source = click.get_current_context().get_parameter_source(parameter)
    return source is click.core.ParameterSource.COMMANDLINE


def _planned(
    config: Path | None,
    patterns: Sequence[str],
    lifetimes: Path | None,
    *,
    all_envs: bool,
    override_policy: bool,
) -> tuple[Plan, Mapping[str, Environment], Sequence[OpskitError]]:
    from opskit.plan import make_plan

    check_named(patterns, all_envs=all_envs)
    chosen, desired = read_desired(config, patterns, lifetimes)
    plan, errors = make_plan(chosen, desired, override_policy=override_policy)
    return plan, {one.name: one for one in chosen}, errors
