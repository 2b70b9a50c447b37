# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How a command tells how far it has come."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What has become of an environment so far."""

    COMING = "to come"
    RUNNING = "under way"
    PASSED = "passed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """How far a command has come in an environment.

    Attributes:
        environment: where.
        words: what it does now, or waits for.
        left: seconds that it will go on waiting at the most; None when it does not wait.
        state: whether it is under way at all, or over.
        urgent: whether somebody waits to be told it, such as after Ctrl-C.
    """

    environment: str
    words: str
    left: float | None = None
    state: State = State.RUNNING
    urgent: bool = False


# Told each step before it is taken; an Interrupted that it raises stops the command there.
Progress = Callable[[Step], None]


def silent(_step: Step) -> None:
    """Take no notice."""
