# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Writing the sandbox's opskit.toml and the secret files that it refers to."""

from opskit.sandbox.catalog import ENVIRONMENTS, EnvironmentSpec, integrations_of
from opskit.sandbox.database import Credentials
from opskit.sandbox.layout import Layout, Ports, write_private

_HEAD = """\
# Three rehearsal environments on this machine, made by "opskit sandbox up" and removed by
# "opskit sandbox down". A configuration of your own looks the same, with your addresses in it.
#
# Each environment is one Creatio with its Identity Service and that service's database. Secrets
# are never written here: an entry says where to find one. Here that is a file each, in the folder
# "secrets" beside this one; it can also be { env = "NAME" }, { command = "vault kv get ..." } or
# { keyring = "SERVICE/USER" }.
"""

_RUNTIMES = {
    "net": "Creatio on .NET: the API lies directly under the address",
    "framework": "Creatio on .NET Framework: the API lies under /0",
    "auto": "opskit finds out: on .NET Framework the API lies under /0, on .NET it does not",
}

_ENVIRONMENT = """
[environments.{name}]
# The database with the table "Clients", where the token lifetimes are.
database = "{database}"
database_password = {{ file = "{database_secret}" }}
# The Identity Service, which issues the tokens, and the Creatio that accepts them.
identity = "{identity}"
creatio = "{creatio}"
# {runtime_text}.
runtime = "{runtime}"
# When a plan reaches this environment: lower numbers go first.
wave = {wave}
"""

_AUTHORITY = """\
# A company's own authority, which signed the certificates of these servers.
ca_file = "{ca_file}"
"""

_PROTECTED = """\
# Ask before anything is changed here.
protected = true
"""

_CLIENT = """
[[environments.{environment}.clients]]
id = "{client_id}"
name = "{name}"
secret = {{ file = "{secret}" }}
"""

_FIRST_CLIENT = """
# The clients whose secret is known: opskit gets itself a token with it, to prove that a new
# lifetime took effect. "verify" and "smoke" use the first one.
"""

# Shown once, in the first environment, for whoever wants to try a check of their own.
_OWN_CHECK = """
# A web service of one's own, as a further check of "opskit smoke". Take the marks away to try it:
# [[environments.{environment}.smoke.checks]]
# name = "orders"
# path = "rest/OrderService/Latest"
# expect = [
#   {{ at = "Result.State", is = "ok" }},
#   {{ at = "Result.Orders.*.Number", contains = "SO-10" }},
# ]
"""

_EXPLAINED_ONCE = {
    line
    for line in (_ENVIRONMENT + _FIRST_CLIENT).splitlines(keepends=True)
    if line.startswith("#") and "{" not in line
}


def write_configuration(
    layout: Layout, ports: Ports, credentials: Credentials, authority: str
) -> None:
    """Write the secrets, one private file each, and the configuration that names them.

    Args:
        layout: where.
        ports: what is where.
        credentials: the secrets.
        authority: the certificate of the servers' authority, as PEM.
    """
    layout.authority.write_text(authority, encoding="ascii")
    layout.secrets.mkdir(mode=0o700, exist_ok=True)
    layout.secrets.chmod(0o700)
    for spec in ENVIRONMENTS:
        write_private(layout.database_secret(spec.name), credentials.opskit.encode())
        administrator = credentials.administrators[spec.name]
        write_private(layout.administrator_secret(spec.name), administrator.encode())
        for integration in integrations_of(spec.name):
            if secret := credentials.clients.get((spec.name, integration.name)):
                path = layout.client_secret(spec.name, integration.slug)
                write_private(path, secret.encode())
    first, *others = (_environment(layout, ports, spec) for spec in ENVIRONMENTS)
    own_check = _OWN_CHECK.format(environment=ENVIRONMENTS[0].name)
    text = _HEAD + first + own_check + "".join(map(_terse, others))
    layout.config.write_text(text, encoding="utf-8")


def _terse(environment: str) -> str:
    """Return an environment's text without the comments that the first one has already."""
    lines = environment.splitlines(keepends=True)
    return "".join(line for line in lines if line not in _EXPLAINED_ONCE)


def _environment(layout: Layout, ports: Ports, spec: EnvironmentSpec) -> str:
    head = _ENVIRONMENT.format(
        name=spec.name,
        database=ports.database_url(spec.name),
        database_secret=layout.database_secret(spec.name).relative_to(layout.folder).as_posix(),
        identity=ports.identity_url(spec.name),
        creatio=ports.creatio_url(spec.name),
        runtime=spec.configured_runtime,
        runtime_text=_RUNTIMES[spec.configured_runtime],
        wave=spec.wave,
    )
    if spec.scheme == "https":
        head += _AUTHORITY.format(ca_file=layout.authority.name)
    return head + (_PROTECTED if spec.protected else "") + _clients(layout, spec)


def _clients(layout: Layout, spec: EnvironmentSpec) -> str:
    known = [item for item in integrations_of(spec.name) if item.secret_known]
    return _FIRST_CLIENT.rstrip("\n") + "".join(
        _CLIENT.format(
            environment=spec.name,
            client_id=item.client_id(spec.name),
            name=item.name,
            secret=layout.client_secret(spec.name, item.slug).relative_to(layout.folder).as_posix(),
        )
        for item in known
    )
