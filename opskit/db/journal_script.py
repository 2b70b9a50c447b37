# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The journal's schema as a script that a DBA runs with psql or sqlcmd.

It is one transaction under the lock that changes take, and asks before each step whether it is
still to be taken: running it again changes nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from textwrap import indent

from opskit import __version__
from opskit.db.migration import rendered, revisions
from opskit.db.statements import locking, statement

_LOCKED = "Another change is under way; nothing was changed. Try again."
_OTHER = f"The journal is of a revision that opskit {__version__} does not know."


@dataclass(frozen=True)
class _Dialect:
    """How a dialect says what the two scripts consist of.

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


_DIALECTS: Mapping[str, _Dialect] = {
    "postgresql": _Dialect(
        how="psql -v ON_ERROR_STOP=1 -d DATABASE -f THIS_FILE",
        begin="BEGIN;\nSET LOCAL lock_timeout = '10s';\n" + f"{locking('postgresql', 10_000)};",
        block="DO $opskit$\nBEGIN\n{body}\nEND\n$opskit$;",
        condition="IF {condition} THEN\n{body}\nEND IF;",
        missing="to_regclass('opskit.alembic_version') IS NULL",
        fail="RAISE EXCEPTION '{message}';",
        end="COMMIT;",
    ),
    # One batch: after an error sqlcmd would go on behind a GO, outside of the transaction.
    "mssql": _Dialect(
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


def upgrade_script(dialect: str) -> str:
    """Return the script that makes the journal or brings it up to date."""
    says, names = _DIALECTS[dialect], list(revisions())
    steps = []
    for before, after in zip([None, *names], names, strict=False):
        due = says.missing if before is None else _at(before)
        steps.append(_step(says, due, rendered(dialect, before or "base", after)))
    steps.append(_step(says, f"NOT {_at(names[-1])}", says.fail.format(message=_OTHER)))
    head = f"""\
-- opskit {__version__}: makes the journal, or brings it up to revision {names[-1]}.
-- Run it with: {says.how}
-- It is one transaction, and changes nothing where it ran before."""
    schema = f"{statement(dialect, 'setup/create_schema').strip()};"
    return _script(says, head, schema, says.block.format(body="\n".join(steps)))


def downgrade_script(dialect: str) -> str:
    """Return the script that removes the journal with all its records."""
    says, names = _DIALECTS[dialect], ["base", *revisions()]
    steps = [_step(says, f"NOT {_known(names[1:])}", says.fail.format(message=_OTHER))]
    for after, before in reversed(list(pairwise(names))):
        steps.append(_step(says, _at(before), rendered(dialect, before, after)))
    steps.append("DROP TABLE opskit.alembic_version;")
    everything = _step(says, f"NOT ({says.missing})", "\n".join(steps))
    head = f"""\
-- opskit {__version__}: REMOVES the journal AND ALL ITS RECORDS. Keep a copy of
-- opskit.lifetime_change if anybody may ask later who changed what.
-- Run it with: {says.how}
-- It is one transaction, and changes nothing where there is no journal."""
    schema = f"{statement(dialect, 'setup/drop_schema').strip()};"
    return _script(says, head, says.block.format(body=everything), schema)


def _script(says: _Dialect, head: str, *parts: str) -> str:
    return "\n\n".join([head, says.begin, *parts, says.end]) + "\n"


def _step(says: _Dialect, condition: str, statements: str) -> str:
    lines = [line.rstrip() for line in statements.splitlines() if line.strip()]
    return says.condition.format(condition=condition, body=indent("\n".join(lines), "  "))


def _at(revision: str) -> str:
    return _known([revision])


def _known(names: list[str]) -> str:
    quoted = ", ".join(f"'{name}'" for name in names)
    there = "SELECT 1 FROM opskit.alembic_version WHERE version_num"
    return f"EXISTS ({there} IN ({quoted}))"
