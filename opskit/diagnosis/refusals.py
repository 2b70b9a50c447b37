# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Why a client gets no token: its rows in the database say what the token endpoint does not."""

import base64
import hashlib
from dataclasses import replace

from opskit.db.store import open_store
from opskit.diagnosis.row import REFUSALS, Rows, judge, unknown
from opskit.errors import OpskitError
from opskit.models import Finding
from opskit.secrets import Secret
from opskit.settings import Environment, KnownClient
from opskit.threads import in_database_thread


async def name_cause(
    environment: Environment, client: KnownClient, secret: Secret, found: Finding
) -> Finding:
    """Return the cause that the database shows for a refusal; ``found`` itself without one.

    Args:
        environment: where the client was refused.
        client: which one.
        secret: what was sent for it; the database gets its hashes to compare, and nothing else.
        found: the finding of the token endpoint's answer.
    """
    if found.id not in REFUSALS or environment.database is None:
        return found
    return await in_database_thread(_name_cause, environment, client, secret, found)


def _name_cause(
    environment: Environment, client: KnownClient, secret: Secret, found: Finding
) -> Finding:
    try:
        with open_store(environment) as store:
            clients = store.clients()
            row = next((one for one in clients if one.client_id == client.id), None)
            if row is None:
                return unknown(found, client, clients)
            rows = Rows(row, store.client_details(client.id, _hashes(secret)))
    except OpskitError as error:
        return replace(found, evidence=(f"The database could not be asked: {error.message}",))
    grants = "opskit db role --diagnosis"
    return judge(found, client, rows, environment=environment.name, grants=grants)


def _hashes(secret: Secret) -> list[str]:
    """Return the secret as IdentityServer4 may have stored it."""
    content = secret.reveal().encode()
    digests = (hashlib.sha256(content).digest(), hashlib.sha512(content).digest())
    hashes = [Secret(base64.b64encode(digest).decode()) for digest in digests]
    return [one.reveal() for one in hashes]
