# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The role opskit_operator as a script that a DBA runs with psql or sqlcmd.

It consists of the statements that opskit itself executes, with all names put in.
"""

import re
from collections.abc import Mapping, Sequence

from opskit import __version__
from opskit.db.scripts import DIALECTS, assembled, step
from opskit.db.statements import role_steps, statement
from opskit.export import postgresql, tsql

_NO_JOURNAL = "There is no journal yet: run what opskit db upgrade --sql prints first."
_HEAD = """\
-- opskit {version}: makes the role opskit_operator, which opskit's login needs day by day.
-- Run it with: {how}
-- It is one transaction, adds what is missing, takes nothing away, and may run twice."""
_TO_GIVE = {
    "postgresql": '-- Then give it to a login: GRANT "opskit_operator" TO "NAME";',
    "mssql": "-- Then give it to a login: CREATE USER [NAME] FOR LOGIN [NAME];\n"
    "--   ALTER ROLE [opskit_operator] ADD MEMBER [NAME];",
}


def role_script(dialect: str, schema: str | None, logins: Sequence[str], *, diagnosis: bool) -> str:
    """Return the whole script.

    Args:
        dialect: ``postgresql`` or ``mssql``.
        schema: of the table Clients; None for the engine's own.
        logins: who gets the role.
        diagnosis: whether the role may read what tells why a client gets no token.
    """
    says = DIALECTS[dialect]
    names = _names(dialect, schema)
    parts = [_filled(dialect, name, names) for name in role_steps(diagnosis=diagnosis)]
    parts += [_filled(dialect, "give_role", _names(dialect, schema, login)) for login in logins]
    head = _HEAD.format(version=__version__, how=says.how)
    if not logins:
        head += f"\n{_TO_GIVE[dialect]}"
    journal = step(says, says.missing, says.fail.format(message=_NO_JOURNAL))
    return assembled(says, head, says.block.format(body=journal), *parts)


def _names(dialect: str, schema: str | None, login: str = "") -> Mapping[str, str]:
    if dialect == "postgresql":
        quoted = postgresql.identifier
        return {"schema": quoted("public" if schema is None else schema), "login": quoted(login)}
    return {
        "schema": tsql.identifier("dbo" if schema is None else schema),
        "login": tsql.identifier(login),
        "name": tsql.literal(login),
    }


def _filled(dialect: str, name: str, names: Mapping[str, str]) -> str:
    text = statement(dialect, f"setup/{name}").strip()
    # In one go, so that what was put in is not read again.
    return re.sub(r"\{(\w+)\}", lambda hit: names[hit[1]], text) + ";"
