# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Threads that nobody has to wait for, and how many of them may ask databases at a time."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

DATABASES = 16  # connections at a time, since environments may share a server
places = threading.BoundedSemaphore(DATABASES)


async def in_database_thread(work: Callable[P, R], /, *arguments: P.args, **named: P.kwargs) -> R:
    """Run ``work``, which keeps one connection to a database, in a thread, when it is its turn."""

    def in_turn() -> R:
        with places:
            return work(*arguments, **named)

    return await asyncio.to_thread(in_turn)


class Threads(ThreadPoolExecutor):
    """A thread for each piece of work, which ends with the program at the latest.

    An event loop's own pool has a few threads only (six on two cores): slow commands for secrets
    would hold up database reads and name look-ups. And its threads are waited for at the end of
    the program, whatever time limit it has. Here the callers bound how much goes on at once.
    """

    def submit(self, fn: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start a thread for ``fn`` at once."""
        future: Future[R] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 (as the base class does)
                future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return future
