# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The role toolkit: what it makes in folders of the test's own, with a database and the sandbox."""

import json
import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from opskit.db.store import Rights, open_store
from tests.ansible.conftest import BIN, ROOT, Collection, Played
from tests.ansible.test_playbooks import recap
from tests.conftest import Database, Sandbox
from tests.test_operator_role import drop_role

yaml: Any = pytest.importorskip("yaml", reason="Ansible is not installed")
CLONE = ROOT.parent
MONITORING = (CLONE / "docs" / "monitoring.md").read_text("utf-8")


@dataclass(frozen=True)
class Host:
    """This machine as far as the role may touch it: a folder of the test's own."""

    collection: Collection
    folder: Path
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "opt" / "opskit"

    @property
    def config(self) -> Path:
        return self.folder / "etc" / "opskit" / "opskit.toml"

    @property
    def units(self) -> Path:
        return self.folder / "root" / "etc" / "systemd" / "system"

    @property
    def reports(self) -> Path:
        return self.folder / "reports"

    @property
    def command(self) -> Path:
        return self.folder / "bin" / "opskit"

    def prepare(self) -> None:
        """Make what the role finds on any host, and a systemctl that keeps to the folder."""
        self.units.mkdir(parents=True)
        for name in ("opt", "etc", "bin"):
            (self.folder / name).mkdir()
        systemctl = self.folder / "bin" / "systemctl"
        root = self.folder / "root"
        systemctl.write_text(f'#!/bin/sh\nexec {BIN / "systemctl3.py"} --root={root} "$@"\n')
        systemctl.chmod(0o755)
        self.variables.update(
            toolkit_python=sys.executable,
            toolkit_home=str(self.home),
            toolkit_command=str(self.command),
            toolkit_owner=self.folder.owner(),
            toolkit_user=self.folder.owner(),
            toolkit_group=self.folder.group(),
            toolkit_manage_user=False,
            toolkit_config_folder=str(self.config.parent),
            toolkit_unit_folder=str(self.units),
            toolkit_report_folder=str(self.reports),
            # What stands in for systemctl enables timers and cannot start them.
            toolkit_timer_start=False,
        )

    def play(
        self,
        *arguments: str,
        hosts: Mapping[str, Mapping[str, object]] | None = None,
        **changed: object,
    ) -> Played:
        """Run the playbook setup with the variables in an inventory.

        Args:
            arguments: more of ansible-playbook.
            hosts: several, with variables of their own; else one, called ``here``.
            changed: variables that are others this time.
        """
        inventory = self.folder / "inventory.json"
        local = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "opskit_become": False,
        }
        common = {**local, **self.variables, **changed}
        content = {"opskit": {"hosts": hosts or {"here": {}}, "vars": common}}
        inventory.write_text(json.dumps(content), "utf-8")
        inventory.chmod(0o600)
        inventory = inventory.rename(inventory.with_suffix(".yml"))
        played = self.collection.call(
            "ansible-playbook",
            *("-i", str(inventory), *arguments, "opskit.creatio.setup"),
            variables={"PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        )
        inventory.unlink()
        return played


def succeeded(played: Played, *, changed: bool) -> None:
    assert played.code == 0, played.text
    assert (recap(played, "changed")["here"] > 0) is changed, played.text


@pytest.fixture
def host(collection: Collection, tmp_path: Path) -> Host:
    host = Host(collection, tmp_path / "host")
    host.folder.mkdir()
    host.prepare()
    return host


@pytest.fixture
def login(database: Database) -> Iterator[str]:
    """A login without any right, in a database with a client and no journal."""
    drop_role(database)
    database.add_client("A1", "Data Mart Sync", 3600)
    name = f"opskit_{secrets.token_hex(6)}"
    identifier = sql.Identifier(name)
    with database.connect() as connection:
        create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(create.format(identifier, sql.Literal(database.server.password)))
        yield name
        drop_role(database)
        connection.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(identifier))


def wheel(folder: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(CLONE)]
    subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def address(database: Database, user: str) -> str:
    return f"postgresql://{user}@127.0.0.1:{database.server.port}/{database.name}"


def described(database: Database, sandbox: Sandbox, login: str) -> dict[str, Any]:
    """Return the role's variables for an environment with that login and the sandbox's servers."""
    table = tomllib.loads(sandbox.config.read_text("utf-8"))["environments"]["dev"]
    client = table["clients"][0]
    secret = (sandbox.folder / client["secret"]["file"]).read_text("utf-8")
    own = {
        "database": address(database, login),
        "database_password": {"file": "secrets/dev-database"},
        "identity": table["identity"],
        "creatio": table["creatio"],
        "runtime": table["runtime"],
        "clients": [{"id": client["id"], "secret": {"file": "secrets/dev-client"}}],
        "protected": True,
    }
    return {
        "toolkit_environments": {"dev": own},
        "toolkit_defaults": {"policy": {"max_lifetime": "12h"}},
        "toolkit_secrets": {
            "dev-database": database.server.password,
            "dev-client": secret,
        },
        "toolkit_journal": ["dev"],
        "toolkit_admins": {
            "dev": {
                "database": address(database, "postgres"),
                "database_password": database.server.password,
                "login": login,
            }
        },
        "toolkit_confirm_protected": True,
        "toolkit_timer": True,
        "toolkit_timer_environments": ["dev"],
        "toolkit_timer_arguments": ["--time-limit", "2m"],
    }


def files_with(text: str, *folders: Path) -> set[Path]:
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {path for path in found if text.encode() in path.read_bytes()}


def lines_of_service(text: str) -> list[str]:
    service = text.partition("[Service]")[2]
    lines = (line.strip() for line in service.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def test_from_nothing_to_a_timer(
    host: Host, database: Database, sandbox: Sandbox, login: str, tmp_path: Path
) -> None:
    built = wheel(tmp_path)
    host.variables.update(
        described(database, sandbox, login),
        toolkit_package=str(built),
        toolkit_pip_arguments=["--constraint", str(CLONE / "constraints.txt")],
    )
    before = sorted(host.folder.rglob("*"))
    succeeded(host.play("--check", "--diff"), changed=True)
    assert sorted(host.folder.rglob("*")) == before

    first = host.play("--diff", "-vvv")
    succeeded(first, changed=True)
    succeeded(host.play(), changed=False)

    its_secrets = host.config.parent / "secrets"
    for name, value in host.variables["toolkit_secrets"].items():
        assert (its_secrets / name).read_text("utf-8") == value
        assert (its_secrets / name).stat().st_mode & 0o777 == 0o600
        assert value not in first.text
        # The sandbox and the database have their own.
        assert files_with(value, host.folder, host.collection.folder) == {its_secrets / name}
    assert its_secrets.stat().st_mode & 0o777 == 0o700
    _login_can_do_what_it_should(host, database, login)
    _timer_runs_the_checks(host)
    succeeded(host.play("--check"), changed=False)
    _what_was_altered_comes_back(host, built)
    _mistakes_are_refused(host)


def _what_was_altered_comes_back(host: Host, built: Path) -> None:
    """By hand in opskit.toml; and a wheel that was built anew, which has the same version."""
    text = host.config.read_text("utf-8")
    assert tomllib.loads(text)["environments"] == host.variables["toolkit_environments"]
    host.config.write_text(text.replace("12h", "24h"), "utf-8")
    inside = next(host.home.glob("lib/python*/site-packages/opskit/py.typed"))
    inside.unlink()
    with zipfile.ZipFile(built, "a") as archive:
        archive.comment = b"built anew"
    played = host.play("--diff", toolkit_timer=False)
    succeeded(played, changed=True)
    assert re.search(r"(?m)^-.*24h", played.text)
    assert list(host.units.rglob("opskit-smoke*")) == []
    assert host.config.read_text("utf-8") == text
    assert inside.exists()
    assert not [p for p in host.home.rglob("*") if not p.is_symlink() and p.stat().st_mode & 0o022]


def _mistakes_are_refused(host: Host) -> None:
    text = host.config.read_text("utf-8")
    right: Mapping[str, Any] = host.variables["toolkit_environments"]["dev"]
    played = host.play(toolkit_environments={"dev": {**right, "databse": "x"}})
    assert played.code != 0
    assert "Did you mean 'database'?" in played.text
    assert host.config.read_text("utf-8") == text
    # Whether a secret is there can only be told where the file lies.
    nowhere = {**right, "database_password": {"file": "secrets/nowhere"}, "clients": []}
    played = host.play(toolkit_environments={"dev": nowhere})
    assert played.code != 0
    assert "toolkit_check: false" in played.text
    assert "secrets/nowhere cannot be read" in played.text


def _login_can_do_what_it_should(host: Host, database: Database, login: str) -> None:
    its_own = database.environment(database=address(database, login))
    with open_store(its_own) as store:
        assert [client.client_id for client in store.clients()] == ["A1"]
        assert store.rights() == Rights(
            may_read=True,
            may_read_names=True,
            may_write=True,
            may_do_more=False,
            may_journal=True,
        )
    changing = ("lifetime", "set", "A1", "30m", "-e", "dev", "--yes", "--no-verify")
    done = subprocess.run([host.command, *changing, "-c", host.config], timeout=60, check=False)
    assert done.returncode == 0
    with psycopg.connect(database.conninfo, user=login, autocommit=True) as connection:
        for forbidden in (
            'DELETE FROM "Clients"',
            'UPDATE "Clients" SET "Enabled" = false',
            'SELECT "Value" FROM "ClientSecrets"',
            "DELETE FROM opskit.lifetime_change",
            "CREATE SCHEMA mine",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(forbidden.encode())


def _timer_runs_the_checks(host: Host) -> None:
    assert (host.units / "timers.target.wants" / "opskit-smoke.timer").is_symlink()
    service = (host.units / "opskit-smoke.service").read_text("utf-8")
    (line,) = re.findall(r"(?m)^ExecStart=(.*)$", service)
    assert " -e dev --time-limit 2m --report-junit " in line
    ran = subprocess.run(shlex.split(line), capture_output=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stdout
    assert '<testsuite name="dev"' in (host.reports / "opskit-smoke.xml").read_text("utf-8")
    metrics = (host.reports / "opskit-smoke.prom").read_text("utf-8")
    assert 'opskit_run_success{command="smoke"} 1' in metrics
    if shutil.which("systemd-analyze"):
        units = [host.units / f"opskit-smoke.{kind}" for kind in ("service", "timer")]
        told = subprocess.run(
            ["systemd-analyze", "verify", *units], capture_output=True, check=False
        )
        assert (told.returncode, told.stderr) == (0, b"")


def test_the_service_is_that_of_the_documentation(collection: Collection, tmp_path: Path) -> None:
    template = collection.installed / "roles" / "toolkit" / "templates" / "opskit-smoke.service.j2"
    variables = {
        "toolkit_home": "/opt/opskit",
        "toolkit_opskit": "/opt/opskit/bin/opskit",
        "toolkit_config_folder": "/etc/opskit",
        "toolkit_config": "/etc/opskit/opskit.toml",
        "toolkit_user": "opskit",
        "toolkit_group": "opskit",
        "toolkit_timer_environments": ["100%", "a b"],
        "toolkit_timer_arguments": [],
        "toolkit_timer_limit": "10min",
        "toolkit_junit_folder": "/var/lib/opskit",
        "toolkit_prometheus_folder": "/var/lib/prometheus/node-exporter",
    }
    target = tmp_path / "service"
    rendered = {"src": str(template), "dest": str(target), "mode": "0600"}
    played = collection.play({"ansible.builtin.template": rendered, "vars": variables})
    assert not played.results[0]["failed"], played.text
    (sample,) = re.findall(r"(?s)opskit-smoke\.service`:\n\n```ini\n(.*?)```", MONITORING)
    own = re.compile(r"ExecStart=|ReadWritePaths=|LoadCredential=")
    ours, documented = (
        [line for line in lines_of_service(text) if not own.match(line)]
        for text in (target.read_text("utf-8"), sample)
    )
    assert ours == documented
    assert ' -e "100%%" -e "a b" --report-junit ' in target.read_text("utf-8")
    assert (
        "ReadWritePaths=/var/lib/opskit /var/lib/prometheus/node-exporter\n" in target.read_text()
    )


IN_PLAIN_SIGHT = {"dev": {"database_password": "in-plain-sight"}}
REFUSED: Sequence[tuple[dict[str, Any], str]] = [
    ({"toolkit_python": "/no/python"}, "opskit needs Python 3.11 or newer"),
    ({"toolkit_python": "{folder}/old"}, "opskit needs Python 3.11 or newer"),
    ({"toolkit_package": "/no/creatio_opskit-0.1.0.whl"}, "so copy it here first"),
    ({"toolkit_environments": IN_PLAIN_SIGHT}, "are references such as"),
    ({"toolkit_secrets": {"../x": "in-plain-sight"}}, "are references such as"),
]


def test_what_is_refused_before_anything_is_done(host: Host) -> None:
    old = host.folder / "old"
    old.write_text("#!/bin/sh\necho 3.9\n")
    old.chmod(0o755)
    hosts = {
        f"here{number}": {
            key: str(old) if key == "toolkit_python" and "old" in str(value) else value
            for key, value in wrong.items()
        }
        for number, (wrong, _) in enumerate(REFUSED)
    }
    played = host.play(hosts=hosts)
    assert played.code != 0
    for number, (_, said) in enumerate(REFUSED):
        (told,) = re.findall(
            rf"(?s)fatal: \[here{number}\].*?\n\n|fatal: \[here{number}\].*", played.text
        )[:1]
        assert said in told
    assert "in-plain-sight" not in played.text
    assert not host.home.exists()
    assert not host.config.parent.exists()


def test_every_variable_is_documented_with_its_default() -> None:
    role = ROOT / "roles" / "toolkit"
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text("utf-8"))
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text("utf-8"))
    options = specs["argument_specs"]["main"]["options"]
    told = {name: option.get("default") for name, option in options.items()}
    derived = {"toolkit_junit_folder", "toolkit_prometheus_folder"}
    assert told == {name: None if name in derived else value for name, value in defaults.items()}


def test_the_sample_inventory_fits_the_role() -> None:
    folder = ROOT / "examples" / "setup" / "group_vars" / "opskit"
    sample = yaml.safe_load((folder / "main.yml").read_text("utf-8"))
    specs = (ROOT / "roles" / "toolkit" / "meta" / "argument_specs.yml").read_text("utf-8")
    assert all(f"      {name}:\n" in specs for name in sample)
    prod = sample["toolkit_environments"]["prod"]
    references = [prod["database_password"], *(client["secret"] for client in prod["clients"])]
    named = {f"secrets/{name}" for name in sample["toolkit_secrets"]}
    assert {reference["file"] for reference in references} == named
    vault = yaml.safe_load((folder / "vault.yml.sample").read_text("utf-8"))
    used = re.findall(r"\{\{ (\w+) \}\}", (folder / "main.yml").read_text("utf-8"))
    assert sorted(used) == sorted(vault)
