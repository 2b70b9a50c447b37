# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What a command's process allows itself before it asks many environments at once."""

import gc

from opskit.http import CONNECTIONS

_SPARE = 64  # files that are open besides
_ALLOCATIONS = 50_000  # before the collector looks for cycles; Python's own 700 suits small heaps


def make_room(environments: int) -> None:
    """Let the process keep the connections of so many environments open, and collect rarely.

    The collector would go through all waiting requests again and again, a sixth of the time that
    a fleet takes. Where the system allows fewer open files, the command does with these.
    """
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return
    wanted = environments * CONNECTIONS + _SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS allows less than it says
        return
