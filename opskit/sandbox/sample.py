# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A sample lifetimes.toml beside the sandbox's opskit.toml; once edited it is the user's own."""

import contextlib
from pathlib import Path

_TEXT = """\
# The lifetimes that there shall be. Edit them, then try "opskit plan" and "opskit apply".
# A client is named by its ClientId, or by its ClientName or a glob.

[[clients]]
client = "Data Mart Sync"
lifetime = "30m"
environments = { prod = "15m" }

[[clients]]
client = "Telephony Bridge"
lifetime = "1h"
"""


def write_sample(path: Path) -> None:
    """Write the sample, unless there is such a file already."""
    with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
        file.write(_TEXT)


def remove_sample(path: Path) -> None:
    """Remove the sample, unless somebody has edited it."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == _TEXT:
            path.unlink()
