# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Progress on standard error: a live table on a terminal, plain lines elsewhere.

What takes less than a second shows nothing.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from opskit.cli.output import say
from opskit.durations import format_duration
from opskit.progress import Step
from opskit.secrets import printable, redact

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_WORTH_SHOWING = 1.0  # seconds
_REMIND = 30.0  # seconds between plain lines on one wait

P = ParamSpec("P")
R = TypeVar("R")


@contextmanager
def shown_progress() -> Iterator["Display"]:
    """Show the steps that the display is told, until the block ends."""
    display = LiveDisplay() if sys.stderr.isatty() else PlainDisplay()
    display.start()
    try:
        yield display
    finally:
        display.stop()


class Display:
    """Takes the steps of all environments, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._steps: dict[str, tuple[Step, float]] = {}  # with the time when each began
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __call__(self, step: Step) -> None:
        """Take note of a step; a wait that goes on is still the same step."""
        with self._lock:
            before = self._steps.get(step.environment)
            goes_on = before is not None and before[0].words == step.words
            since = before[1] if before and goes_on else time.monotonic()
            self._steps[step.environment] = step, since

    def start(self) -> None:
        """Begin to watch for steps that take long."""
        self._ticker.start()

    def stop(self) -> None:
        """End, and clear what is not there to stay."""
        self._ended.set()
        self._ticker.join()

    def suspended(self, question: Callable[P, R]) -> Callable[P, R]:
        """Return ``question`` such that nothing is shown while it is asked."""

        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._lock:
                self._steps.clear()
                self.clear()
                return question(*args, **kwargs)

        return ask

    def show(self, steps: list[tuple[Step, float]]) -> None:
        """Show the steps that are under way, and how many seconds each has taken."""
        raise NotImplementedError

    def clear(self) -> None:
        """Take away what is not there to stay."""

    def _tick(self) -> None:
        while not self._ended.wait(0.2):
            with self._lock:
                now = time.monotonic()
                steps = [(step, now - since) for step, since in self._steps.values()]
                if any(taken > _WORTH_SHOWING for _, taken in steps):
                    self.show(steps)
        with self._lock:
            self.clear()


class LiveDisplay(Display):
    """A table with a line for each environment, which goes when the command ends."""

    def __init__(self) -> None:
        super().__init__()
        self._live: Live | None = None

    def show(self, steps: list[tuple[Step, float]]) -> None:
        """Draw the table anew."""
        from rich.console import Console
        from rich.live import Live

        if self._live is None:
            console = Console(stderr=True, highlight=False, markup=False, emoji=False)
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(_table(steps), refresh=True)

    def clear(self) -> None:
        """Remove the table."""
        if self._live is not None:
            self._live.stop()
            self._live = None


class PlainDisplay(Display):
    """A line for each step that takes long, and one now and then while it does."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], float] = {}

    def show(self, steps: list[tuple[Step, float]]) -> None:
        """Say what has not been said lately."""
        for step, taken in steps:
            key = step.environment, step.words
            if taken > _WORTH_SHOWING and taken > self._said.get(key, -_REMIND) + _REMIND:
                self._said[key] = taken
                say(f"{step.environment}: {step.words}{_left(step)}")


def _table(steps: list[tuple[Step, float]]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, show_header=False)
    for step, taken in steps:
        words = printable(redact(step.words)) + _left(step)
        table.add_row(Text(step.environment, "bold"), Text(words), Text(f"{taken:.0f} s", "dim"))
    return table


def _left(step: Step) -> str:
    if step.left is None:
        return ""
    return f" {format_duration(max(1, round(step.left)))} left"
