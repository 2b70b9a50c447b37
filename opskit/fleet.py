# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""One piece of work over several environments at once; one that fails hides no other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from opskit.errors import OpskitError, internal_error
from opskit.models import EnvironmentReport, Report
from opskit.settings import Environment

JOBS = 16  # environments at a time

Found = TypeVar("Found")


def at_once(
    environments: Sequence[Environment], look: Callable[[Environment], Found]
) -> list[Found | OpskitError]:
    """Run ``look``, which waits for a database, in threads.

    Returns:
        What each environment gave, or its error, in the order of ``environments``.
    """

    def one(environment: Environment) -> Found | OpskitError:
        try:
            return look(environment)
        except OpskitError as error:
            error.environment = error.environment or environment.name
            return error
        except Exception as error:  # noqa: BLE001 (one environment must not hide the others)
            return internal_error(error, environment.name)

    with ThreadPoolExecutor(max_workers=JOBS) as pool:
        return list(pool.map(one, environments))


def check_all(
    environments: Sequence[Environment],
    check: Callable[[Environment], Awaitable[EnvironmentReport]],
) -> tuple[Report, list[OpskitError]]:
    """Run ``check`` over ``environments`` on one event loop.

    Returns:
        The reports in the order of ``environments``, and one error for each environment whose
        check could not be made at all.
    """
    places = asyncio.Semaphore(JOBS)

    async def one(environment: Environment) -> EnvironmentReport | OpskitError:
        async with places:
            try:
                return await check(environment)
            except OpskitError as error:
                error.environment = error.environment or environment.name
                return error
            except Exception as error:  # noqa: BLE001 (one environment must not hide the others)
                return internal_error(error, environment.name)

    async def all_of_them() -> list[EnvironmentReport | OpskitError]:
        return await asyncio.gather(*map(one, environments))

    outcomes = asyncio.run(all_of_them())
    report = Report([o for o in outcomes if isinstance(o, EnvironmentReport)])
    return report, [o for o in outcomes if isinstance(o, OpskitError)]
