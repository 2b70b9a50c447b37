# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What works in an environment, and what to do about the rest; nothing is changed."""

import asyncio
from collections.abc import Sequence

import msgspec

from opskit.checks import failed, from_error, passed, skipped, warned
from opskit.db.store import ClientStore, find_driver, open_store
from opskit.errors import OpskitError, PermissionMissing
from opskit.explain import finding
from opskit.http import Http
from opskit.journal_schema import REVISION, status_of
from opskit.models import Check, EnvironmentReport, JournalStatus, Status
from opskit.secrets import SecretRef
from opskit.settings import Environment
from opskit.smoke.runtime import find_api
from opskit.threads import in_database_thread
from opskit.verify.discovery import NoDiscovery, discover
from opskit.words import counted


async def examine(environment: Environment) -> EnvironmentReport:
    """Check secrets, database, Identity Service and Creatio of one environment."""
    secrets = await asyncio.to_thread(_secrets, environment)
    async with Http(environment) as http:
        database, *web = await asyncio.gather(
            in_database_thread(_database, environment, secret_known=_known(secrets)),
            _identity(http, environment),
            _creatio(http, environment),
        )
    return EnvironmentReport(environment.name, [_tls(environment), *secrets, *database, *web])


async def examine_offline(environment: Environment) -> EnvironmentReport:
    """Check secrets and driver of one environment without any connection to it."""
    secrets = await asyncio.to_thread(_secrets, environment)
    driver = await asyncio.to_thread(_driver, environment, secret_known=_known(secrets))
    return EnvironmentReport(environment.name, [_tls(environment), *secrets, driver])


def _tls(environment: Environment) -> Check:
    if environment.insecure:
        return warned("config.tls", finding("tls-unverified"))
    if plain := environment.plain_channels():
        words = f"Not encrypted and verified: {', '.join(plain)}."
        return warned("config.tls", finding("tls-left-out", words))
    return passed("config.tls", "every connection beyond this machine is verified")


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
    if not environment.clients:
        reason = "none is known: add [[environments.NAME.clients]] to verify, smoke and prove"
        checks.append(skipped("secrets.client", reason))
    for check_id, whose, reference in references:
        try:
            environment.resolve(reference)
            checks.append(passed(check_id, f"{whose}{reference}"))
        except OpskitError as error:
            checks.append(from_error(check_id, error))
    return checks


def _known(secrets: Sequence[Check]) -> bool:
    """Return whether all that the database's login consists of could be fetched."""
    return not any(c.id == "secrets.database" and c.status is Status.FAIL for c in secrets)


def _driver(environment: Environment, *, secret_known: bool) -> Check:
    if environment.database is None:
        return skipped("database.driver", "not configured: add database to change lifetimes")
    if not secret_known:
        return skipped("database.driver", "needs secrets.database")
    try:
        return passed("database.driver", find_driver(environment))
    except OpskitError as error:
        return from_error("database.driver", error)


def _database(environment: Environment, *, secret_known: bool) -> list[Check]:
    if environment.database is None:
        return [skipped("database.login", "not configured: add database to change lifetimes")]
    if not secret_known:
        return [skipped("database.login", "needs secrets.database")]
    try:
        with open_store(environment) as store:
            login = passed("database.login", f"{store.server()} through {store.driver()}")
            try:
                rights = [*_rights(store), _journal(store), _diagnosis(store)]
                return [login, *rights, _policy(store, environment)]
            except OpskitError as error:
                return [login, from_error("database.read", error)]
    except OpskitError as error:
        return [from_error("database.login", error)]


def _rights(store: ClientStore) -> list[Check]:
    rights = store.rights()
    names = rights.may_read_names
    if not rights.may_read:
        store.clients()  # raises what the server says of it
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


def _journal(store: ClientStore) -> Check:
    """Tell whether a change could be recorded; without that, there is none."""
    check_id, may = "database.journal", store.rights().may_journal
    try:
        revision = None if may is None else store.journal_revision()
    except PermissionMissing:
        may = False
    if may is False:
        return warned(check_id, finding("journal-right-missing"))
    match status_of(revision):
        case JournalStatus.CURRENT:
            return passed(check_id, f"revision {revision}, may be read and added to")
        case JournalStatus.MISSING:
            return warned(check_id, finding("journal-absent"))
    words = f"The journal is at revision {revision}; this opskit works with {REVISION}."
    return warned(check_id, finding("journal-differs", words))


def _diagnosis(store: ClientStore) -> Check:
    """Tell whether opskit could say why a client gets no token; that right is optional."""
    unread = store.client_details("", ("", "")).unread
    if unread:
        words = f"optional, and not granted: {', '.join(unread)}; see opskit db role --diagnosis"
        return skipped("database.diagnosis", words)
    return passed("database.diagnosis", "a client's secrets, grants and scopes")


def _policy(store: ClientStore, environment: Environment) -> Check:
    clients = store.clients()
    outside = [client for client in clients if not environment.policy.allows(client.lifetime)]
    if outside:
        named = ", ".join(f"{client.label} ({client.lifetime} s)" for client in outside[:5])
        more = f" and {len(outside) - 5} more" if len(outside) > 5 else ""
        return warned("policy.lifetimes", finding("lifetimes-outside-policy", named + more))
    return passed("policy.lifetimes", f"{counted(len(clients), 'client')} within the policy")


async def _identity(http: Http, environment: Environment) -> Check:
    if environment.identity is None:
        return skipped("identity.reachable", "not configured: add identity to verify tokens")
    found = await discover(http, environment.identity)
    if isinstance(found, NoDiscovery):
        return failed("identity.reachable", found.finding)
    return passed("identity.reachable", environment.identity)


async def _creatio(http: Http, environment: Environment) -> Check:
    if environment.creatio is None:
        return skipped("creatio.runtime", "not configured: add creatio for the smoke check")
    found, runtime = await find_api(http, msgspec.structs.replace(environment, runtime="auto"))
    if runtime.finding is not None:
        return failed("creatio.runtime", runtime.finding)
    if environment.runtime != "auto":
        configured, _ = await find_api(http, environment)
        if configured != found:
            words = f'runtime = "{environment.runtime}", but it is {runtime.summary}.'
            return failed("creatio.runtime", finding("runtime-differs", words))
    return passed("creatio.runtime", runtime.summary, runtime.elapsed)
