# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Symptom → likely cause → remedy, as data.

Where the vendor's documentation or a captured answer proves a cause, it is stated; where it is
inferred, its text begins with "Probably", so that nobody takes a hypothesis for a fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opskit.models import Finding
from opskit.secrets import foreign


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row of knowledge.

    Attributes:
        symptom: what it looks like, in general.
        cause: what it means.
        remedy: what to do now.
        unreachable: True when the other side gave no answer at all.
        transient: True when a restart or a deploy explains it, so that waiting may help.
    """

    symptom: str
    cause: str
    remedy: str
    unreachable: bool = False
    transient: bool = False


def finding(finding_id: str, symptom: str = "", *, evidence: Sequence[str] = ()) -> Finding:
    """Return the explanation with this id, for a case of its own.

    Args:
        finding_id: one of ``EXPLANATIONS``.
        symptom: what was seen in this case.
        evidence: what was looked up to name the cause.
    """
    known = EXPLANATIONS[finding_id]
    return Finding(
        finding_id,
        foreign(symptom) or known.symptom,
        known.cause,
        known.remedy,
        known.unreachable,
        known.transient,
        tuple(map(foreign, evidence)),
    )


_NO_ANSWER: Mapping[str, Explanation] = {
    "host-unknown": Explanation(
        symptom="The host name is not known.",
        cause="A typing error in the address, or a name that only another network's DNS knows.",
        remedy="Check the address in opskit.toml; try the name from this machine.",
        unreachable=True,
    ),
    "connection-refused": Explanation(
        symptom="The connection was refused.",
        cause="The host is there, but nothing listens on that port: the service is stopped, is "
        "still starting, or listens elsewhere.",
        remedy="Start the service or correct the port; after a deploy, give it a minute.",
        unreachable=True,
        transient=True,
    ),
    "connection-failed": Explanation(
        symptom="No connection came about, or it broke off.",
        cause="The network, a firewall or a proxy in between, or a service that died meanwhile.",
        remedy="Try again; then look at the service's log and at the proxy's.",
        unreachable=True,
        transient=True,
    ),
    "timed-out": Explanation(
        symptom="No complete answer came in time.",
        cause="A firewall drops the packets, or the service is overloaded or still warming up.",
        remedy="Try again; raise `timeout` for this environment if it is known to be slow.",
        unreachable=True,
        transient=True,
    ),
    "tls-failed": Explanation(
        symptom="No verified TLS connection came about.",
        cause="The server's certificate: expired, made for another name, or signed by an "
        "authority that this machine does not know. It has nothing to do with credentials.",
        remedy="Renew or correct the certificate; name a company's own authority with ca_file = \""
        '…"; insecure = true turns verification off for this environment.',
        unreachable=True,
    ),
    "tls-not-spoken": Explanation(
        symptom="The port answers, but not with TLS.",
        cause="It probably serves plain HTTP: the address says https, or has the wrong port.",
        remedy="Correct the port, or write http:// if that service really has no TLS.",
        unreachable=True,
    ),
    "address-invalid": Explanation(
        symptom="That is not a web address.",
        cause="A typing error in opskit.toml, or in what the discovery document names.",
        remedy="Correct it where the message says.",
        unreachable=True,
    ),
}

_ANY_SERVER: Mapping[str, Explanation] = {
    "restarting": Explanation(
        symptom="The server answers 502, 503 or 504.",
        cause="The application behind it is restarting, or is down.",
        remedy="Wait a minute and try again; then look at the application's own log.",
        transient=True,
    ),
    "unexpected-status": Explanation(
        symptom="The server answers with another status than 200.",
        cause="The words of the answer say more; the address may lead to another service.",
        remedy="Read the answer's words; check the address in opskit.toml.",
    ),
    "redirect": Explanation(
        symptom="The server answers with a redirect, which opskit never follows.",
        cause="The address is not the final one: http instead of https, another host, or a proxy.",
        remedy="Put the address that it redirects to into opskit.toml.",
    ),
    "web-page": Explanation(
        symptom="A web page came instead of JSON.",
        cause="Probably a proxy, a maintenance page, or another application at that address.",
        remedy="Open the address in a browser to see who answers; correct it in opskit.toml.",
    ),
    "not-json": Explanation(
        symptom="The answer is not JSON.",
        cause="Probably another application at that address, or an answer cut short.",
        remedy="Read the answer's beginning; check the address in opskit.toml.",
    ),
    "answer-too-large": Explanation(
        symptom="The answer is larger than opskit reads.",
        cause="The service ignores the limit that it was asked for, or the rows are very large.",
        remedy="Ask for fewer columns or another entity in the environment's smoke settings.",
    ),
    "unexpected-shape": Explanation(
        symptom="The JSON has another shape than this service gives.",
        cause="Probably another application or version at that address, or an error in the "
        "envelope of a success.",
        remedy="Read the answer's beginning; check the path in the environment's smoke settings.",
    ),
}

_IDENTITY: Mapping[str, Explanation] = {
    "discovery-not-found": Explanation(
        symptom="There is no /.well-known/openid-configuration at that address.",
        cause="The address is not the Identity Service's: Creatio's own perhaps, or a path is "
        "missing. In the cloud, -is is added to the first label of Creatio's host name.",
        remedy="Correct `identity` in opskit.toml.",
    ),
    "discovery-incomplete": Explanation(
        symptom="The discovery document lacks fields.",
        cause="Another server answers, or something in between rewrites the document.",
        remedy="Compare with the document as the server itself gives it, on its own machine.",
    ),
    "issuer-differs": Explanation(
        symptom="The issuer is not the service's URL.",
        cause="Normal for Creatio, whose issuer is the bare word creatio.com.",
        remedy="Nothing to do, unless another client of yours insists on OpenID Connect's rule.",
    ),
    "internal-endpoints": Explanation(
        symptom="The discovery document names endpoints on a host that cannot be used from here.",
        cause="The Identity Service runs behind a proxy and does not know its public address.",
        remedy="Let the proxy pass X-Forwarded-Host and X-Forwarded-Proto (or the Host header), "
        "or set the service's public origin; opskit went on against the configured host.",
    ),
    "grant-not-offered": Explanation(
        symptom="The service does not offer the client_credentials grant.",
        cause="Another server answers, or its configuration was reduced.",
        remedy="Check the address, then the Identity Service's configuration.",
    ),
    "auth-method-not-offered": Explanation(
        symptom="The service does not offer both ways to send a client's secret.",
        cause="Another server answers, or its configuration was reduced.",
        remedy="Apps that use the missing way get invalid_client; let them use the other one.",
    ),
    "keys-unusable": Explanation(
        symptom="The key set holds no usable RSA key.",
        cause="The signing certificate is missing, or another server answers at jwks_uri.",
        remedy="Check X509CertificatePath in the Identity Service's appsettings.json.",
    ),
    "keys-weak": Explanation(
        symptom="A signing key is shorter than 2048 bits.",
        cause="The signing certificate was made with an outdated key length.",
        remedy="Make a new certificate with at least 2048 bits and restart the service.",
    ),
    "invalid-client": Explanation(
        symptom="The token endpoint answers invalid_client.",
        cause="The client is unknown or disabled, its secret is wrong or expired, or its lifetime "
        "is 0 or less: the service says the same for all of these.",
        remedy="Look at the client's row first: opskit lifetime list. Then compare id and secret "
        "in opskit.toml with the integration's page in Creatio.",
    ),
    "unauthorized-client": Explanation(
        symptom="The token endpoint answers unauthorized_client.",
        cause="The client lacks the client_credentials grant.",
        remedy="Give it that grant, or name another client in opskit.toml.",
    ),
    "invalid-scope": Explanation(
        symptom="The token endpoint answers invalid_scope.",
        cause="The scope asked for is wrong, or the client has none; on Creatio then probably the "
        "default resource was never created.",
        remedy="In Creatio: OAuth 2.0 integrated applications → Actions → Create default "
        "resource; then save the app again.",
    ),
    "token-refused": Explanation(
        symptom="The token endpoint refuses the request.",
        cause="The request itself was not understood: probably another kind of server, or "
        "something in between changes the request.",
        remedy="Read the error's name; check the address in opskit.toml.",
    ),
    "token-malformed": Explanation(
        symptom="The token answer lacks what it must hold.",
        cause="Probably another server at that address, or something that rewrites the answer.",
        remedy="Compare with what the service answers on its own machine.",
    ),
    "token-opaque": Explanation(
        symptom="The access token is no JWT.",
        cause="The client's AccessTokenType is 1 (reference tokens), which Creatio cannot check "
        "by signature.",
        remedy="Set the client back to JWT tokens in Creatio.",
    ),
    "scope-missing": Explanation(
        symptom="The token grants no scope.",
        cause="Probably the client has no scope of a Creatio resource.",
        remedy="In Creatio: OAuth 2.0 integrated applications → Actions → Create default "
        "resource; then save the app again.",
    ),
    "algorithm-unsafe": Explanation(
        symptom="The token is not signed with a public-key algorithm.",
        cause="An unsigned token, or one signed with a shared secret, can be forged.",
        remedy="Treat it as an incident: do not let anything accept such tokens; check who "
        "answers at the token endpoint.",
    ),
    "key-unknown": Explanation(
        symptom="The token is signed with a key that the key set does not hold.",
        cause="The signing certificate was replaced and the service not restarted, or a second "
        "instance behind the same address has another certificate.",
        remedy="Give all instances the same certificate and restart them; Creatio refuses such "
        "tokens.",
    ),
    "signature-wrong": Explanation(
        symptom="The token's signature does not fit the key that it names.",
        cause="Probably two instances with different certificates but the same key id.",
        remedy="Give all instances the same certificate and restart them; Creatio refuses such "
        "tokens.",
    ),
    "issuer-mismatch": Explanation(
        symptom="The token's iss is not the issuer of the discovery document.",
        cause="Token and document come from differently configured instances, or from another "
        "service.",
        remedy="Check what stands behind the address; resource servers refuse such tokens.",
    ),
    "lifetime-inconsistent": Explanation(
        symptom="expires_in and exp − iat of the same token differ.",
        cause="Something between here and the service rewrites the answer, or the service is "
        "not IdentityServer4.",
        remedy="Compare with what the service answers on its own machine.",
    ),
    "lifetime-stale": Explanation(
        symptom="A fresh token does not have the lifetime that the database holds.",
        cause="The Identity Service probably still uses a cached client (its client-store cache "
        "keeps one for 15 minutes by default, if it is on), or reads another database.",
        remedy="Wait it out (--wait 15m) or restart the Identity Service; then verify again.",
    ),
    "lifetime-overtaken": Explanation(
        symptom="The lifetime was changed again before a fresh token could prove it.",
        cause="Somebody else has changed it meanwhile; the journal says who, if they used opskit.",
        remedy="See `opskit history`; then set it anew, or leave it.",
    ),
    "read-back-differs": Explanation(
        symptom="The database holds another lifetime than the one just committed.",
        cause="Somebody else changed it in the same moment, or a trigger changes what is written.",
        remedy="Look again with opskit lifetime list; find out who else writes to the table.",
    ),
    "client-not-in-database": Explanation(
        symptom="The database has no client with this id.",
        cause="The id in opskit.toml belongs to another environment, or the database is not this "
        "Identity Service's.",
        remedy="See the ids with opskit lifetime list; correct opskit.toml.",
    ),
}

_CREATIO: Mapping[str, Explanation] = {
    "runtime-unknown": Explanation(
        symptom="Neither login page answers, so the API may be under /0 or not.",
        cause="The address is not Creatio's, or the application is starting.",
        remedy='Check `creatio` in opskit.toml, or set runtime = "framework" (API under /0) or '
        '"net".',
    ),
    "runtime-differs": Explanation(
        symptom="Creatio runs on another runtime than opskit.toml says.",
        cause="Only the login page of the other runtime answers; it tells whether /0 is needed.",
        remedy='Correct runtime in opskit.toml, or set it to "auto".',
    ),
    "login-redirect": Explanation(
        symptom="The call is redirected to the login page.",
        cause="The Bearer token was ignored: probably the feature OAuth20Integration is off, or "
        "the /0 prefix is wrong for this runtime.",
        remedy="Turn the feature on; check runtime in opskit.toml (.NET Framework has /0).",
    ),
    "login-page": Explanation(
        symptom="The login page came with status 200 instead of data.",
        cause="The Bearer token was ignored: probably the feature OAuth20Integration is off, or "
        "the /0 prefix is wrong for this runtime.",
        remedy="Turn the feature on; check runtime in opskit.toml (.NET Framework has /0).",
    ),
    "unauthorized": Explanation(
        symptom="Creatio refuses the token, a fresh one too.",
        cause="Probably Creatio does not trust this Identity Service, or OAuth20Integration is "
        "off.",
        remedy="See whether the token itself is sound with opskit verify; then check in Creatio "
        "that OAuth20IdentityServerUrl names this service.",
    ),
    "csrf-demanded": Explanation(
        symptom="Creatio asks for the header BPMCSRF.",
        cause="Only sessions with a cookie need that header: probably the Bearer token was not "
        "looked at, because OAuth20Integration is off.",
        remedy="Turn the feature on; nothing has to send that header with a token.",
    ),
    "every-call-refused": Explanation(
        symptom="The token is fine, and every call is refused.",
        cause="Probably the client is not registered in this Creatio, its system user is "
        "inactive, or Creatio does not trust this Identity Service.",
        remedy="See whether the token itself is sound with opskit verify. Then open OAuth 2.0 "
        "integrated applications in Creatio: is the app there, and its user active? Then check "
        "OAuth20IdentityServerUrl and OAuth20Integration.",
    ),
    "odata-rights": Explanation(
        symptom="The user may not use OData.",
        cause="Probably the app's user lacks the operation CanUseODataService.",
        remedy='Grant "Access to OData" (CanUseODataService) to the app\'s user or role.',
    ),
    "rows-empty": Explanation(
        symptom="The answer holds no rows.",
        cause="Probably the app's user may read none of them, which looks the same as an empty "
        "table.",
        remedy='Name a row that must be there (expect = ["…"]) to make this a failure, and '
        "check the user's rights on the object.",
    ),
    "row-missing": Explanation(
        symptom="A row that must be there is not among the answer's.",
        cause="Probably the app's user may not read it, or it is not among the first rows.",
        remedy="Check the user's rights on the record; raise `top` if there are many rows.",
    ),
    "column-unknown": Explanation(
        symptom="OData does not know a column.",
        cause="The smoke settings name a column that this entity does not have.",
        remedy="Correct `columns` in the environment's smoke settings.",
    ),
    "entity-unknown": Explanation(
        symptom="Creatio finds no resource of that name.",
        cause="The entity is not exposed, or OData is rebuilding, as it does for a minute or two "
        "after a deploy.",
        remedy="Try again in two minutes; then rebuild OData in Creatio, or correct `entity`.",
        transient=True,
    ),
    "service-absent": Explanation(
        symptom="There is no such service: 404 with an empty page.",
        cause="The service is not installed in this version, or the /0 prefix is wrong.",
        remedy="Check runtime in opskit.toml (.NET Framework has /0) and the path.",
    ),
    "odata3-absent": Explanation(
        symptom="OData 3 is not there.",
        cause="That may be normal for Creatio on .NET.",
        remedy='Nothing to do, unless an app needs it: then require = ["odata3"] makes this a '
        "failure.",
    ),
    "routes-reloading": Explanation(
        symptom='The answer says "Collection was modified".',
        cause="Creatio reloads its routes after a deploy.",
        remedy="Try again in a few seconds.",
        transient=True,
    ),
    "query-refused": Explanation(
        symptom="DataService answers success: false.",
        cause="The answer's words say why: probably an object or column that is not there, or, in "
        "another language than English, missing rights.",
        remedy="Check `entity` and `columns` in the environment's smoke settings, then the rights "
        "of the app's user.",
    ),
    "object-rights": Explanation(
        symptom="DataService answers success: false and speaks of permissions.",
        cause="The app's user may not read this object; the answer's words name it.",
        remedy="Grant the user's role the right to read the object.",
    ),
    "object-restricted": Explanation(
        symptom="DataService answers AccessDenied.",
        cause="The object is restricted for this user.",
        remedy="Set another `entity` in the environment's smoke settings, or grant the right.",
    ),
}

_SETUP: Mapping[str, Explanation] = {
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
        cause="The login has SELECT on ClientId and AccessTokenLifetime only.",
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
        cause="They were set before there was a policy, or by other means than opskit.",
        remedy="See them with opskit lifetime list; change them, or the policy.",
    ),
}

EXPLANATIONS: Mapping[str, Explanation] = {
    **_NO_ANSWER,
    **_ANY_SERVER,
    **_IDENTITY,
    **_CREATIO,
    **_SETUP,
}
