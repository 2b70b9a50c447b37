# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What stands in for IdentityService.dll: it starts only with the settings that the real one needs.

A stand-in for ``dotnet`` runs it with the release as its working folder, as systemd does.
"""

import json
import os
import signal
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from psycopg.conninfo import make_conninfo

from tests.independent_server import IndependentIdentity

# How each provider calls what libpq calls otherwise.
NAMES = {
    "Postgres": {
        "Host": "host",
        "Port": "port",
        "Database": "dbname",
        "Username": "user",
        "Password": "password",
    },
    "MsSqlServer": {
        "Server": "host",
        "Database": "dbname",
        "User Id": "user",
        "Password": "password",
    },
}


def encrypt(identity: IndependentIdentity, kestrel: Mapping[str, Any]) -> None:
    """Let the server speak https as the settings of .NET's own server say."""
    certificate = kestrel["Certificates"]["Default"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate["Path"], certificate["KeyPath"])
    identity.socket = context.wrap_socket(identity.socket, server_side=True)
    identity.url = identity.url.replace("http:", "https:")


def main() -> None:
    """Serve until asked to stop."""
    pairs = json.loads(Path("appsettings.json").read_text("utf-8"))
    # .NET does not tell keys apart by case, and refuses a file that has one twice.
    settings = {name.lower(): value for name, value in pairs.items()}
    if len(settings) < len(pairs):
        raise SystemExit("a key twice")
    names = NAMES[settings["dbprovider"]]
    clients = settings["clients"]
    if not isinstance(json.loads(clients), list):
        raise SystemExit("Clients is no list")
    parts = (part.split("=", 1) for part in settings["databaseconnectionstring"].split(";"))
    conninfo = make_conninfo(**{names[name]: value for name, value in parts})
    bundle = Path(settings["x509certificatepath"]).read_bytes()
    password = settings["x509certificatepassword"].encode()
    key, certificate, _ = pkcs12.load_key_and_certificates(bundle, password)
    if not isinstance(key, rsa.RSAPrivateKey) or certificate is None:
        raise SystemExit("no RSA key with a certificate")
    url = urlsplit(os.environ["ASPNETCORE_URLS"])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # What its environment held, for the tests to see.
    Path(os.environ["GREETING_FILE"]).write_text(os.environ["GREETING"], "utf-8")
    identity = IndependentIdentity(conninfo, port=url.port or 0, key=key)
    if url.scheme == "https":
        encrypt(identity, settings["kestrel"])
    with identity:
        stop.wait()


if __name__ == "__main__":
    main()
