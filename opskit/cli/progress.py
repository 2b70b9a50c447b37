# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Progress on standard error: a live table on a terminal, plain lines elsewhere.

What takes less than a second shows nothing, unless it is urgent, and a fleet shows as much as fits.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from opskit.cli.output import say
from opskit.durations import format_duration
from opskit.progress import State, Step
from opskit.secrets import printable, redact

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

_WORTH_SHOWING = 1.0  # seconds
_WORTH_A_LINE = 5.0  # seconds of work; a wait is worth one at once
_REMIND = 30.0  # seconds between plain lines on one wait, or on a fleet
_FLEET = 10  # environments; more of them get no lines of their own

Steps = list[tuple[Step, float]]  # with the seconds that each has taken
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
        self._began = time.monotonic()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def __call__(self, step: Step) -> None:
        """Take note of a step; a wait that goes on is still the same step."""
        with self._lock:
            before = self._steps.get(step.environment)
            goes_on = before and (before[0].words, before[0].state) == (step.words, step.state)
            since = before[1] if before and goes_on else time.monotonic()
            self._steps[step.environment] = step, since
            if step.urgent and not goes_on:
                self._show()

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

    def prepare(self) -> None:
        """Do what takes its time before the first steps can be shown."""

    def show(self, steps: Steps) -> None:
        """Show the steps that are under way, and how many seconds each has taken."""
        raise NotImplementedError

    def clear(self) -> None:
        """Take away what is not there to stay."""

    def _tick(self) -> None:
        self.prepare()
        while not self._ended.wait(0.2):
            with self._lock:
                self._show()
        with self._lock:
            self.clear()

    def _show(self) -> None:
        """Show the steps, if they are worth it."""
        now = time.monotonic()
        steps = [(step, now - since) for step, since in self._steps.values()]
        since = self._began if _is_fleet(steps) else now
        if any(
            step.urgent or max(taken, now - since) > _WORTH_SHOWING
            for step, taken in _running(steps)
        ):
            self.show(steps)


class LiveDisplay(Display):
    """A table with a line for each environment that is not over well; it goes with the command."""

    def __init__(self) -> None:
        super().__init__()
        self._live: Live | None = None

    def prepare(self) -> None:
        """Import what draws tables: whoever presses Ctrl-C shall not wait for that."""
        import rich.live  # noqa: F401

    def show(self, steps: Steps) -> None:
        """Draw the table anew."""
        from rich.console import Console
        from rich.live import Live

        if self._live is None:
            console = Console(stderr=True, highlight=False, markup=False, emoji=False)
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(_page(steps, self._live.console.size.height - 1), refresh=True)

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

    def show(self, steps: Steps) -> None:
        """Say what has not been said lately."""
        if len(steps) > _FLEET:
            taken = time.monotonic() - self._began
            self._say_once("", "", _counts(steps), taken, _WORTH_A_LINE)
            return
        for step, taken in _running(steps):
            line = " ".join(filter(None, [f"{step.environment}: {step.words}", _left(step)]))
            self._say_once(step.environment, step.words, line, taken, _worth_a_line(step))

    def _say_once(self, where: str, words: str, line: str, taken: float, worth: float) -> None:
        if taken >= worth and taken >= self._said.get((where, words), -_REMIND) + _REMIND:
            self._said[where, words] = taken
            say(line)


def _worth_a_line(step: Step) -> float:
    """Return the seconds after which a step is told in a line of its own."""
    if step.urgent:
        return 0
    return _WORTH_A_LINE if step.left is None else _WORTH_SHOWING


def _running(steps: Steps) -> Steps:
    """Return the steps that are under way, the longest first."""
    running = [(step, taken) for step, taken in steps if step.state is State.RUNNING]
    return sorted(running, key=lambda each: -each[1])


def _is_fleet(steps: Steps) -> bool:
    """Return whether some environments are yet to come, or over."""
    return any(step.state is not State.RUNNING for step, _ in steps)


def _counts(steps: Steps) -> str:
    """Say how far a fleet has come."""
    counts = Counter(step.state for step, _ in steps)
    parts = [f"{counts[state]} {state}" for state in reversed(State) if counts[state]]
    waiting = sum(step.left is not None for step, _ in _running(steps))
    if waiting:
        parts.append(f"{waiting} of these waiting")
    return f"{len(steps)} environments: {', '.join(parts)}"


def _page(steps: Steps, height: int) -> "Group":
    """Return at most ``height`` lines: those under way, the failed, and a count of a fleet."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    lines = _running(steps) + [each for each in steps if each[0].state is State.FAILED]
    below = [Text(_counts(steps))] if _is_fleet(steps) else []
    room = max(height - len(below), 1)
    if len(lines) > room:
        below.insert(0, Text(f"and {len(lines) - room + 1} more", "dim"))
        lines = lines[: room - 1]
    table = Table(box=None, pad_edge=False, show_header=False)
    # Where they do not fit, the words are cut and the seconds stay.
    for header, whole in (("environment", True), ("words", False), ("seconds", True)):
        table.add_column(header, no_wrap=whole, overflow="ellipsis")
    for step, taken in lines:
        failed = step.state is State.FAILED
        words = "failed" if failed else printable(redact(step.words))
        seconds = "" if failed else _left(step) or f"{taken:.0f} s"
        shown = Text(words, no_wrap=True, overflow="ellipsis")
        table.add_row(Text(step.environment, "bold"), shown, Text(seconds, "dim"))
    return Group(table, *below)


def _left(step: Step) -> str:
    if step.left is None:
        return ""
    return f"{format_duration(max(1, round(step.left)))} left"
