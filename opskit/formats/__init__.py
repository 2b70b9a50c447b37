# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How results look: one protocol, one file per format."""

from enum import StrEnum
from typing import Protocol

from opskit.results import Result


class Format(Protocol):
    """Turns a result into text."""

    def render(self, result: Result) -> str:
        """Return what goes to standard output."""
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
