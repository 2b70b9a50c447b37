# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The sandbox's own certificate authority, and the good and bad certificates that servers show."""

import datetime as dt
import ipaddress
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from opskit.sandbox.faults import Fault, Setting
from opskit.sandbox.layout import HOST

_DAYS = 90
_AUTHORITY_DAYS = 3650
_OURS = "The sandbox's authority"
_STRANGERS = "An authority that nobody knows"


@dataclass(frozen=True)
class Wish:
    """What stands in a server's certificate; the default is what is right.

    Attributes:
        first_day: when it becomes valid, in days from now.
        host: another host name than the address that the server is called by.
        issuer: another authority; the server's own name for none.
    """

    first_day: int = -1
    host: str = ""
    issuer: str = _OURS


WISHES: Mapping[Fault, Wish] = {
    Fault.CERTIFICATE_EXPIRED: Wish(first_day=-1 - _DAYS),
    Fault.CERTIFICATE_NOT_YET_VALID: Wish(first_day=1),
    Fault.CERTIFICATE_WRONG_HOST: Wish(host="creatio.example.com"),
    Fault.CERTIFICATE_SELF_SIGNED: Wish(issuer=HOST),
    Fault.CERTIFICATE_UNKNOWN_ISSUER: Wish(issuer=_STRANGERS),
}
"""The certificate of each fault; where several are on, the first one is shown."""


class Authority:
    """Signs the certificates of the sandbox's servers; its key stays in memory."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key()
        self._certificate = (
            _builder(_OURS, _OURS, public, first_day=-1, days=_AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_signs_certificates(), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self._key, SHA256())
        )

    @property
    def pem(self) -> str:
        """The certificate that makes others trust this authority."""
        return self._certificate.public_bytes(Encoding.PEM).decode("ascii")

    def trusted_alone(self) -> ssl.SSLContext:
        """Return how a client verifies that trusts nobody else."""
        return ssl.create_default_context(cadata=self.pem)

    def certify(self, context: ssl.SSLContext, wish: Wish) -> None:
        """Let a server show a new certificate from its next connection on."""
        own = ec.generate_private_key(ec.SECP256R1())
        # Whose key it is does not matter where nobody knows the issuer.
        signing = self._key if wish.issuer == _OURS else own
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key())
        certificate = (
            _builder(
                wish.host or HOST,
                wish.issuer,
                own.public_key(),
                first_day=wish.first_day,
                days=_DAYS,
            )
            .add_extension(x509.SubjectAlternativeName(_names(wish.host)), critical=False)
            .add_extension(issuer_key, critical=False)
            .sign(signing, SHA256())
        )
        key = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with tempfile.TemporaryDirectory() as folder:  # OpenSSL wants a file; nobody else does
            path = Path(folder) / "server.pem"
            path.write_bytes(certificate.public_bytes(Encoding.PEM) + key)
            context.load_cert_chain(path)


class ServerCertificate:
    """The certificate of one environment's servers: right, or as its faults want it.

    Attributes:
        context: what the servers take their connections with.
    """

    def __init__(self, authority: Authority) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Each connection is shown the certificate: none goes on where an earlier one ended.
        self.context.options |= ssl.OP_NO_TICKET
        self.context.num_tickets = 0
        self._authority = authority
        self._on: set[Fault] = set()
        authority.certify(self.context, Wish())

    def switch(self, fault: Fault, setting: Setting | None) -> None:
        """Show what the faults want that are on from now on; in the thread that serves."""
        (self._on.discard if setting is None else self._on.add)(fault)
        wish = next((WISHES[one] for one in WISHES if one in self._on), Wish())
        self._authority.certify(self.context, wish)


def _builder(
    subject: str, issuer: str, key: ec.EllipticCurvePublicKey, *, first_day: int, days: int
) -> x509.CertificateBuilder:
    start = dt.datetime.now(dt.UTC) + dt.timedelta(days=first_day)
    end = start + dt.timedelta(days=days)
    number = x509.random_serial_number()
    return x509.CertificateBuilder(_name(issuer), _name(subject), key, number, start, end)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _names(host: str) -> list[x509.GeneralName]:
    if host:
        return [x509.DNSName(host)]
    return [x509.IPAddress(ipaddress.ip_address(HOST)), x509.DNSName("localhost")]


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=False,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
