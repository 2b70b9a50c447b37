# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The journal's schema as a script that a DBA runs with psql or sqlcmd.

It is one transaction under the lock that changes take, and asks before each step whether it is
still to be taken: running it again changes nothing.
"""

from itertools import pairwise

from opskit import __version__
from opskit.db.migration import rendered, revisions
from opskit.db.scripts import DIALECTS, assembled, step
from opskit.db.statements import statement

_OTHER = f"The journal is of a revision that opskit {__version__} does not know."


def upgrade_script(dialect: str) -> str:
    """Return the script that makes the journal or brings it up to date."""
    says, names = DIALECTS[dialect], list(revisions())
    steps = []
    for before, after in zip([None, *names], names, strict=False):
        due = says.missing if before is None else _at(before)
        steps.append(step(says, due, rendered(dialect, before or "base", after)))
    steps.append(step(says, f"NOT {_at(names[-1])}", says.fail.format(message=_OTHER)))
    head = f"""\
-- opskit {__version__}: makes the journal, or brings it up to revision {names[-1]}.
-- Run it with: {says.how}
-- It is one transaction, and changes nothing where it ran before."""
    schema = f"{statement(dialect, 'setup/create_schema').strip()};"
    return assembled(says, head, schema, says.block.format(body="\n".join(steps)))


def downgrade_script(dialect: str) -> str:
    """Return the script that removes the journal with all its records."""
    says, names = DIALECTS[dialect], ["base", *revisions()]
    steps = [step(says, f"NOT {_known(names[1:])}", says.fail.format(message=_OTHER))]
    for after, before in reversed(list(pairwise(names))):
        steps.append(step(says, _at(before), rendered(dialect, before, after)))
    steps.append("DROP TABLE opskit.alembic_version;")
    everything = step(says, f"NOT ({says.missing})", "\n".join(steps))
    head = f"""\
-- opskit {__version__}: REMOVES the journal AND ALL ITS RECORDS. Keep a copy of
-- opskit.lifetime_change if anybody may ask later who changed what.
-- Run it with: {says.how}
-- It is one transaction, and changes nothing where there is no journal."""
    schema = f"{statement(dialect, 'setup/drop_schema').strip()};"
    return assembled(says, head, says.block.format(body=everything), schema)


def _at(revision: str) -> str:
    return _known([revision])


def _known(names: list[str]) -> str:
    quoted = ", ".join(f"'{name}'" for name in names)
    there = "SELECT 1 FROM opskit.alembic_version WHERE version_num"
    return f"EXISTS ({there} IN ({quoted}))"
