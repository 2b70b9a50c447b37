# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The role opskit_operator: what opskit's login needs day by day, and no more.

Making it takes a DBA's login. It adds what is missing and takes nothing away.
"""

from collections.abc import Callable, Sequence

from opskit.address import engine_of
from opskit.db.store import LOCK_TIMEOUT, ClientStore, open_store
from opskit.errors import JournalMissing, OpskitError, PermissionMissing, UsageError
from opskit.fleet import in_turn
from opskit.interruption import Stop
from opskit.journal import require_journal
from opskit.models import DbaScript, OperatorRole, OperatorRoles, Outcome
from opskit.progress import Progress, Step, silent
from opskit.secrets import printable
from opskit.settings import Environment

ROLE = "opskit_operator"

# Called before anything is written, and only when something is missing; raises to refuse it.
Confirm = Callable[[Environment], None]

_NEEDED = {
    "postgresql": "a superuser; or CREATEROLE, unless the role is there already, and the owner of "
    "Clients and of the schema opskit",
    "mssql": "a member of db_owner; or ALTER ANY ROLE, ALTER ANY USER for new users, and CONTROL "
    "of Clients and of the schema opskit",
}


def make_role(
    environments: Sequence[Environment],
    *,
    logins: Sequence[str] = (),
    diagnosis: bool = False,
    dry_run: bool = False,
    confirm: Confirm = lambda _: None,
    lock_timeout: float = LOCK_TIMEOUT,
    progress: Progress = silent,
) -> tuple[OperatorRoles, list[OpskitError]]:
    """Make the role, or add what it lacks, in one environment after the other.

    Args:
        environments: where; each one's login must be a DBA's.
        logins: who gets the role, too.
        diagnosis: whether the role may read what tells why a client gets no token.
        dry_run: take the same path and roll back.
        confirm: asked before a write.
        lock_timeout: seconds to wait for a change to end.
        progress: told each step.

    Returns:
        What was done, and one error for each environment where it could not be.
    """

    def attempt(environment: Environment, stop: Stop, *, commit: bool) -> list[str]:
        opened: ClientStore | None = None

        def grant() -> list[str]:
            nonlocal opened
            stop(Step(environment.name, "connecting"))
            with open_store(environment) as opened:
                stop(Step(environment.name, "waiting for the lock"))
                return _grant(opened, environment, logins, diagnosis, lock_timeout, commit=commit)

        cancel = lambda: opened is None or opened.cancel()  # noqa: E731
        return stop.run(environment.name, grant, cancel=cancel)

    def work(environment: Environment, stop: Stop) -> OperatorRole:
        try:
            # Looked at first, so that nobody else waits for us while we wait for an answer.
            gained = attempt(environment, stop, commit=False)
            if dry_run:
                outcome = Outcome.DRY_RUN if gained else Outcome.UNCHANGED
                return OperatorRole(environment.name, outcome, gained)
            if gained:
                confirm(environment)
            # Also when nothing seems to be missing: Babelfish does not tell a role's rights.
            gained = attempt(environment, stop, commit=True)
        except PermissionMissing as error:
            raise _not_allowed(error, environment) from None
        outcome = Outcome.CHANGED if gained else Outcome.UNCHANGED
        return OperatorRole(environment.name, outcome, gained)

    remedy = "Repeat the command for {}; what is there already stays as it is."
    done, errors = in_turn(environments, work, interrupted=remedy, progress=progress)
    return OperatorRoles(done), errors


def script(
    dialect: str,
    environments: Sequence[Environment],
    *,
    logins: Sequence[str] = (),
    diagnosis: bool = False,
) -> DbaScript:
    """Return what a DBA can run instead; needs neither a database nor a driver.

    Args:
        dialect: ``postgresql`` or ``mssql``.
        environments: whose ``schema`` it is for; none for the engine's own.
        logins: who gets the role, too.
        diagnosis: whether the role may read what tells why a client gets no token.

    Raises:
        UsageError: the environments have Clients in different schemas, or a login has no name that
            the server takes.
    """
    from opskit.export.role import role_script

    schemas = {environment.schema for environment in environments} or {None}
    if len(schemas) > 1:
        raise UsageError(
            "These environments have the table Clients in different schemas.",
            remedy="Print the script for one after the other.",
        )
    for login in logins:
        check_login(login, dialect)
    return DbaScript(dialect, role_script(dialect, schemas.pop(), logins, diagnosis=diagnosis))


def check_login(login: str, dialect: str) -> None:
    """Accept what the server takes for the name of a login as it is.

    Raises:
        UsageError: it would refuse or shorten it, or it is the role itself.
    """
    # PostgreSQL cuts off what is too long, and would give the role to somebody else.
    long = len(login.encode()) > 63 if dialect == "postgresql" else len(login) > 128
    if not login or long or printable(login) != login or set(login) & set("\n\t"):
        raise UsageError(
            f"{printable(login)!r} is no name of a login.",
            remedy="Name one that the server knows; PostgreSQL takes 63 bytes, SQL Server 128 "
            "characters.",
        )
    if login.casefold() == ROLE:
        raise UsageError(
            f"{ROLE} is the role itself, and nobody can log in as that.",
            remedy="Name the login that opskit uses day by day.",
        )


def _grant(
    store: ClientStore,
    environment: Environment,
    logins: Sequence[str],
    diagnosis: bool,
    lock_timeout: float,
    *,
    commit: bool,
) -> list[str]:
    """Add what is missing in one transaction; return it, sorted."""
    for login in logins:
        check_login(login, engine_of(environment.require("database")) or "postgresql")
    store.rights()  # says where Clients is, if it is not in the environment's schema
    try:
        require_journal(store, environment)
    except JournalMissing as error:
        raise _without_journal(error, environment) from None
    with store.change(lock_timeout=lock_timeout) as transaction:
        before = transaction.role()
        transaction.make_role(logins, diagnosis=diagnosis)
        gained = sorted(transaction.role() - before)
        if not commit:
            transaction.roll_back()
    return gained


def _without_journal(error: JournalMissing, environment: Environment) -> JournalMissing:
    if error.code != "journal-missing":
        return error
    name = environment.name
    return JournalMissing(
        f"The database of {name} has no journal yet, and the role is to have rights on it. "
        "Nothing was written.",
        remedy=f"Make the journal first: opskit db upgrade -e {name}",
        environment=name,
    )


def _not_allowed(error: PermissionMissing, environment: Environment) -> PermissionMissing:
    needed = _NEEDED[engine_of(environment.require("database")) or "postgresql"]
    error.remedy = (
        f"Making the role takes a DBA's login: {needed}. Give the environment such a login, or let "
        f"a DBA run what this prints: opskit db role --sql -e {environment.name}"
    )
    return error
