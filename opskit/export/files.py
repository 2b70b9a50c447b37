# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Writing exported files: under names that every system takes, and whole or not at all."""

import re
from pathlib import Path

from opskit.errors import UsageError


def file_stem(name: str) -> str:
    """Return the name of an environment as a part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "environment"


def write_new(path: Path, text: str, *, force: bool = False) -> None:
    """Write a file, in a folder that is made if need be.

    Args:
        path: where.
        text: what.
        force: write over what is there.

    Raises:
        UsageError: it cannot be written, or is there already.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if force else "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(
            f"The file {path} cannot be written: {error.strerror}.",
            remedy="Name another folder with --out-dir, or check its permissions.",
            code="export-file",
        ) from None
