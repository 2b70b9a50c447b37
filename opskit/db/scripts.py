# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What the scripts that a DBA runs with psql or sqlcmd have in common.

Each is one transaction under the lock that changes take.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import indent

from opskit.db.statements import locking

_LOCKED = "Another change is under way; nothing was changed. Try again."


@dataclass(frozen=True)
class Dialect:
    """How a dialect says what a script consists of.

    Attributes:
        how: the command that runs the script.
        begin: opens the transaction and takes the lock.
        block: wraps what needs conditions.
        condition: a step under its condition.
        missing: the condition that there is no journal.
        fail: ends everything with a message.
        end: commits.
    """

    how: str
    begin: str
    block: str
    condition: str
    missing: str
    fail: str
    end: str


DIALECTS: Mapping[str, Dialect] = {
    "postgresql": Dialect(
        how="psql -v ON_ERROR_STOP=1 -d DATABASE -f THIS_FILE",
        begin="BEGIN;\nSET LOCAL lock_timeout = '10s';\n" + f"{locking('postgresql', 10_000)};",
        block="DO $opskit$\nBEGIN\n{body}\nEND\n$opskit$;",
        condition="IF {condition} THEN\n{body}\nEND IF;",
        missing="to_regclass('opskit.alembic_version') IS NULL",
        fail="RAISE EXCEPTION '{message}';",
        end="COMMIT;",
    ),
    # One batch: after an error sqlcmd would go on behind a GO, outside of the transaction.
    "mssql": Dialect(
        how="sqlcmd -b -d DATABASE -i THIS_FILE",
        begin=f"""\
SET NOCOUNT ON;
-- Any error rolls everything back and ends the script.
SET XACT_ABORT ON;
SET LOCK_TIMEOUT 10000;
BEGIN TRANSACTION;
{locking("mssql", 10_000)};
IF @result < 0
BEGIN
  THROW 50000, N'{_LOCKED}', 1;
END;""",
        block="{body}",
        condition="IF {condition}\nBEGIN\n{body}\nEND;",
        missing="OBJECT_ID(N'[opskit].[alembic_version]') IS NULL",
        fail="THROW 50000, N'{message}', 1;",
        end="COMMIT;\nGO",
    ),
}


def assembled(says: Dialect, head: str, *parts: str) -> str:
    """Return a script of ``parts``, below a comment that says what it does."""
    return "\n\n".join([head, says.begin, *parts, says.end]) + "\n"


def step(says: Dialect, condition: str, statements: str) -> str:
    """Return statements that run only under a condition."""
    lines = [line.rstrip() for line in statements.splitlines() if line.strip()]
    return says.condition.format(condition=condition, body=indent("\n".join(lines), "  "))
