# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""JSON: one document with the envelope of docs/json.md."""

import msgspec

from opskit import __version__
from opskit.results import Result
from opskit.secrets import redact


class JsonFormat:
    """Format for programs."""

    def render(self, result: Result) -> str:
        """Return one JSON document."""
        document = {
            "opskit": __version__,
            "command": result.command,
            "ok": result.ok,
            "data": result.data,
            "errors": [
                {
                    "code": error.code,
                    "environment": error.environment,
                    "message": redact(error.message),
                    "remedy": redact(error.remedy),
                }
                for error in result.errors
            ],
        }
        return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
