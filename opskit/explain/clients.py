# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Clients that get no token, and what stands in their rows."""

from collections.abc import Mapping

from opskit.explain.kinds import Explanation
from opskit.models import Certainty

FINDINGS: Mapping[str, Explanation] = {
    "invalid-client": Explanation(
        symptom="The token endpoint answers invalid_client.",
        cause="The client is unknown or disabled, its secret is wrong or expired, or its lifetime "
        "is 0 or less: the service says the same for all of these.",
        remedy="Look at the client's row first: opskit lifetime list. Then compare id and secret "
        "in opskit.toml with the integration's page in Creatio. Where `database` is configured and "
        "the login may read the client's tables, opskit names the cause itself.",
    ),
    "unauthorized-client": Explanation(
        symptom="The token endpoint answers unauthorized_client.",
        cause="The client lacks the client_credentials grant.",
        remedy="Give it that grant, or name another client in opskit.toml. Where `database` is "
        "configured, opskit looks which grants it has.",
    ),
    "invalid-scope": Explanation(
        symptom="The token endpoint answers invalid_scope.",
        cause="The scope asked for is wrong, or the client has none; on Creatio then probably the "
        "default resource was never created.",
        remedy="In Creatio: OAuth 2.0 integrated applications → Actions → Create default "
        "resource; then save the app again.",
        certainty=Certainty.LIKELY,
    ),
    "token-refused": Explanation(
        symptom="The token endpoint refuses the request.",
        cause="The request itself was not understood: probably another kind of server, or "
        "something in between changes the request.",
        remedy="Read the error's name; check the address in opskit.toml.",
        certainty=Certainty.LIKELY,
    ),
    "client-unknown": Explanation(
        symptom="The database has no client with the id that was refused.",
        cause="No row of Clients has that id; the same integration has another ClientId in every "
        "environment.",
        remedy="Correct the client's id in opskit.toml: it may be mistyped or another "
        "environment's, or the app was registered anew. The ids are in opskit lifetime list.",
    ),
    "client-disabled": Explanation(
        symptom="The client is disabled.",
        cause="Enabled is false in its row: the Identity Service refuses it as if it did not "
        "exist.",
        remedy="Switch the app on in Creatio (OAuth 2.0 integrated applications), or name another "
        "client in opskit.toml.",
    ),
    "lifetime-not-positive": Explanation(
        symptom="The client's AccessTokenLifetime is 0 or less.",
        cause="IdentityServer4 takes such a client for misconfigured, and refuses all of it as if "
        "its secret were wrong.",
        remedy="Set a lifetime: opskit lifetime set CLIENT 1h -e ENV.",
    ),
    "secret-missing": Explanation(
        symptom="The client has no shared secret.",
        cause="Its row demands a secret, and none is stored that could be compared.",
        remedy="Generate a secret on the app's page in Creatio, and give it to opskit.toml and to "
        "whoever uses the app.",
    ),
    "secret-wrong": Explanation(
        symptom="The secret is not the client's.",
        cause="The hash of the secret that opskit.toml leads to is not among the stored ones.",
        remedy="Take the secret from where it is kept (opskit.toml may lead to another client's, "
        "another environment's or an old one), or generate a new one on the app's page in "
        "Creatio; then correct what opskit.toml refers to.",
    ),
    "secret-expired": Explanation(
        symptom="The client's secret has expired.",
        cause="The secret is the right one, and its Expiration in ClientSecrets has passed.",
        remedy="Generate a new secret on the app's page in Creatio, and give it to opskit.toml and "
        "to whoever uses the app.",
    ),
    "secret-not-hashed": Explanation(
        symptom="What is stored as the client's secret is no hash.",
        cause="ClientSecrets holds what is not base64 of SHA-256 or SHA-512, and the Identity "
        "Service compares hashes only.",
        remedy="Generate a new secret on the app's page in Creatio. Take the stored one for "
        "leaked if it is the secret itself.",
    ),
    "grant-missing": Explanation(
        symptom="The client may not use the grant client_credentials.",
        cause="ClientGrantTypes does not hold client_credentials for this client.",
        remedy="Save the app again in Creatio with that grant, or name another client in "
        "opskit.toml.",
    ),
    "scope-none": Explanation(
        symptom="The client has no scope.",
        cause="ClientScopes holds none for this client; on Creatio probably the default resource "
        "was never created.",
        remedy="In Creatio: OAuth 2.0 integrated applications → Actions → Create default "
        "resource; then save the app again.",
        certainty=Certainty.LIKELY,
    ),
    "scope-not-allowed": Explanation(
        symptom="The client may not have the scope that opskit.toml asks for.",
        cause="ClientScopes holds others for this client.",
        remedy="Correct `scope` of the client in opskit.toml, which may be another environment's, "
        "or leave it out to get all that the client has.",
    ),
    "protocol-not-oidc": Explanation(
        symptom="The client is not one of OpenID Connect.",
        cause="ProtocolType in its row is not oidc, and the token endpoint serves no other.",
        remedy="Register the app anew in Creatio, or name another client in opskit.toml.",
    ),
    "client-sound": Explanation(
        symptom="The client is refused, and nothing is wrong with it in the database.",
        cause="Probably the Identity Service reads another database than the configured one, or "
        "still uses the client as it was before a change (a client-store cache keeps it for 15 "
        "minutes by default, if it is on).",
        remedy="Compare DatabaseConnectionString in the Identity Service's appsettings.json with "
        "`database` in opskit.toml; else wait a quarter of an hour, or restart the service.",
        certainty=Certainty.LIKELY,
    ),
    "auth-method-refused": Explanation(
        symptom="The client gets a token by one way of sending its secret, and not by the other.",
        cause="Id and secret are right. Probably something in between drops the Authorization "
        "header or changes the form, or the secret holds characters that get lost on that way.",
        remedy="Let the apps use the way that works; then look at the proxy in between.",
        certainty=Certainty.LIKELY,
    ),
    "client-not-in-database": Explanation(
        symptom="The database has no client with this id.",
        cause="The Identity Service knows the client, for it gave a token: probably the "
        "configured database is not that service's, or its client-store cache still holds a client "
        "that is gone.",
        remedy="Compare DatabaseConnectionString in the Identity Service's appsettings.json with "
        "`database` in opskit.toml; else verify again after a quarter of an hour.",
        certainty=Certainty.LIKELY,
    ),
    "lifetime-overtaken": Explanation(
        symptom="The lifetime was changed again before a fresh token could prove it.",
        cause="Somebody else has changed it meanwhile; the journal says who, if they used opskit.",
        remedy="See `opskit history`; then set it anew, or leave it.",
    ),
    "read-back-differs": Explanation(
        symptom="The database holds another lifetime than the one just committed.",
        cause="Probably somebody else changed it in the same moment, or a trigger changes what is "
        "written.",
        remedy="Look again with opskit lifetime list; find out who else writes to the table.",
        certainty=Certainty.LIKELY,
    ),
}
