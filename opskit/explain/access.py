# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How Creatio takes a token: the API's place, sign-in, trust."""

from collections.abc import Mapping

from opskit.explain.kinds import Explanation
from opskit.models import Certainty

FINDINGS: Mapping[str, Explanation] = {
    "runtime-unknown": Explanation(
        symptom="Neither login page answers, so the API may be under /0 or not.",
        cause="Probably the address is not Creatio's, or the application is starting.",
        remedy='Check `creatio` in opskit.toml, or set runtime = "framework" (API under /0) or '
        '"net".',
        certainty=Certainty.LIKELY,
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
        certainty=Certainty.LIKELY,
    ),
    "login-page": Explanation(
        symptom="The login page came with status 200 instead of data.",
        cause="The Bearer token was ignored: probably the feature OAuth20Integration is off, or "
        "the /0 prefix is wrong for this runtime.",
        remedy="Turn the feature on; check runtime in opskit.toml (.NET Framework has /0).",
        certainty=Certainty.LIKELY,
    ),
    "unauthorized": Explanation(
        symptom="Creatio refuses the token, a fresh one too.",
        cause="Probably Creatio does not trust this Identity Service, or OAuth20Integration is "
        "off.",
        remedy="See whether the token itself is sound with opskit verify; then check in Creatio "
        "that OAuth20IdentityServerUrl names this service.",
        certainty=Certainty.LIKELY,
    ),
    "csrf-demanded": Explanation(
        symptom="Creatio asks for the header BPMCSRF.",
        cause="Only sessions with a cookie need that header: probably the Bearer token was not "
        "looked at, because OAuth20Integration is off.",
        remedy="Turn the feature on; nothing has to send that header with a token.",
        certainty=Certainty.LIKELY,
    ),
    "every-call-refused": Explanation(
        symptom="A token was issued, and every call is refused.",
        cause="Probably the client is not registered in this Creatio, its system user is "
        "inactive, or Creatio does not trust this Identity Service.",
        remedy="See whether the token itself is sound with opskit verify. Then open OAuth 2.0 "
        "integrated applications in Creatio: is the app there, and its user active? Then check "
        "OAuth20IdentityServerUrl and OAuth20Integration.",
        certainty=Certainty.LIKELY,
    ),
    "integration-off": Explanation(
        symptom="Creatio ignores the token, under /0 as well as without.",
        cause="Every call is sent to the login page, or asked for what only a session has: "
        "probably the feature OAuth20Integration is off.",
        remedy="Turn the feature OAuth20Integration on in Creatio.",
        certainty=Certainty.LIKELY,
    ),
    "prefix-wrong": Explanation(
        symptom="Calls are refused where opskit makes them, and answered under the other prefix.",
        cause="The API lies under /0 on .NET Framework and without it on .NET; the same call with "
        "the same token was tried under both.",
        remedy='Correct runtime in opskit.toml: "framework" (API under /0), "net", or "auto".',
    ),
    "client-unregistered": Explanation(
        symptom="A token was issued, and every call is refused by a Creatio that finds no "
        "problem with its Identity Service.",
        cause="Probably the client is not registered in this Creatio (it has no row in "
        "OAuthClientApp), its system user is inactive, or this Creatio works with another Identity "
        "Service than the one in opskit.toml.",
        remedy="Open OAuth 2.0 integrated applications in Creatio: is the app there, and its user "
        "active? If so, compare OAuth20IdentityServerUrl with `identity` in opskit.toml; opskit "
        "verify looks at the token's key and issuer.",
        certainty=Certainty.LIKELY,
    ),
    "identity-url-empty": Explanation(
        symptom="Creatio does not know its Identity Service: OAuth20IdentityServerUrl is empty.",
        cause="Creatio's own OAuthHealthCheck says so: the system setting was never filled in, or "
        "was emptied since.",
        remedy="Fill in the system settings OAuth20IdentityServerUrl, "
        "OAuth20IdentityServerClientId and OAuth20IdentityServerClientSecret in Creatio; a "
        "database that was restored may have lost them.",
    ),
    "identity-unavailable": Explanation(
        symptom="Creatio cannot reach the Identity Service that it is set to.",
        cause="Probably the service is down, or the system setting OAuth20IdentityServerUrl names "
        "an address that Creatio's own server cannot reach.",
        remedy="Open the address in OAuth20IdentityServerUrl from Creatio's server; start the "
        "service, or correct the setting.",
        transient=True,
        certainty=Certainty.LIKELY,
    ),
    "system-token-refused": Explanation(
        symptom="Creatio gets no token of its own from its Identity Service.",
        cause="Probably OAuth20IdentityServerClientId and OAuth20IdentityServerClientSecret in "
        "Creatio's system settings do not fit a client of that service.",
        remedy="Compare them with the client that the Identity Service was installed with (Clients "
        "in its appsettings.json).",
        certainty=Certainty.LIKELY,
    ),
    "oauth-problem": Explanation(
        symptom="Creatio's OAuthHealthCheck finds a problem.",
        cause="Its link to the Identity Service is not in order; the words of the answer say why.",
        remedy="Follow the words; then check the system settings OAuth20IdentityServerUrl, "
        "OAuth20IdentityServerClientId and OAuth20IdentityServerClientSecret.",
    ),
}
