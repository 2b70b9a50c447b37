# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Which fault of a server's certificate ended a TLS handshake, and what stands in it."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

_WITHIN = 5.0  # seconds for the second handshake
_MOST_NAMES = 10

# OpenSSL's numbers, from x509_vfy.h.
_FAULTS = {
    2: "tls-unknown-issuer",  # no issuer
    9: "tls-not-yet-valid",
    10: "tls-expired",
    18: "tls-self-signed",  # the certificate itself
    19: "tls-self-signed",  # the last one of its chain
    20: "tls-unknown-issuer",  # none known here
    21: "tls-unknown-issuer",  # the first one cannot be verified
    62: "tls-wrong-host",
    64: "tls-wrong-host",  # an address instead of a name
}


def fault(error: ssl.SSLError) -> str:
    """Return the id of the finding for a handshake that failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _FAULTS.get(error.verify_code, "tls-failed")
    reason = error.reason or str(error)
    plain = "WRONG_VERSION_NUMBER" in reason or "HTTP_REQUEST" in reason
    return "tls-not-spoken" if plain else "tls-failed"


async def describe(host: str, port: int) -> Sequence[str]:
    """Return what stands in a server's certificate, one sentence each; nothing without one.

    A second handshake, without verification, fetches it: directly, not through a proxy. No data is
    sent over that connection.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        async with asyncio.timeout(_WITHIN):
            _, writer = await asyncio.open_connection(host, port, ssl=context, server_hostname=host)
    except (OSError, TimeoutError, ValueError):
        return ()
    try:
        return _sentences(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
    finally:
        writer.transport.abort()


def _sentences(certificate: bytes | None) -> Sequence[str]:
    from cryptography import x509

    if certificate is None:
        return ()
    try:
        read = x509.load_der_x509_certificate(certificate)
        names = _names(read)
        subject, issuer = read.subject.rfc4514_string(), read.issuer.rfc4514_string()
    except ValueError:  # not all that OpenSSL accepts is well-formed
        return ("The certificate cannot be read.",)
    shown = ", ".join(names[:_MOST_NAMES]) or "no name at all"
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return (
        f"The certificate is for {shown}{more} (subject: {subject or 'empty'}).",
        f"It is valid from {_day(read.not_valid_before_utc)} to {_day(read.not_valid_after_utc)}.",
        "It is signed by itself."
        if subject == issuer
        else f"It is signed by {issuer or 'nobody named'}.",
    )


def _names(certificate: "x509.Certificate") -> list[str]:
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    names = extension.value.get_values_for_type(x509.DNSName)
    return [*names, *map(str, extension.value.get_values_for_type(x509.IPAddress))]


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
