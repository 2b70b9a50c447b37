# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What doctor says of the configuration and of the login's rights."""

from collections.abc import Mapping

from opskit.explain.kinds import Explanation
from opskit.models import Certainty

FINDINGS: Mapping[str, Explanation] = {
    "tls-unverified": Explanation(
        symptom="TLS certificates are not verified here.",
        cause="insecure = true: anybody in between can read the client's secret and the tokens.",
        remedy='Name the company\'s own authority with ca_file = "…" and remove insecure.',
    ),
    "tls-left-out": Explanation(
        symptom="Some connections are not encrypted and verified.",
        cause="For a host beyond this machine opskit.toml says http:// or a weak sslmode: anybody "
        "in between can read passwords, secrets and tokens.",
        remedy="Use https:// and sslmode=verify-full where the servers can; ca_file names a "
        "company's own authority.",
    ),
    "names-unreadable": Explanation(
        symptom="ClientName or Enabled may not be read.",
        cause="The login lacks SELECT on one of the two columns, or on both.",
        remedy="Clients are shown by their ids; grant SELECT on both columns to see names.",
    ),
    "write-right-missing": Explanation(
        symptom="The login may not change AccessTokenLifetime.",
        cause="It has no UPDATE right on that column: fine for a login that only looks.",
        remedy='To change lifetimes: GRANT UPDATE ("AccessTokenLifetime") ON "Clients" TO … .',
    ),
    "rights-too-wide": Explanation(
        symptom="The login may insert or delete clients.",
        cause="It has more rights than opskit ever uses.",
        remedy="Give opskit a login of its own: SELECT on the columns ClientId, ClientName, "
        "AccessTokenLifetime and Enabled, UPDATE on AccessTokenLifetime.",
    ),
    "lifetimes-outside-policy": Explanation(
        symptom="Some clients' lifetimes are outside the environment's policy.",
        cause="Probably they were set before there was a policy, with --override-policy, or by "
        "other means than opskit.",
        remedy="See them with opskit lifetime list; change them, or the policy.",
        certainty=Certainty.LIKELY,
    ),
    "journal-absent": Explanation(
        symptom="The database has no journal, so changes are refused.",
        cause="A change is recorded where it is made, and probably nobody has made the tables for "
        "it yet.",
        remedy="Make it with opskit db upgrade, or let a DBA run what its --sql prints. If one was "
        "made, SQL Server hides it from a login without rights: let a DBA run opskit db role.",
        certainty=Certainty.LIKELY,
    ),
    "journal-differs": Explanation(
        symptom="The journal was made by another version of opskit, so changes are refused.",
        cause="An older one wants an upgrade; a newer one is unknown to this opskit.",
        remedy="See opskit db current: run opskit db upgrade, or update opskit here.",
    ),
    "journal-right-missing": Explanation(
        symptom="The login may not read the journal, add to it and note proofs, so changes fail.",
        cause="The journal is there, and the login has no rights on it, or not all.",
        remedy="Let a DBA give the login the role opskit_operator: opskit db role --login NAME, or "
        "what its --sql prints.",
    ),
}
