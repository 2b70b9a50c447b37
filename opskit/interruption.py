# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C while databases are at work: drivers run in threads, which no signal meets.

A signal that meets a driver in the middle of a call may end that call, and the driver may take
the exception for its own. So the thread that waits learns of Ctrl-C, and ends the work.
"""

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from opskit.errors import Interrupted, OpskitError
from opskit.progress import Progress, Step
from opskit.threads import Threads

R = TypeVar("R")

_LOOK = 0.1  # seconds; in pieces too because Windows lets no signal through before a wait ends
_PATIENCE = 3.0  # seconds that cancelled work may take to end


class Stop:
    """Passes Ctrl-C on to work that other threads do.

    It is a Progress: told a step after Ctrl-C, it ends the work there.

    Args:
        progress: told each step that may be taken.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.asked = False  # no Event, whose lock the interrupted thread might hold

    @classmethod
    def of(cls, progress: Progress) -> "Stop":
        """Return the one that ``progress`` is already, or a new one that tells it the steps."""
        return progress if isinstance(progress, cls) else cls(progress)

    def __call__(self, step: Step) -> None:
        """Tell a step, unless it shall not be taken any more.

        Raises:
            Interrupted: Ctrl-C was pressed.
        """
        self.progress(step)
        self.check(step.environment)

    def check(self, environment: str | None = None) -> None:
        """Go on only if nobody has pressed Ctrl-C.

        Raises:
            Interrupted: somebody has.
        """
        if self.asked:
            raise Interrupted("Interrupted; nothing was written.", environment=environment)

    def ask(self) -> None:
        """End everything soon, each change as a whole; once asked, it stays so."""
        self.asked = True

    @contextmanager
    def by_ctrl_c(self) -> Iterator[None]:
        """Let Ctrl-C ask for the end, rather than strike this thread anywhere."""
        in_main_thread = threading.current_thread() is threading.main_thread()
        # A script's background job is started deaf to the Ctrl-C that is meant for another.
        if not in_main_thread or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            yield
            return

        def ask(_signal: int, _frame: FrameType | None) -> None:
            self.ask()

        before = signal.signal(signal.SIGINT, ask)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def run(
        self,
        environment: str,
        work: Callable[[], R],
        *,
        cancel: Callable[[], bool] | None = None,
        left: Callable[[], OpskitError] | None = None,
    ) -> R:
        """Return what ``work`` does in a thread of its own, or end it after Ctrl-C.

        Args:
            environment: where.
            work: asks a database.
            cancel: makes the work end, and tells whether nothing was written; without it, work
                that Ctrl-C meets is left to itself.
            left: gives the error for work that does not end in spite of ``cancel``, if more can be
                said of it.

        Raises:
            Interrupted: it was left to itself before it was over.
        """
        with self.by_ctrl_c():
            self.check(environment)
            future = Threads().submit(work)
            self.wait([future])
            if self.asked and cancel is not None:
                if not future.done():
                    self.progress(Step(environment, "stopping …", _PATIENCE, urgent=True))
                    cancel()
                if not _over([future], _PATIENCE):
                    raise left() if left else _left(environment, prevented=cancel())
            elif self.asked:
                self.check(environment)
            return future.result()

    def wait(self, futures: Sequence[Future[R]]) -> None:
        """Wait until all of ``futures`` are over, or somebody presses Ctrl-C."""
        while not (self.asked or _over(futures, _LOOK)):
            pass


def _left(environment: str, *, prevented: bool) -> Interrupted:
    state = "nothing was written" if prevented else "whether it was written is not known yet"
    return Interrupted(f"Interrupted; {state}.", environment=environment)


def _over(futures: Sequence[Future[R]], seconds: float) -> bool:
    return not wait(futures, timeout=seconds).not_done
