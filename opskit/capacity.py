# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How many environments can be asked at once by a process that may open so many files."""

from opskit.http import CONNECTIONS

_SPARE = 64  # files that are open besides


def room_for(environments: int) -> int:
    """Make room for the connections of so many environments at once.

    The limit of open files is raised as far as need be and the system lets it be.

    Returns:
        How many environments there is room for.
    """
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
