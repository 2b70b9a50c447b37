# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What stands in for IdentityService.dll: it starts only with the settings that the real one needs.

A stand-in for ``dotnet`` runs it with the release as its working folder, as systemd does.
"""

import json
import os
import signal
import threading
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from psycopg.conninfo import make_conninfo

from tests.independent_server import IndependentIdentity

# How Npgsql calls what libpq calls otherwise.
NAMES = {
    "Host": "host",
    "Port": "port",
    "Database": "dbname",
    "Username": "user",
    "Password": "password",
}


def main() -> None:
    """Serve until asked to stop."""
    pairs = json.loads(Path("appsettings.json").read_text("utf-8"))
    # .NET does not tell keys apart by case, and refuses a file that has one twice.
    settings = {name.lower(): value for name, value in pairs.items()}
    if len(settings) < len(pairs):
        raise SystemExit("a key twice")
    if settings["dbprovider"] != "Postgres":
        raise SystemExit("another provider than Postgres")
    clients = settings["clients"]
    if not isinstance(json.loads(clients), list):
        raise SystemExit("Clients is no list")
    parts = (part.split("=", 1) for part in settings["databaseconnectionstring"].split(";"))
    conninfo = make_conninfo(**{NAMES[name]: value for name, value in parts})
    bundle = Path(settings["x509certificatepath"]).read_bytes()
    password = settings["x509certificatepassword"].encode()
    key, certificate, _ = pkcs12.load_key_and_certificates(bundle, password)
    if not isinstance(key, rsa.RSAPrivateKey) or certificate is None:
        raise SystemExit("no RSA key with a certificate")
    port = urlsplit(os.environ["ASPNETCORE_URLS"]).port
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # What its environment held, for the tests to see.
    Path(os.environ["GREETING_FILE"]).write_text(os.environ["GREETING"], "utf-8")
    with IndependentIdentity(conninfo, port=port or 0, key=key):
        stop.wait()


if __name__ == "__main__":
    main()
