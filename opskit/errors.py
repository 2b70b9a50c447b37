# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Everything that opskit can refuse or fail to do, in one tree.

::

    OpskitError
    ├── UsageError             2   the command or the configuration asks for something impossible
    │   ├── ConfigError            opskit.toml is missing, malformed or incomplete
    │   ├── SecretError            a secret's reference leads nowhere
    │   ├── ClientNotFound         no such client, or more than one
    │   ├── PolicyError            the lifetime is outside the environment's policy
    │   ├── ProtectedError         a protected environment wants a confirmation
    │   ├── TableMissing           the database has no Clients table where we look
    │   └── JournalMissing         it has no journal, or one of another version of opskit
    ├── UnreachableError       3   an environment could not be reached or refused us
    │   ├── LoginRefused           wrong user, password or database
    │   ├── PermissionMissing      logged in, but a right is missing
    │   ├── NoAnswer               a web server gave no answer
    │   ├── DriverMissing          a Python package that the command needs is not installed
    │   └── SandboxError           the rehearsal environments could not be started
    ├── ConflictError          4   somebody else was faster: nothing was written
    │   ├── ValueChanged           the row no longer holds what was planned for
    │   └── LockHeld               another change is under way
    └── Interrupted          130   stopped by the user; the message says what was done by then

The number is the exit code. Failed checks are not errors: they are results (exit code 1), and so
are changes that are pending (exit code 5, where it was asked for).
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

EXIT_OK = 0
EXIT_CHECK_FAILED = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3
EXIT_CONFLICT = 4
EXIT_PENDING = 5
EXIT_INTERRUPTED = 130

_WORST_FIRST = (EXIT_USAGE, EXIT_CONFLICT, EXIT_UNREACHABLE, EXIT_CHECK_FAILED, EXIT_PENDING)


def worst_exit(codes: Iterable[int]) -> int:
    """Return the exit code that decides when several environments ended differently."""
    present = set(codes)
    return next((code for code in _WORST_FIRST if code in present), EXIT_OK)


class OpskitError(Exception):
    """What happened and why (the message), and what to do now (the remedy).

    Args:
        message: one or two sentences for a person; never contains a secret.
        remedy: the next step to take; empty when the message says it all.
        environment: the environment that it happened in, when it was in one.
        code: a stable name for programs; each class has its own default.
    """

    exit_code: ClassVar[int] = EXIT_USAGE
    code: str = "error"

    def __init__(
        self, message: str, *, remedy: str = "", environment: str | None = None, code: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.environment = environment
        if code:
            self.code = code


def internal_error(error: Exception, environment: str | None = None) -> OpskitError:
    """Return the error for a defect of opskit's own, with the defect as its cause."""
    wrapped = OpskitError(
        f"opskit itself failed: {type(error).__name__}: {error}",
        remedy="Please report this, with what `opskit --traceback …` shows.",
        environment=environment,
        code="internal",
    )
    wrapped.__cause__ = error
    return wrapped


class UsageError(OpskitError):
    """The command or the configuration asks for something impossible."""

    code = "usage"


class ConfigError(UsageError):
    """opskit.toml is missing, malformed or incomplete."""

    code = "config"


class SecretError(UsageError):
    """A secret's reference leads nowhere."""

    code = "secret"


class ClientNotFound(UsageError):
    """No such client in an environment, or more than one."""

    code = "client-not-found"


class PolicyError(UsageError):
    """The lifetime is outside the environment's policy."""

    code = "policy"


class ProtectedError(UsageError):
    """A protected environment wants a confirmation that was not given."""

    code = "protected"


class TableMissing(UsageError):
    """The database has no Clients table, or not the expected columns, where we look."""

    code = "table-missing"


class JournalMissing(UsageError):
    """The database has no journal, or one that another version of opskit made."""

    code = "journal-missing"


class UnreachableError(OpskitError):
    """An environment could not be reached or refused us."""

    exit_code = EXIT_UNREACHABLE
    code = "unreachable"


class LoginRefused(UnreachableError):
    """The server was reached and did not let us in: user, password or database are wrong."""

    code = "login-refused"


class PermissionMissing(UnreachableError):
    """We were let in, but a right on a table or column is missing."""

    code = "permission-missing"


class NoAnswer(UnreachableError):
    """A web server gave no answer; ``code`` is the id of the finding that explains it.

    ``evidence`` holds what was looked up about it, one sentence each.
    """

    evidence: Sequence[str] = ()


class DriverMissing(UnreachableError):
    """A Python package that the command needs is not installed."""

    code = "driver-missing"


class SandboxError(UnreachableError):
    """The rehearsal environments could not be started, reached or stopped."""

    code = "sandbox"


class ConflictError(OpskitError):
    """Somebody else was faster; nothing was written."""

    exit_code = EXIT_CONFLICT
    code = "conflict"


class ValueChanged(ConflictError):
    """A row no longer holds what the change was planned for."""

    code = "value-changed"


class LockHeld(ConflictError):
    """Another change is under way, or a row is locked by somebody else."""

    code = "lock-held"


class Interrupted(OpskitError):
    """Stopped by the user; the message says what was done by then, ``done`` holds it if any."""

    exit_code = EXIT_INTERRUPTED
    code = "interrupted"
    done: object = None
