# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The roles with accounts of their own, by sudo, at the places that are their defaults.

All of it happens in a copy of this machine that nobody else sees and that is gone with the test: an
overlay over its files, in namespaces for mounts and processes. It needs root and Linux.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ansible.conftest import BIN, Collection, Played
from tests.ansible.test_playbooks import recap
from tests.ansible.test_role_identity_service import RUNTIMES, SECRETS, Host
from tests.ansible.test_role_toolkit import CLONE, wheel
from tests.conftest import Sandbox
from tests.databases import free_port

ADMIN = "opskit-test-admin"
# Only the copy has this file: without it, nothing is done.
MARK = "/this-is-a-copy"
# Prints what process to enter, when it is in the copy and the copy is prepared.
ENTER = f"""
set -eu
prepare=$1
mount -t tmpfs tmpfs "$2"
cd "$2"
shift 2
mkdir upper work root
mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root
mount --rbind /dev root/dev
read -r process rest </proc/self/stat
mount -t proc proc root/proc
test ! -e {MARK}
touch root{MARK}
exec chroot root sh -euc "$prepare" "$process" "$@"
"""
PREPARE = f"""
test -e {MARK}
useradd --create-home --shell /bin/sh {ADMIN}
cat >/etc/sudoers.d/{ADMIN} <<END
{ADMIN} ALL=(ALL) NOPASSWD: ALL
Defaults env_keep+=PYTHONPATH
END
rm -f /usr/bin/systemctl
cat >/usr/bin/systemctl <<END
#!/bin/sh
exec {sys.executable} -m systemctl2.systemctl3 -c MinimumYield=0.1 "\\$@"
END
cat >/usr/bin/dotnet <<END
#!/bin/sh
if [ "\\$1" = --list-runtimes ]; then echo "{RUNTIMES}"; exit; fi
PYTHONPATH={CLONE} exec {sys.executable} "\\$@"
END
chmod 755 /usr/bin/systemctl /usr/bin/dotnet
for path; do
  test -e "$path"
  while [ "$path" != / ]; do chmod a+rx "$path"; path=$(dirname "$path"); done
done
echo "$0"
exec >&2 sleep infinity
"""


@dataclass(frozen=True)
class Machine:
    """The copy, which commands can be run in."""

    process: str

    def run(
        self, user: str, *command: str | Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        into = ("nsenter", "--target", self.process, "--mount", "--pid", "--root", "--wd")
        only_there = ("sh", "-euc", f'test -e {MARK}; exec "$@"', "sh")
        return subprocess.run(
            [*into, *only_there, "runuser", "-u", user, "--", *command],
            env={**(environment or os.environ)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=300,
            check=False,
        )

    def tell(self, user: str, *command: str | Path) -> str:
        """Run a command that must work, and return what it prints."""
        done = self.run(user, *command)
        assert done.returncode == 0, done.stdout
        return done.stdout


@pytest.fixture
def machine(collection: Collection, tmp_path: Path) -> Iterator[Machine]:
    needed = ("unshare", "nsenter", "runuser", "sudo", "useradd")
    if sys.platform != "linux" or os.getuid() or not all(map(shutil.which, needed)):
        pytest.skip(f"a copy of this machine needs Linux, root, and {', '.join(needed)}")
    scratch = tmp_path / "machine"
    scratch.mkdir()
    unshare = ("unshare", "--mount", "--pid", "--fork", "--kill-child=KILL")
    shown = (tmp_path, collection.folder, CLONE, Path(sys.base_prefix), BIN)
    with subprocess.Popen(
        [*unshare, "sh", "-c", ENTER, "sh", PREPARE, scratch, *shown],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        if not (process := started.stdout.readline().strip()):
            pytest.skip(f"no copy of this machine can be made here: {started.stderr.read()}")
        try:
            yield Machine(process)
        finally:
            started.kill()


def variables(host: Host, sandbox: Sandbox, package: Path) -> dict[str, Any]:
    """Return those of both roles; accounts and places are left to the defaults."""
    dev = sandbox.environment("dev")
    client = dev.clients[0]
    return {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "identity_service_archive": str(host.archive("first")),
        "identity_service_url": f"http://127.0.0.1:{free_port()}",
        "identity_service_database_connection_string": host.connection,
        "identity_service_certificate_password": SECRETS["password"],
        "identity_service_environment": {
            "GREETING": SECRETS["greeting"],
            "GREETING_FILE": "/opt/identity-service/shared/data/greeting",
        },
        "toolkit_package": str(package),
        "toolkit_python": sys.executable,
        "toolkit_pip_arguments": ["--no-deps", "--no-index"],
        "toolkit_environments": {
            "dev": {
                "identity": dev.require("identity"),
                "creatio": dev.require("creatio"),
                "clients": [{"id": client.id, "secret": {"file": "secrets/client"}}],
            }
        },
        "toolkit_secrets": {
            "client": (sandbox.folder / "secrets" / "dev-data-mart-sync").read_text("utf-8")
        },
        "toolkit_timer": True,
        "toolkit_timer_start": False,
    }


# Who owns what, and who may do what with it.
OWNERS = {
    "/opt/identity-service": "755 root:root",
    "/opt/identity-service/deployed.json": "600 root:root",
    "/opt/identity-service/current/IdentityService.dll": "640 root:identity-service",
    "/opt/identity-service/current/appsettings.shipped.json": "640 root:identity-service",
    "/opt/identity-service/current/appsettings.json": "600 identity-service:identity-service",
    "/opt/identity-service/shared": "750 root:identity-service",
    "/opt/identity-service/shared/data": "700 identity-service:identity-service",
    "/opt/identity-service/shared/environment": "600 root:root",
    "/opt/identity-service/shared/openssl.pfx": "600 identity-service:identity-service",
    "/opt/identity-service/shared/working/appsettings.json": "600 root:root",
    "/opt/identity-service/shared/working/openssl.pfx": "600 root:root",
    "/opt/opskit/bin/opskit": "755 root:root",
    "/etc/opskit": "750 root:opskit",
    "/etc/opskit/opskit.toml": "640 root:opskit",
    "/etc/opskit/secrets/client": "640 root:opskit",
    "/var/lib/opskit": "755 opskit:opskit",
    "/etc/systemd/system/identity-service.service": "644 root:root",
    "/etc/systemd/system/opskit-smoke.service": "644 root:root",
}
FOR_ONE = [path for path, owner in OWNERS.items() if re.match("6.0", owner)]


def test_accounts_of_their_own(
    collection: Collection, untouched: Sandbox, machine: Machine, tmp_path: Path
) -> None:
    host = Host(collection, tmp_path)
    group = {"hosts": {"here": {}}, "vars": variables(host, untouched, wheel(tmp_path))}
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(json.dumps({"identity_service": group, "opskit": group}), "utf-8")

    def play(user: str) -> Played:
        home = f"/home/{ADMIN}" if user == ADMIN else "/root"
        own = {"HOME": home, "ANSIBLE_HOME": f"{home}/.ansible"}
        command = (BIN / "ansible-playbook", "-i", inventory, "opskit.creatio.setup")
        done = machine.run(user, *command, environment=collection.surroundings() | own)
        return Played(done.returncode, [], done.stdout)

    # What opskit needs is borrowed from this test's environment, which takes no time.
    needed = sysconfig.get_path("purelib", vars={"base": "/opt/opskit"})
    borrow = 'mkdir -p "$1"; echo "$2" >"$1/needed.pth"'
    machine.tell("root", "sh", "-euc", borrow, "sh", needed, sysconfig.get_path("purelib"))

    # By sudo, and as root itself: there is nothing left to do.
    first = play(ADMIN)
    assert first.code == 0, first.text
    again = play("root")
    assert (again.code, recap(again, "changed")) == (0, {"here": 0}), again.text

    told = machine.tell("root", "stat", "--dereference", "--format=%n: %a %U:%G", *OWNERS)
    assert dict(line.split(": ", 1) for line in told.splitlines()) == OWNERS
    for user in (ADMIN, "nobody"):
        tried = machine.run(user, "sh", "-c", 'for path; do cat "$path"; done', "sh", *FOR_ONE)
        assert tried.stdout.count("Permission denied") == len(FOR_ONE), tried.stdout
    machine.tell("identity-service", "cat", "/opt/identity-service/current/IdentityService.dll")
    assert machine.run("identity-service", "cat", "/etc/opskit/opskit.toml").returncode
    assert machine.run("opskit", "ls", "/opt/identity-service/shared").returncode

    running = machine.tell("root", "ps", "-ww", "-eo", "user:20,args")
    assert re.search(r"(?m)^identity-service .*/current/IdentityService\.dll$", running)
    service = machine.tell("root", "cat", "/etc/systemd/system/opskit-smoke.service")
    (line,) = re.findall(r"(?m)^ExecStart=(.*)$", service)
    machine.tell("opskit", *shlex.split(line))
    assert 'name="dev"' in machine.tell("nobody", "cat", "/var/lib/opskit/opskit-smoke.xml")
