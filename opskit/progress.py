# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How a command tells how far it has come."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """How far a command has come in an environment.

    Attributes:
        environment: where.
        words: what it does now, or waits for.
        left: seconds that it will go on waiting at the most; None when it does not wait.
    """

    environment: str
    words: str
    left: float | None = None


# Told each step before it is taken; an Interrupted that it raises stops the command there.
Progress = Callable[[Step], None]


def silent(_step: Step) -> None:
    """Take no notice."""
