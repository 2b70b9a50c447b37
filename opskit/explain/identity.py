# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The Identity Service: its discovery document, its keys, the tokens that it issues."""

from collections.abc import Mapping

from opskit.explain.kinds import Explanation
from opskit.models import Certainty

FINDINGS: Mapping[str, Explanation] = {
    "discovery-not-found": Explanation(
        symptom="There is no /.well-known/openid-configuration at that address.",
        cause="Probably the address is not the Identity Service's: it is Creatio's own, or a path "
        "is missing. In the cloud, -is is added to the first label of Creatio's host name.",
        remedy="Correct `identity` in opskit.toml.",
        certainty=Certainty.LIKELY,
    ),
    "discovery-incomplete": Explanation(
        symptom="The discovery document lacks fields.",
        cause="Probably another server answers, or something in between rewrites the document.",
        remedy="Compare with the document as the server itself gives it, on its own machine.",
        certainty=Certainty.LIKELY,
    ),
    "issuer-differs": Explanation(
        symptom="The issuer is neither the service's URL nor Creatio's own creatio.com.",
        cause="Probably the service was given an issuer of its own, or knows itself by another "
        "address than opskit.toml, as behind a proxy.",
        remedy="Nothing to do where the issuer was chosen so: tokens must repeat it, which "
        "token.issuer checks. Another client of yours may insist on OpenID Connect's rule that "
        "it is the URL.",
        certainty=Certainty.LIKELY,
    ),
    "internal-endpoints": Explanation(
        symptom="The discovery document names endpoints on a host that cannot be used from here.",
        cause="Probably the Identity Service runs behind a proxy and does not know its public "
        "address.",
        remedy="Let the proxy pass X-Forwarded-Host and X-Forwarded-Proto (or the Host header), "
        "or set the service's public origin; opskit went on against the configured host.",
        certainty=Certainty.LIKELY,
    ),
    "grant-not-offered": Explanation(
        symptom="The service does not offer the client_credentials grant.",
        cause="Probably another server answers, or its configuration was reduced.",
        remedy="Check the address, then the Identity Service's configuration.",
        certainty=Certainty.LIKELY,
    ),
    "auth-method-not-offered": Explanation(
        symptom="The service does not offer both ways to send a client's secret.",
        cause="Probably another server answers, or its configuration was reduced.",
        remedy="Apps that use the missing way get invalid_client; let them use the other one.",
        certainty=Certainty.LIKELY,
    ),
    "keys-unusable": Explanation(
        symptom="The key set holds no usable RSA key.",
        cause="Probably the signing certificate is missing, or another server answers at jwks_uri.",
        remedy="Check X509CertificatePath in the Identity Service's appsettings.json.",
        certainty=Certainty.LIKELY,
    ),
    "keys-weak": Explanation(
        symptom="A signing key is shorter than 2048 bits.",
        cause="The key set itself shows it: the signing certificate was made with an outdated key "
        "length.",
        remedy="Make a new certificate with at least 2048 bits and restart the service.",
    ),
    "token-malformed": Explanation(
        symptom="The token answer lacks what it must hold.",
        cause="Probably another server at that address, or something that rewrites the answer.",
        remedy="Compare with what the service answers on its own machine.",
        certainty=Certainty.LIKELY,
    ),
    "token-opaque": Explanation(
        symptom="The access token is no JWT.",
        cause="Probably the client's AccessTokenType is 1 (reference tokens), which Creatio "
        "cannot check by signature.",
        remedy="Set the client back to JWT tokens in Creatio.",
        certainty=Certainty.LIKELY,
    ),
    "scope-missing": Explanation(
        symptom="The token grants no scope.",
        cause="Probably the client has no scope of a Creatio resource.",
        remedy="In Creatio: OAuth 2.0 integrated applications → Actions → Create default "
        "resource; then save the app again.",
        certainty=Certainty.LIKELY,
    ),
    "algorithm-unsafe": Explanation(
        symptom="The token is not signed with a public-key algorithm.",
        cause="An unsigned token, or one signed with a shared secret, can be forged.",
        remedy="Treat it as an incident: do not let anything accept such tokens; check who "
        "answers at the token endpoint.",
    ),
    "key-unknown": Explanation(
        symptom="The token is signed with a key that the key set does not hold.",
        cause="Probably the signing certificate was replaced and the service not restarted, or a "
        "second instance behind the same address has another certificate.",
        remedy="Give all instances the same certificate and restart them; Creatio refuses such "
        "tokens.",
        certainty=Certainty.LIKELY,
    ),
    "signature-wrong": Explanation(
        symptom="The token's signature does not fit the key that it names.",
        cause="Probably two instances with different certificates but the same key id.",
        remedy="Give all instances the same certificate and restart them; Creatio refuses such "
        "tokens.",
        certainty=Certainty.LIKELY,
    ),
    "issuer-mismatch": Explanation(
        symptom="The token's iss is not the issuer of the discovery document.",
        cause="Probably token and document come from differently configured instances, or from "
        "another service.",
        remedy="Check what stands behind the address; resource servers refuse such tokens.",
        certainty=Certainty.LIKELY,
    ),
    "lifetime-inconsistent": Explanation(
        symptom="expires_in and exp − iat of the same token differ.",
        cause="Probably something between here and the service rewrites the answer, or the "
        "service is not IdentityServer4.",
        remedy="Compare with what the service answers on its own machine.",
        certainty=Certainty.LIKELY,
    ),
    "lifetime-stale": Explanation(
        symptom="A fresh token does not have the lifetime that the database holds.",
        cause="The Identity Service probably still uses a cached client (its client-store cache "
        "keeps one for 15 minutes by default, if it is on), or reads another database.",
        remedy="Give the cache its time, or restart the Identity Service; then verify again. A "
        "change waits by itself: opskit lifetime set --wait 15m.",
        certainty=Certainty.LIKELY,
    ),
}
