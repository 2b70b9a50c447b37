# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Files that were written for somebody else to use."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExportedScript:
    """A plan for one environment, as a script for a DBA.

    Attributes:
        environment: where it is to be run.
        changes: how many lifetimes it changes.
        path: the file; None when there is nothing to change.
        change_set: under which the journal will hold it; None without a file.
    """

    environment: str
    changes: int
    path: str | None = None
    change_set: str | None = None


@dataclass(frozen=True, slots=True)
class ExportedScripts:
    """The scripts of one plan, in the order in which they are to be run."""

    scripts: Sequence[ExportedScript]


@dataclass(frozen=True, slots=True)
class PostmanFiles:
    """What Postman needs to check one environment.

    Attributes:
        environment: its name.
        collection: the file with the requests, which several environments may share.
        variables: the file with this environment's addresses, to be imported as well.
    """

    environment: str
    collection: str
    variables: str


@dataclass(frozen=True, slots=True)
class PostmanExport:
    """The files that were written for Postman, one entry for each environment."""

    files: Sequence[PostmanFiles]


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a command wrote."""

    path: str
