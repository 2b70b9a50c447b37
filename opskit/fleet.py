# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""One piece of work over several environments at once; one that fails hides no other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from opskit.check_options import JOBS
from opskit.durations import format_duration
from opskit.errors import Interrupted, OpskitError, UnreachableError, internal_error
from opskit.interruption import Stop
from opskit.models import EnvironmentReport, Report, Status
from opskit.progress import Progress, State, Step, silent
from opskit.settings import Environment
from opskit.threads import Threads, places

Found = TypeVar("Found")
Check = Callable[[Environment], Awaitable[EnvironmentReport]]


def at_once(
    environments: Sequence[Environment],
    look: Callable[[Environment], Found],
    *,
    stop: Stop | None = None,
) -> list[Found | OpskitError]:
    """Run ``look``, which waits for a database and writes nothing, in threads.

    Args:
        environments: where.
        look: what to do in each; after Ctrl-C it is left to itself.
        stop: learns of Ctrl-C, for what comes afterwards.

    Returns:
        What each environment gave, or its error, in the order of ``environments``.

    Raises:
        Interrupted: Ctrl-C was pressed before all were over.
    """
    stop = stop or Stop(silent)

    def one(environment: Environment) -> Found | OpskitError:
        try:
            with places:
                stop.check(environment.name)
                return look(environment)
        except OpskitError as error:
            error.environment = error.environment or environment.name
            return error
        except Exception as error:  # noqa: BLE001 (one environment must not hide the others)
            return internal_error(error, environment.name)

    with stop.by_ctrl_c():
        futures = [Threads().submit(one, environment) for environment in environments]
        stop.wait(futures)
        stop.check()
    return [future.result() for future in futures]


def in_turn(
    environments: Sequence[Environment],
    work: Callable[[Environment, Stop], Found],
    *,
    interrupted: str,
    progress: Progress = silent,
) -> tuple[list[Found], list[OpskitError]]:
    """Do ``work``, which writes, in one environment after the other.

    One that fails does not keep the others from theirs; Ctrl-C, or a question that was answered
    with no, does.

    Args:
        environments: where.
        work: what to do in each; what of it waits for a database is run by the Stop.
        interrupted: what to do after Ctrl-C; ``{}`` stands for the environment's name.
        progress: told each step.

    Returns:
        What was done, and one error for each environment where it could not be.
    """
    stop = Stop(progress)
    done: list[Found] = []
    errors: list[OpskitError] = []
    for environment in environments:
        name = environment.name
        try:
            done.append(work(environment, stop))
        except Interrupted as error:
            error.environment = name
            errors.append(error)
            break
        except KeyboardInterrupt:
            remedy = interrupted.format(name)
            errors.append(Interrupted(f"Interrupted in {name}.", remedy=remedy, environment=name))
            break
        except OpskitError as error:
            error.environment = name
            errors.append(error)
        except Exception as error:  # noqa: BLE001 (one environment must not hide the others)
            errors.append(internal_error(error, name))
    if stop.asked and not any(isinstance(error, Interrupted) for error in errors):
        errors.append(Interrupted("Interrupted; what was under way was done first, as shown."))
    return done, errors


def check_all(
    environments: Sequence[Environment],
    check: Check,
    *,
    jobs: int | None = JOBS,
    time_limit: float | None = None,
    progress: Progress = silent,
) -> tuple[Report, list[OpskitError]]:
    """Run ``check`` over ``environments`` on one event loop.

    Args:
        environments: where.
        check: what to do in each.
        jobs: how many of them at a time; None when ``check`` itself sees to that.
        time_limit: seconds for all of them together; None sets none.
        progress: told which environments are over.

    Returns:
        The reports in the order of ``environments``, and one error for each environment whose
        check could not be made at all, or was not over when the time was, or at Ctrl-C.
    """
    places = asyncio.Semaphore(jobs or len(environments) or 1)

    async def one(environment: Environment) -> EnvironmentReport | OpskitError:
        progress(Step(environment.name, "", state=State.COMING))
        async with places:
            outcome = await _outcome(environment, check)
        progress(Step(environment.name, "", state=_state(outcome)))
        return outcome

    outcomes = asyncio.run(_until_stopped(environments, one, time_limit))
    report = Report([o for o in outcomes if isinstance(o, EnvironmentReport)])
    return report, [o for o in outcomes if isinstance(o, OpskitError)]


async def _outcome(environment: Environment, check: Check) -> EnvironmentReport | OpskitError:
    try:
        return await check(environment)
    except OpskitError as error:
        error.environment = error.environment or environment.name
        return error
    except Exception as error:  # noqa: BLE001 (one environment must not hide the others)
        return internal_error(error, environment.name)


def _state(outcome: EnvironmentReport | OpskitError) -> State:
    if isinstance(outcome, OpskitError):
        return State.FAILED
    failed = any(check.status is Status.FAIL for check in outcome.checks)
    return State.FAILED if failed else State.PASSED


async def _until_stopped(
    environments: Sequence[Environment],
    one: Callable[[Environment], Awaitable[EnvironmentReport | OpskitError]],
    time_limit: float | None,
) -> list[EnvironmentReport | OpskitError]:
    """Run all of them until they are over, the time is, or Ctrl-C comes."""
    asyncio.get_running_loop().set_default_executor(Threads())
    tasks = [asyncio.ensure_future(one(environment)) for environment in environments]
    interrupted = False
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=time_limit)
    except asyncio.CancelledError:  # how asyncio.run passes Ctrl-C on
        interrupted = True
    unfinished = [task for task in tasks if task.cancel()]
    if unfinished:
        await asyncio.wait(unfinished)  # they close their connections
    limit = None if interrupted else time_limit
    return [
        _outcome_of(task, environment, limit)
        for task, environment in zip(tasks, environments, strict=True)
    ]


def _outcome_of(
    task: asyncio.Future[EnvironmentReport | OpskitError],
    environment: Environment,
    time_limit: float | None,
) -> EnvironmentReport | OpskitError:
    if not task.cancelled():
        return task.result()
    if time_limit is None:
        words = f"Interrupted before {environment.name} was checked."
        return Interrupted(words, environment=environment.name)
    return UnreachableError(
        f"{environment.name} was not checked within {format_duration(round(time_limit))}.",
        remedy="Raise --time-limit, or see with -e what takes so long there.",
        environment=environment.name,
        code="time-limit",
    )
