# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The role identity_service: units that run, releases that come and go, a token at the end.

Creatio's own archive may not lie here, so a stand-in with the same shape is deployed. Its units are
run by a systemctl that works below a folder of the test, and never touches the machine's.
"""

import datetime as dt
import grp
import json
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from tests.ansible.conftest import Collection, Played
from tests.databases import Database, free_port
from tests.scripted_server import self_signed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the role is for Linux")

CLONE = Path(__file__).parents[2]
SERVICE = Path(__file__).with_name("stand_in_service.py").read_text("utf-8")
CLIENT = "A" * 32
RUNTIMES = "Microsoft.AspNetCore.App 8.0.11 [/usr/share/dotnet/shared/Microsoft.AspNetCore.App]"
# As Windows' own editors save it; .NET reads past the mark and the comment.
SHIPPED = """\ufeff{
  // Shipped with the installation files.
  "dbProvider": "MsSqlServer",
  "Logging": {"LogLevel": {"Default": "Warning", "Microsoft": "Error"}},
  "Clients": "[]",
}"""
RUNTIME_CONFIG = {
    "runtimeOptions": {
        "tfm": "net8.0",
        "frameworks": [{"name": "Microsoft.AspNetCore.App", "version": "8.0.0"}],
    }
}
# Kills ansible-playbook, which is what of this test's processes led to the caller.
INTERRUPT = """\
interrupt() {
  child=$$
  while parent=$(cut -d' ' -f4 "/proc/$child/stat") && [ "$parent" != TEST ]; do child=$parent; done
  kill -9 "$child"
}
"""
# What the service is given to run on another engine, with https.
MSSQL = "Server=127.0.0.1;Database=none;User Id=nobody;Password=never-used-one"
SECRETS = {
    "password": "Certificate-Passw0rd$`\"'",
    "client": "the-secret-of-a-described-client",
    "greeting": "a-secret-greeting",
}


@dataclass
class Host:
    """A folder that stands for a host: its units, the service's home, and its systemctl."""

    collection: Collection
    folder: Path
    secrets: list[str] = field(default_factory=lambda: list(SECRETS.values()))
    connection: str = "Host=127.0.0.1;Port=9;Database=none;Username=nobody;Password=never-used-one"
    port: int = field(default_factory=free_port)
    trusted: Path | None = None

    @property
    def home(self) -> Path:
        return self.folder / "root" / "opt" / "identity-service"

    @property
    def certificate(self) -> Path:
        return self.home / "shared" / "openssl.pfx"

    @property
    def seen(self) -> Path:
        return self.folder / "greeting"

    @property
    def settings_file(self) -> Path:
        return self.home / "current" / "appsettings.json"

    @property
    def unit(self) -> Path:
        return self.folder / "root" / "etc" / "systemd" / "system" / "identity-service.service"

    @property
    def releases(self) -> set[str]:
        return {path.name for path in (self.home / "releases").iterdir()}

    @property
    def release(self) -> str:
        return (self.home / "current").resolve().name

    def prepare(self) -> None:
        self.unit.parent.mkdir(parents=True)
        (self.folder / "bin").mkdir()
        (self.folder / "calls").touch()
        (self.folder / "runtimes").write_text(RUNTIMES, "utf-8")
        programs = {
            "systemctl": INTERRUPT.replace("TEST", str(os.getpid()))
            + f'cd {self.folder}; echo "$*" >> calls\n'
            "case $1 in *start) if rm before 2>&-; then interrupt; exit 1; fi; esac\n"
            f"{sys.executable} -m systemctl2.systemctl3 --system --root={self.folder}/root"
            ' -c MinimumYield=0.1 "$@"; code=$?\n'
            "case $1 in *start) if rm after 2>&-; then interrupt; fi; esac\n"
            "exit $code\n",
            "dotnet": f'if [ "$1" = --list-runtimes ]; then exec cat {self.folder}/runtimes; fi\n'
            f'PYTHONPATH={CLONE} exec {sys.executable} "$@"\n',
        }
        for name, lines in programs.items():
            path = self.folder / "bin" / name
            path.write_text(f"#!/bin/sh\n{lines}", "utf-8")
            path.chmod(0o755)

    def archive(
        self, name: str, *, program: str = SERVICE, but: Mapping[str, str | None] | None = None
    ) -> Path:
        """Make an archive of the service's shape; a file that is None in ``but`` is left out."""
        contents = {
            "IdentityService.dll": program,
            "IdentityService.runtimeconfig.json": json.dumps(RUNTIME_CONFIG),
            "appsettings.json": SHIPPED,
            "wwwroot/icon.svg": f"<svg><!-- {name} --></svg>",
            **(but or {}),
        }
        path = self.folder / f"{name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, text in contents.items():
                if text is not None:
                    archive.writestr(member, text)
        return path

    def play(
        self,
        archive: Path,
        variables: Mapping[str, object] | None = None,
        *arguments: str,
        tasks_from: str = "main",
        hosts: Mapping[str, Mapping[str, object]] | None = None,
    ) -> Played:
        """Run the role, and see to it that nothing that Ansible prints holds a secret.

        The playbook setup runs it; where another entry point is asked for, one of the test does.

        Args:
            archive: what is deployed.
            variables: more variables of the role, without their prefix.
            arguments: more arguments of ansible-playbook.
            tasks_from: the role's entry point.
            hosts: several, with variables of their own; else one.
        """
        own = {
            "archive": str(archive),
            "home": str(self.home),
            "user": pwd.getpwuid(os.getuid()).pw_name,
            "group": grp.getgrgid(os.getgid()).gr_name,
            "unit_folder": str(self.unit.parent),
            "dotnet": str(self.folder / "bin" / "dotnet"),
            "url": f"http://127.0.0.1:{self.port}",
            "database_connection_string": self.connection,
            "certificate_password": SECRETS["password"],
            "clients": [{"ClientId": "X", "Secrets": [SECRETS["client"]]}],
            "environment": {"GREETING": SECRETS["greeting"], "GREETING_FILE": str(self.seen)},
            "wait": 60,
            **(variables or {}),
        }
        common = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_remote_tmp": str(self.folder / "tmp"),
            "opskit_become": False,
            **{f"identity_service_{name}": value for name, value in own.items()},
        }
        inventory = self.folder / "inventory.yml"
        group = {"hosts": hosts or {"localhost": {}}, "vars": common}
        inventory.write_text(json.dumps({"identity_service": group}), "utf-8")
        playbook: str | Path = "opskit.creatio.setup"
        if tasks_from != "main":
            role = {"name": "opskit.creatio.identity_service", "tasks_from": tasks_from}
            tasks = [{"ansible.builtin.include_role": role}]
            play = {"hosts": "identity_service", "gather_facts": False, "tasks": tasks}
            playbook = self.folder / "play.yml"
            playbook.write_text(json.dumps([play]), "utf-8")
        played = self.collection.call(
            "ansible-playbook",
            *("-i", inventory, "-vvv", "--diff", *arguments, playbook),
            variables={
                "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
                **({"SSL_CERT_FILE": str(self.trusted)} if self.trusted else {}),
            },
        )
        for secret in [*self.secrets, "never-used-one"]:
            assert secret not in played.text
            assert json.dumps(secret)[1:-1] not in played.text
        return played

    def deploy(
        self, archive: Path, variables: Mapping[str, object] | None = None, *arguments: str
    ) -> int:
        """Run the role, which must work, and return how much it changed."""
        played = self.play(archive, variables, *arguments)
        assert played.code == 0, played.text
        return changed(played)

    def interrupt(self, when: str, archive: Path, variables: Mapping[str, object]) -> None:
        """Run the role, and kill Ansible ``before`` or ``after`` the service is restarted."""
        (self.folder / when).touch()
        assert self.play(archive, variables).code == -signal.SIGKILL
        assert not (self.folder / when).exists()

    def note(self) -> Any:
        """What the role noted of the last deployment that worked."""
        note = self.home / "deployed.json"
        return json.loads(note.read_text("utf-8")) if note.exists() else None

    def settings(self) -> Any:
        return json.loads(self.settings_file.read_text("utf-8"))

    def starts(self) -> int:
        """How often the service was started or restarted."""
        return len(re.findall(r"(?m)^(?:re)?start ", (self.folder / "calls").read_text("utf-8")))

    def systemctl(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.folder / "bin" / "systemctl", *arguments],
            stdout=subprocess.PIPE,
            encoding="utf-8",
            timeout=30,
            check=False,
        )
        return done.stdout.strip()


def changed(played: Played) -> int:
    (count,) = re.findall(r"(?m)^localhost +: .*\bchanged=(\d+)", played.text)
    return int(count)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def tree(folder: Path) -> dict[str, bytes | str]:
    """All that is below a folder, links as what they point to."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def host(collection: Collection, tmp_path: Path) -> Iterator[Host]:
    host = Host(collection, tmp_path)
    host.prepare()
    yield host
    if host.unit.exists():
        host.systemctl("stop", "identity-service.service")
        assert host.systemctl("is-active", "identity-service.service") != "active"


def test_a_deployment_that_issues_tokens(host: Host, database: Database, tmp_path: Path) -> None:
    server = database.server
    database.add_client(CLIENT, "Data Mart Sync")
    host.secrets.append(server.password)
    host.connection = (
        f"Host=127.0.0.1;Port={server.port};Database={database.name};Username=postgres"
        f";Password={server.password}"
    )
    archive = host.archive("first")

    # On a host where nothing is, all is predicted and nothing done; root makes an account, too.
    before = tree(host.folder / "root")
    account = {"user": "opskit-is-absent", "group": "opskit-is-absent"} if not os.getuid() else {}
    assert host.deploy(archive, account, "--check") == (11 if account else 9)
    assert tree(host.folder / "root") == before

    assert host.deploy(archive) > 5
    assert host.starts() == 1
    assert host.systemctl("is-enabled", "identity-service.service") == "enabled"
    assert host.settings() == {
        "dbProvider": "Postgres",
        "Logging": {"LogLevel": {"Default": "Warning", "Microsoft": "Error"}},
        "Clients": json.dumps([{"ClientId": "X", "Secrets": [SECRETS["client"]]}]),
        "DatabaseConnectionString": host.connection,
        "X509CertificatePath": str(host.certificate),
        "X509CertificatePassword": SECRETS["password"],
    }
    pristine = host.settings_file.resolve().with_name("appsettings.shipped.json")
    assert pristine.read_text("utf-8") == SHIPPED
    secret = {host.settings_file.resolve(), host.certificate, host.home / "shared" / "environment"}
    secret |= set((host.home / "shared" / "working").iterdir())
    for path in secret:
        assert mode(path) == 0o600
    for path in host.home.rglob("*"):
        assert path.is_symlink() or not mode(path) & 0o022
        if path.is_file() and path.resolve() not in secret:
            assert not [one for one in host.secrets if one.encode() in path.read_bytes()], path
    assert host.seen.read_text("utf-8") == SECRETS["greeting"]

    unit = host.unit.read_text("utf-8")
    assert "ProtectSystem=strict" in unit
    assert not re.search("(?m)^MemoryDenyWriteExecute", unit)  # .NET could not compile
    if analyze := shutil.which("systemd-analyze"):
        verified = subprocess.run([analyze, "verify", host.unit], check=False, capture_output=True)
        assert verified.returncode == 0, verified.stderr
        assert b"Unknown" not in verified.stderr  # a misspelt directive

    # A token of the deployed service, by the collection's own means.
    secret_of = {"id": CLIENT, "secret": f"secret-of-{CLIENT}"}
    proved = host.collection.play(
        {"opskit.creatio.identity_verify": {"client": CLIENT}},
        environment="deployed",
        database=f"postgresql://postgres@127.0.0.1:{server.port}/{database.name}",
        database_password=server.password,
        identity=f"http://127.0.0.1:{host.port}",
        clients=[secret_of],
    )
    (result,) = proved.results
    assert not result["failed"], result
    passed = {check["id"] for check in result["checks"] if check["status"] == "pass"}
    assert {"token.post", "token.signature"} <= passed

    # Again: nothing. With another password: a refusal, and nothing is replaced.
    assert host.deploy(archive) == 0
    before = tree(host.folder / "root")
    old = host.certificate.read_bytes()
    (tmp_path / "own.pfx").write_bytes(old)
    host.secrets.append("another-password")
    other: dict[str, object] = {"certificate_password": "another-password"}
    refused = host.play(archive, other)
    assert refused.code != 0
    assert "does not open with identity_service_certificate_password." in refused.text
    assert "identity_service_certificate_replace=true" in refused.text
    assert tree(host.folder / "root") == before
    assert host.starts() == 1

    # On purpose it is replaced, and the old one kept.
    replaced = host.play(archive, {**other, "certificate_replace": True, "certificate_days": 20})
    assert replaced.code == 0, replaced.text
    assert "WARNING: the signing certificate" in replaced.text
    new = host.certificate.read_bytes()
    (kept,) = host.certificate.parent.glob("openssl.pfx.*Z")
    assert (kept.read_bytes(), mode(kept), new != old) == (old, 0o600, True)
    assert host.starts() == 2
    refused = host.play(archive, {**other, "certificate_source": str(tmp_path / "own.pfx")})
    assert "is another certificate than" in refused.text

    # With another setting: one restart, and the certificate stays.
    other["settings"] = {"logging": {"loglevel": {"Default": "Debug"}}}
    assert host.deploy(archive, other) > 0
    assert host.starts() == 3
    assert host.settings()["Logging"]["LogLevel"] == {"Default": "Debug", "Microsoft": "Error"}
    assert host.certificate.read_bytes() == new


def test_releases_come_and_go(host: Host, tmp_path: Path) -> None:
    self_signed(tmp_path)
    own = tmp_path / "own.pfx"
    own.write_bytes(_bundle(SECRETS["password"]))
    certificate = {"Path": str(tmp_path / "ca.pem"), "KeyPath": str(tmp_path / "server.pem")}
    own_way: dict[str, object] = {
        "database_provider": "MsSqlServer",
        "database_connection_string": MSSQL,
        "url": f"https://127.0.0.1:{host.port}",
        "settings": {"Kestrel": {"Certificates": {"Default": certificate}}},
        "certificate_source": str(own),
    }
    host.trusted = tmp_path / "ca.pem"
    first, second = host.archive("first"), host.archive("second")

    # What an interrupted run left is done by the next one: all of it, or the restart.
    host.interrupt("before", first, own_way)
    assert (host.starts(), host.note()) == (1, None)
    assert host.systemctl("is-active", "identity-service.service") != "active"
    assert host.deploy(first, own_way) > 0
    assert host.starts() == 2
    old = host.release
    assert host.note()["release"] == old
    assert host.certificate.read_bytes() == own.read_bytes()
    settings = host.settings()
    assert (settings["dbProvider"], settings["DatabaseConnectionString"]) == ("MsSqlServer", MSSQL)
    host.interrupt("after", second, own_way)
    new = host.release
    assert (new != old, host.starts(), host.note()["release"]) == (True, 3, old)
    assert host.deploy(second, own_way) > 0
    assert (host.release, host.starts(), host.note()["previous"]) == (new, 4, old)
    assert host.releases == {old, new}

    # One that does not work is taken back, with all that came with it, even by an interrupted run;
    # the one before answers again.
    kept = tree(host.home)
    broken = host.archive("broken", program="raise SystemExit('broken')")
    with_it = {**own_way, "certificate_source": "", "environment": {"GREETING": "another"}}
    host.interrupt("before", broken, {**with_it, "certificate_replace": True})
    assert host.certificate.read_bytes() != own.read_bytes()
    failed = host.play(broken, {**with_it, "wait": 2})
    assert failed.code != 0
    assert re.search(
        rf"Release ([0-9a-f]{{12}}) .*does not work.*Release {new}.*answers", failed.text
    )
    assert host.release == new
    assert host.systemctl("is-active", "identity-service.service") == "active"
    now = tree(host.home)
    assert {path: now[path] for path in kept} == kept

    # So are settings that do not work, within a release.
    failed = host.play(second, {**own_way, "wait": 2, "clients": [], "settings": {"Clients": "{}"}})
    assert failed.code != 0
    assert "was put back with its settings" in " ".join(failed.text.split())
    assert tree(host.home) == now

    # On request; what was not seen to work is no place to go, and nothing to keep.
    back = host.play(second, {**own_way, "keep_releases": 2}, tasks_from="rollback")
    assert back.code == 0, back.text
    assert host.release == old
    assert host.releases == {old, new}


def _bundle(password: str) -> bytes:
    """A signing certificate as somebody may bring it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A test's own")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=90))
        .sign(key, SHA256())
    )
    encryption = BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(None, key, certificate, None, encryption)


def test_what_is_refused_changes_nothing(host: Host) -> None:
    good = host.archive("good")
    silent = host.archive("silent", but={"IdentityService.runtimeconfig.json": None})
    older = host.folder / "older"
    older.write_text(f"#!/bin/sh\necho '{RUNTIMES.replace('8.0.11', '6.0.36')}'\n")
    older.chmod(0o755)
    empty = tree(host.folder / "root")
    refusals: Mapping[str, tuple[str, object]] = {
        "has Microsoft.AspNetCore.App 6.0.36": ("dotnet", str(older)),
        "dotnet cannot be run": ("dotnet", "/nowhere/dotnet"),
        "does not say which .NET runtime": ("archive", str(silent)),
        "port below 1024": ("url", "http://*:80"),
    }
    hosts = {
        f"host{number}": {f"identity_service_{name}": value}
        for number, (name, value) in enumerate(refusals.values())
    }
    refused = host.play(good, hosts=hosts)
    assert refused.code != 0
    for name, said in zip(hosts, refusals, strict=True):
        (told,) = re.findall(rf"(?ms)^fatal: \[{name}\].*?^}}", refused.text)
        assert said in told
        assert "Creatio 8.2.1 and later needs .NET 8" in told or "port" in said
    assert tree(host.folder / "root") == empty
