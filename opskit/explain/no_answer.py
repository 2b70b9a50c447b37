# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Nothing came back: names, connections, TLS."""

from collections.abc import Mapping

from opskit.explain.kinds import Explanation
from opskit.models import Certainty

FINDINGS: Mapping[str, Explanation] = {
    "host-unknown": Explanation(
        symptom="The host name is not known.",
        cause="Probably a typing error in the address, or a name that only another network's DNS "
        "knows.",
        remedy="Check the address in opskit.toml; try the name from this machine.",
        unreachable=True,
        certainty=Certainty.LIKELY,
    ),
    "connection-refused": Explanation(
        symptom="The connection was refused.",
        cause="Nothing takes connections on that port: the service is restarting or stopped, "
        "listens elsewhere, or a firewall turns callers away.",
        remedy="Start the service or correct the port; after a deploy, give it a minute "
        "(verify and smoke: --wait 5m).",
        unreachable=True,
        transient=True,
    ),
    "connection-failed": Explanation(
        symptom="No connection came about, or it broke off.",
        cause="Probably the network, a firewall or a proxy in between broke it off, or the "
        "service died meanwhile.",
        remedy="Try again; then look at the service's log and at the proxy's.",
        unreachable=True,
        transient=True,
        certainty=Certainty.LIKELY,
    ),
    "timed-out": Explanation(
        symptom="No complete answer came in time.",
        cause="Probably a firewall drops the packets, or the service is overloaded or still "
        "warming up.",
        remedy="Try again; raise `timeout` for this environment if it is known to be slow.",
        unreachable=True,
        transient=True,
        certainty=Certainty.LIKELY,
    ),
    "tls-expired": Explanation(
        symptom="The server's certificate has expired.",
        cause="Its last day has passed, or this machine's clock is wrong. It has nothing to do "
        "with credentials.",
        remedy="Renew the certificate on the server, and let it serve the new one.",
        unreachable=True,
    ),
    "tls-not-yet-valid": Explanation(
        symptom="The server's certificate is not valid yet.",
        cause="Its first day is still to come, or this machine's clock is wrong. It has nothing to "
        "do with credentials.",
        remedy="Compare the dates with this machine's clock and time zone; then the certificate.",
        unreachable=True,
    ),
    "tls-wrong-host": Explanation(
        symptom="The server's certificate is made for another host name.",
        cause="The name in the address is not among those of the certificate: the address is not "
        "the one that it was made for, or another server answers. It has nothing to do with "
        "credentials.",
        remedy="Use one of the certificate's names in opskit.toml, or have a certificate made that "
        "holds the name that you use.",
        unreachable=True,
    ),
    "tls-self-signed": Explanation(
        symptom="The server's certificate is self-signed.",
        cause="It, or the root above it, is signed by itself, and this machine does not know it. "
        "It has nothing to do with credentials.",
        remedy='If it is the right one, name it as PEM file with ca_file = "…"; insecure = true '
        "turns verification off for this environment.",
        unreachable=True,
    ),
    "tls-unknown-issuer": Explanation(
        symptom="The server's certificate is signed by an authority that this machine does not "
        "know.",
        cause="Probably a company's own authority signed it, or the server does not send the "
        "certificates in between. It has nothing to do with credentials.",
        remedy='Name a company\'s own authority with ca_file = "…"; let the server send its whole '
        "chain. insecure = true turns verification off for this environment.",
        unreachable=True,
        certainty=Certainty.LIKELY,
    ),
    "tls-failed": Explanation(
        symptom="No verified TLS connection came about.",
        cause="Probably both sides have no version or cipher in common, or something is wrong "
        "with the certificate; the words of the failure say more. It has nothing to do with "
        "credentials.",
        remedy="Compare what the server offers with what this machine accepts; insecure = true "
        "turns the verification of certificates off for this environment.",
        unreachable=True,
        certainty=Certainty.LIKELY,
    ),
    "tls-not-spoken": Explanation(
        symptom="The port answers, but not with TLS.",
        cause="It probably serves plain HTTP: the address says https, or has the wrong port.",
        remedy="Correct the port, or write http:// if that service really has no TLS.",
        unreachable=True,
        certainty=Certainty.LIKELY,
    ),
    "address-invalid": Explanation(
        symptom="That is not a web address.",
        cause="What opskit.toml or the discovery document names does not begin with http:// or "
        "https://, or has no host.",
        remedy="Correct it where the message says.",
        unreachable=True,
    ),
}
