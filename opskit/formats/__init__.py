# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How results look: one protocol, one file per format."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from opskit.results import Result


class Format(Protocol):
    """Turns a result into text."""

    def render(self, result: Result) -> str:
        """Return what goes to standard output, or into a report's file."""
        ...


class FormatChoice(StrEnum):
    """The values of ``-o``."""

    TABLE = "table"
    JSON = "json"

    def to_format(self) -> Format:
        """Return the format; imports only the one that is needed."""
        match self:
            case FormatChoice.TABLE:
                from opskit.formats.table import TableFormat

                return TableFormat()
            case FormatChoice.JSON:
                from opskit.formats.json import JsonFormat

                return JsonFormat()


@dataclass(frozen=True, slots=True)
class Run:
    """When a command ran, which reports say and a terminal need not.

    Attributes:
        began: when, in UTC.
        took: seconds until its result was there.
    """

    began: datetime
    took: float


class ReportChoice(StrEnum):
    """The reports that a command can write beside what it prints: ``--report-…``."""

    JUNIT = "junit"
    JSON = "json"
    HTML = "html"
    PROMETHEUS = "prometheus"

    def to_format(self, run: Run) -> Format:
        """Return the format; imports only the one that is needed."""
        match self:
            case ReportChoice.JUNIT:
                from opskit.formats.junit import JUnitFormat

                return JUnitFormat(run)
            case ReportChoice.JSON:
                from opskit.formats.json import JsonFormat

                return JsonFormat()
            case ReportChoice.HTML:
                from opskit.formats.html import HtmlFormat

                return HtmlFormat(run)
            case ReportChoice.PROMETHEUS:
                from opskit.formats.prometheus import PrometheusFormat

                return PrometheusFormat(run)
