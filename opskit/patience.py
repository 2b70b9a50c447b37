# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that wait for an environment which is warming up, and that measure one which is ready."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import msgspec

from opskit.capacity import room_for
from opskit.check_options import CheckOptions
from opskit.durations import format_duration
from opskit.errors import OpskitError, UnreachableError
from opskit.fleet import check_all
from opskit.http import Http
from opskit.latency import Runs
from opskit.models import Check, EnvironmentReport, Report, Status
from opskit.policy import Duration
from opskit.progress import Progress, Step, silent
from opskit.settings import Environment

# What is checked in one environment, over connections that the next run may use again.
Examine = Callable[[Environment, Http], Awaitable[EnvironmentReport]]

_PAUSES = (0.5, 1.0, 2.0, 4.0, 5.0)  # seconds before the next attempt; the last one from then on
_LONGEST = 60.0  # seconds that a server's Retry-After may ask for without a deadline
_ROOM = 1.0  # seconds that an attempt must have before the deadline
_GRACE = 0.5  # seconds after the deadline for requests to end by themselves


def check_environments(
    environments: Sequence[Environment],
    examine: Examine,
    options: CheckOptions,
    progress: Progress = silent,
) -> tuple[Report, list[OpskitError]]:
    """Check environments at once; those that are not ready again and again, if ``options`` say so.

    An environment takes one of ``options.jobs`` places, or of as many as there is room for, while
    it is examined, and none while it is only waited for.

    Returns:
        As :func:`opskit.fleet.check_all`, and beside the error of one that was stopped while it
        was waited for, the report of its last attempt.
    """
    if options.timeout is not None:
        timeout = Duration(options.timeout)
        environments = [msgspec.structs.replace(one, timeout=timeout) for one in environments]
    places = asyncio.Semaphore(room_for(min(len(environments), options.jobs)))

    attempts = {
        one.name: _Attempts(one, examine, options, places, progress) for one in environments
    }
    report, errors = check_all(
        environments,
        lambda one: attempts[one.name].report(),
        jobs=None,
        time_limit=options.time_limit,
        progress=progress,
    )
    reports = {one.environment: one for one in report.environments}
    for error in errors:
        last = attempts[error.environment or ""].last
        if last is not None:
            many = f"last of {last.attempts} attempts" if last.attempts > 1 else "only attempt"
            error.message += f" The {many}: {_failures(last)[0].summary}"
            reports[last.environment] = last
    return Report([reports[one.name] for one in environments if one.name in reports]), errors


async def pause(step: Step, seconds: float, progress: Progress) -> None:
    """Sleep; ``progress`` is told each second how much of the step's time is left."""
    now = time.monotonic()
    began, end = now, now + seconds
    while now < end:
        left = None if step.left is None else step.left - (now - began)
        progress(replace(step, left=left))
        await asyncio.sleep(min(1.0, end - now))
        now = time.monotonic()


class _Attempts:
    """The attempts at one environment, until it is ready or waiting cannot mend it.

    Attributes:
        last: what the last attempt found that failed; None before there is one.
    """

    def __init__(
        self,
        environment: Environment,
        examine: Examine,
        options: CheckOptions,
        places: asyncio.Semaphore,
        progress: Progress,
    ) -> None:
        self._environment = environment
        self._examine = examine
        self._options = options
        self._places = places
        self._progress = progress
        self._started = 0.0
        self._waited = 0.0
        self._attempts = 0
        self._retry_after = 0.0
        self._measured = False
        self.last: EnvironmentReport | None = None

    async def report(self) -> EnvironmentReport:
        """Return the report of the last attempt, and how long it was waited for.

        Raises:
            OpskitError: the environment cannot be checked at all.
        """
        report = await self._attempt(None)
        while (end := self._end(report)) is None:
            self.last = self._counted(report)
            await self._pause(report)
            report = await self._attempt(report)
        return replace(self._counted(report), gave_up=end or None)

    def _counted(self, report: EnvironmentReport) -> EnvironmentReport:
        return replace(report, attempts=self._attempts, waited=self._waited)

    def _end(self, report: EnvironmentReport) -> str | None:
        """Say why this is the last attempt, "" where nobody would expect another; else None."""
        failures, wait, retry = _failures(report), self._options.wait, self._options.retry
        if not failures or not self._options.patient or self._measured:
            return ""
        if last := next((check for check in failures if not _transient(check)), None):
            return f"waiting cannot mend {last.id}"
        if wait:
            return None if self._left() > self._room else f"{format_duration(round(wait))} are over"
        return None if self._attempts <= retry else f"all {self._attempts} attempts failed"

    async def _pause(self, report: EnvironmentReport) -> None:
        """Wait until the next attempt, which begins before the deadline."""
        seconds = _PAUSES[min(self._attempts, len(_PAUSES)) - 1]
        why = _failures(report)[0].summary
        if self._options.wait:
            left = self._left()
            seconds = min(max(seconds, self._retry_after), left - self._room)
            step = Step(self._environment.name, f"waiting: {why}", left)
        else:
            seconds = max(seconds, min(self._retry_after, _LONGEST))
            step = Step(self._environment.name, f"trying again: {why}")
        await pause(step, seconds, self._progress)

    async def _attempt(self, before: EnvironmentReport | None) -> EnvironmentReport:
        """Examine the environment once; ``before`` stands when others have taken the time."""
        async with self._places:
            now = time.monotonic()
            if before is None:
                self._started = now
                self._progress(Step(self._environment.name, "checking"))
            elif self._options.wait and self._left() <= self._room / 2:
                return before
            self._attempts, self._waited = self._attempts + 1, now - self._started
            try:
                return await self._bounded()
            except TimeoutError:
                if before is not None:
                    return before
        raise UnreachableError(
            f"The first attempt at {self._environment.name} did not end within "
            f"{format_duration(round(self._options.wait))}: its secret or its database is slow.",
            remedy="Raise --wait; run the secret's command by hand.",
            code="time-limit",
        )

    async def _bounded(self) -> EnvironmentReport:
        """Examine the environment before the deadline; as often as asked for once it is ready."""
        wait = self._options.wait
        deadline = self._started + wait if wait else None
        async with (
            asyncio.timeout(self._left() + _GRACE if wait else None) as limit,
            Http(self._environment, deadline) as http,
        ):
            report = await self._examine(self._environment, http)
            self._retry_after = http.retry_after
            if self._options.repeat > 1 and not _warming_up(report):
                limit.reschedule(None)
                http.deadline = None
                self._measured = True
                report = await self._repeated(http, report)
        return report

    async def _repeated(self, http: Http, first: EnvironmentReport) -> EnvironmentReport:
        runs = Runs()
        runs.add(first.checks)
        for run in range(2, self._options.repeat + 1):
            words = f"run {run} of {self._options.repeat}"
            self._progress(Step(self._environment.name, words))
            runs.add((await self._examine(self._environment, http)).checks)
        return replace(first, checks=runs.checks())

    @property
    def _room(self) -> float:
        """The seconds that an attempt must have before the deadline."""
        return min(_ROOM, self._options.wait / 5)

    def _left(self) -> float:
        return self._started + self._options.wait - time.monotonic()


def _failures(report: EnvironmentReport) -> list[Check]:
    return [check for check in report.checks if check.status is Status.FAIL]


def _transient(check: Check) -> bool:
    return check.finding is not None and check.finding.transient


def _warming_up(report: EnvironmentReport) -> bool:
    failures = _failures(report)
    return bool(failures) and all(map(_transient, failures))
