# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How checks are made: how patiently, how often, how many at a time."""

from dataclasses import dataclass

JOBS = 100  # environments at a time


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How ``verify`` and ``smoke`` go about their checks; all times in seconds.

    Attributes:
        wait: how long to go on trying an environment that is not ready; 0 does not wait.
        retry: how often to try such an environment again, without a deadline; ``wait`` rules.
        timeout: for one request; None leaves it to the environment.
        time_limit: for all environments together; None sets none.
        jobs: how many environments are checked at a time.
        repeat: how often each check is made, for latencies.
    """

    wait: float = 0
    retry: int = 0
    timeout: int | None = None
    time_limit: float | None = None
    jobs: int = JOBS
    repeat: int = 1

    @property
    def patient(self) -> bool:
        """Whether an environment that is not ready gets another attempt."""
        return self.wait > 0 or self.retry > 0
