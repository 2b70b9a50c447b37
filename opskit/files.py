# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Files that are there as a whole or not at all."""

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in one step: whoever reads it sees the old content or the new.

    A file that is there keeps its permissions; a new one gets the usual ones.

    Raises:
        OSError: it cannot be written, or is no ordinary file; nothing has changed then.
    """
    target = Path(os.path.realpath(path))
    mode = _mode(target)
    # In the same folder, because only there is the replacement one step.
    passing = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with passing.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            passing.chmod(mode)
        passing.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            passing.unlink()
        raise


def _mode(target: Path) -> int | None:
    """Return the permissions of the file that is replaced; None where there is none.

    Raises:
        OSError: it is a folder or a device, which must not be replaced by a file.
    """
    try:
        found = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "It is no ordinary file")
    return stat.S_IMODE(found.st_mode)
