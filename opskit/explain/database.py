# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Why the database could not be read: codes of errors that a check carries as its finding."""

from collections.abc import Mapping

from opskit.explain.kinds import Explanation
from opskit.models import Certainty

FINDINGS: Mapping[str, Explanation] = {
    "table-missing": Explanation(
        symptom="The database has no such table, or not with the columns that opskit reads.",
        cause="The wrong database or schema: the Identity Service may have its own, or live in "
        "Creatio's. By hand it is mostly a name without quotes, which PostgreSQL reads in lower "
        "case (SQLSTATE 42P01).",
        remedy="Correct `database` or `schema` in opskit.toml; the message says where a table of "
        "that name is.",
    ),
    "permission-missing": Explanation(
        symptom="The login works, and lacks a right on a table or column.",
        cause="A DBA has granted less than opskit reads or writes.",
        remedy="Let a DBA make the role opskit_operator (opskit db role, or what its --sql prints) "
        "and give it to the login.",
        unreachable=True,
    ),
    "login-refused": Explanation(
        symptom="The database refuses the login.",
        cause="Probably user or password are wrong, or the server lets this user in from "
        "elsewhere only.",
        remedy="Check the user in `database` and what `database_password` refers to; then "
        "pg_hba.conf, or SQL Server's error log.",
        unreachable=True,
        certainty=Certainty.LIKELY,
    ),
    "database-unknown": Explanation(
        symptom="The server has no database of that name, or hides it from this login.",
        cause="Probably a typing error in the address, or the address of another server.",
        remedy="Correct the name at the end of `database` in opskit.toml.",
        unreachable=True,
        certainty=Certainty.LIKELY,
    ),
    "database-unreachable": Explanation(
        symptom="The database server cannot be reached, or takes no logins now.",
        cause="Probably it is stopped or starting, listens elsewhere, or a firewall is in between.",
        remedy="Check the address in `database`; try it from this machine with psql or sqlcmd.",
        unreachable=True,
        transient=True,
        certainty=Certainty.LIKELY,
    ),
    "database-tls": Explanation(
        symptom="No verified TLS connection to the database came about.",
        cause="Probably the server's certificate is signed by an authority that this machine does "
        "not know, is made for another name, or the server has none.",
        remedy='Name the authority with ca_file = "…", or say in the address what you accept.',
        unreachable=True,
        certainty=Certainty.LIKELY,
    ),
    "database-gone": Explanation(
        symptom="The connection to the database was lost, or given up.",
        cause="Probably the server was restarted, the network broke, or a statement waited for too "
        "long.",
        remedy="See what is there now with opskit lifetime list; then try again.",
        unreachable=True,
        transient=True,
        certainty=Certainty.LIKELY,
    ),
}
