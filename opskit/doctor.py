# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What works in an environment, and what to do about the rest; nothing is changed."""

import asyncio

import msgspec

from opskit.checks import failed, from_error, passed, skipped, warned
from opskit.db.store import ClientStore, open_store
from opskit.errors import OpskitError
from opskit.explain import finding
from opskit.http import Http
from opskit.models import Check, EnvironmentReport
from opskit.secrets import SecretRef
from opskit.settings import Environment
from opskit.smoke.runtime import find_api
from opskit.verify.discovery import NoDiscovery, discover


async def examine(environment: Environment) -> EnvironmentReport:
    """Check secrets, database, Identity Service and Creatio of one environment."""
    secrets = _secrets(environment)
    async with Http(environment) as http:
        database, *web = await asyncio.gather(
            asyncio.to_thread(_database, environment),
            _identity(http, environment),
            _creatio(http, environment),
        )
    return EnvironmentReport(environment.name, [_tls(environment), *secrets, *database, *web])


def _tls(environment: Environment) -> Check:
    if environment.insecure:
        return warned("config.tls", finding("tls-unverified"))
    return passed("config.tls", "certificates are verified")


def _secrets(environment: Environment) -> list[Check]:
    """Resolve every reference once; what they hold is not looked at."""
    references = [
        ("secrets.database", "", reference)
        for reference in (environment.database, environment.database_password)
        if isinstance(reference, SecretRef)
    ]
    references += [
        ("secrets.client", f"{client.name or client.id}: ", client.secret)
        for client in environment.clients
    ]
    checks = []
    for check_id, whose, reference in references:
        try:
            environment.resolve(reference)
            checks.append(passed(check_id, f"{whose}{reference}"))
        except OpskitError as error:
            checks.append(from_error(check_id, error))
    return checks


def _database(environment: Environment) -> list[Check]:
    if environment.database is None:
        return [skipped("database.login", "no database is configured")]
    try:
        with open_store(environment) as store:
            login = passed("database.login", store.server())
            try:
                return [login, *_rights(store), _policy(store, environment)]
            except OpskitError as error:
                return [login, from_error("database.read", error)]
    except OpskitError as error:
        return [from_error("database.login", error)]


def _rights(store: ClientStore) -> list[Check]:
    rights = store.rights()
    names = rights.may_read_names
    return [
        passed("database.read", "ClientId, ClientName, Enabled, AccessTokenLifetime")
        if names
        else warned("database.read", finding("names-unreadable")),
        passed("database.write", "AccessTokenLifetime")
        if rights.may_write
        else warned("database.write", finding("write-right-missing")),
        warned("database.least_privilege", finding("rights-too-wide"))
        if rights.may_do_more
        else passed("database.least_privilege", "no right to insert or delete"),
    ]


def _policy(store: ClientStore, environment: Environment) -> Check:
    clients = store.clients()
    outside = [client for client in clients if not environment.policy.allows(client.lifetime)]
    if outside:
        named = ", ".join(f"{client.label} ({client.lifetime} s)" for client in outside[:5])
        more = f" and {len(outside) - 5} more" if len(outside) > 5 else ""
        return warned("policy.lifetimes", finding("lifetimes-outside-policy", named + more))
    return passed("policy.lifetimes", f"{len(clients)} clients within the policy")


async def _identity(http: Http, environment: Environment) -> Check:
    if environment.identity is None:
        return skipped("identity.reachable", "identity is not set")
    found = await discover(http, environment.identity)
    if isinstance(found, NoDiscovery):
        return failed("identity.reachable", found.finding)
    return passed("identity.reachable", environment.identity)


async def _creatio(http: Http, environment: Environment) -> Check:
    if environment.creatio is None:
        return skipped("creatio.runtime", "creatio is not set")
    found, runtime = await find_api(http, msgspec.structs.replace(environment, runtime="auto"))
    if runtime.finding is not None:
        return failed("creatio.runtime", runtime.finding)
    configured, _ = await find_api(http, environment)
    if environment.runtime != "auto" and configured != found:
        words = f'runtime = "{environment.runtime}", but it is {runtime.summary}.'
        return failed("creatio.runtime", finding("runtime-differs", words))
    return passed("creatio.runtime", runtime.summary, runtime.elapsed)
