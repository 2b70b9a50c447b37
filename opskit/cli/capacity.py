# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What a command's process allows itself before it asks many environments at once."""

import gc

from opskit.http import CONNECTIONS

_SPARE = 64  # files that are open besides
_ALLOCATIONS = 50_000  # before the collector looks for cycles; Python's own 700 suits small heaps


def make_room(environments: int) -> int:
    """Make room for the connections of so many environments at once.

    The cycle collector, which would go through all waiting requests again and again, is told to
    come rarely: it takes a sixth of a fleet's time. And the limit of open files is raised as far
    as the system lets it be.

    Returns:
        How many environments there is room for.
    """
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
    try:
        import resource
    except ImportError:  # Windows, which has no such limit
        return environments
    wanted = environments * CONNECTIONS + _SPARE
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY or files >= wanted:
        return environments
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    except (OSError, ValueError):  # macOS allows less than it says
        wanted = files
    return max(1, min(environments, (wanted - _SPARE) // CONNECTIONS))
