# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What a command hands to a format: its data, its errors, and the exit code that follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from opskit.errors import (
    EXIT_CHECK_FAILED,
    EXIT_INTERRUPTED,
    EXIT_PENDING,
    EXIT_UNREACHABLE,
    OpskitError,
    worst_exit,
)
from opskit.models import Applied, ChangeSets, Check, Plan, Report, Status


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one command.

    Attributes:
        command: its full name, such as ``lifetime set``.
        data: a data class of ``opskit.models`` or of the command's feature; None when it failed
            before it had any.
        errors: one for each environment that something went wrong in.
        pending_matters: whether changes that a plan would make decide the exit code.
        plan: what was carried out, for a report that shows what was left alone, too; None for what
            carries out none.
    """

    command: str
    data: Any = None
    errors: Sequence[OpskitError] = field(default=())
    pending_matters: bool = False
    plan: Plan | None = None

    @property
    def exit_code(self) -> int:
        """The worst of what happened, by the one order that all commands share."""
        codes = [error.exit_code for error in self.errors]
        if EXIT_INTERRUPTED in codes:
            return EXIT_INTERRUPTED
        for check in self._checks():
            if check.status is Status.FAIL:
                gone = check.finding is not None and check.finding.unreachable
                codes.append(EXIT_UNREACHABLE if gone else EXIT_CHECK_FAILED)
        if self.pending_matters and isinstance(self.data, Plan) and self.data.pending:
            codes.append(EXIT_PENDING)
        return worst_exit(codes)

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return self.exit_code == 0

    def _checks(self) -> Iterator[Check]:
        if isinstance(self.data, Report):
            yield from (check for one in self.data.environments for check in one.checks)
        elif isinstance(self.data, ChangeSets):
            yield from (check for one in self.data.change_sets for check in one.checks)
        elif isinstance(self.data, Applied):
            for done in (*self.data.change_sets, *self.data.reverted):
                yield from done.checks
            yield from (check for one in self.data.smoke for check in one.checks)
