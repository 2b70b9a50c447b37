# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Running the collection: built, installed far from the clone, and called by Ansible itself."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Sandbox

ROOT = Path(__file__).parents[2] / "ansible"
BIN = Path(sys.executable).parent
OPSKIT = BIN / "opskit"
SECONDS = 300
MODULES = (
    *("client_info", "client_lifetime", "data_path_smoke", "identity_verify", "journal"),
    *("operator_role", "revert"),
)

# Ansible sends with each module all that it imports, and Python compiles that anew: a third of the
# time of a task. A Python that gets its program by a pipe takes what is installed, and compiled.
START = """\
import contextlib, sys
if sys.argv == [""]:
    with contextlib.suppress(ImportError):
        import ansible.module_utils.basic
"""

# What Ansible itself adds to a result.
ANSIBLE_KEYS = {"changed", "failed", "diff", "warnings", "invocation", "exception", "msg"}


@dataclass(frozen=True)
class Played:
    """A playbook that has ended: the result of each task, and all that was printed."""

    code: int
    results: Sequence[Mapping[str, Any]]
    text: str


@dataclass(frozen=True)
class Collection:
    """The installed collection, and a home for Ansible that nobody else uses."""

    folder: Path

    @property
    def installed(self) -> Path:
        return self.folder / "collections" / "ansible_collections" / "opskit" / "creatio"

    def surroundings(self) -> dict[str, str]:
        """Nothing of the user's own Ansible, nor of opskit's variables, decides a test."""
        own = ("ANSIBLE_", "OPSKIT_", "PYTHON")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        return kept | {
            "HOME": str(self.folder / "home"),
            "ANSIBLE_HOME": str(self.folder / "home"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder / "collections"),
            "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",  # half the time
            "PYTHONPATH": str(self.folder / "start"),
            "LC_ALL": "C.UTF-8",
            # As a shell with the environment activated has it, for ansible-test.
            "PATH": f"{BIN}{os.pathsep}{kept['PATH']}",
        }

    def call(
        self,
        program: str,
        *arguments: str | Path,
        cwd: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Played:
        """Run one of Ansible's programs.

        Args:
            program: its name.
            arguments: its arguments.
            cwd: where it starts; by default in the collection's folder.
            variables: environment variables over those of :meth:`surroundings`.
        """
        done = subprocess.run(
            [BIN / program, *arguments],
            cwd=cwd or self.folder,
            env=self.surroundings() | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
        return Played(done.returncode, [], done.stdout)

    def play(
        self, *tasks: Mapping[str, Any], arguments: Sequence[str] = (), **defaults: object
    ) -> Played:
        """Run tasks in a playbook on this machine, each whatever became of those before.

        Args:
            tasks: as they stand in a playbook.
            arguments: more arguments of ansible-playbook.
            defaults: options of all modules of the collection.
        """
        names = [f"result_{number}" for number, _ in enumerate(tasks)]
        kept = [
            {**task, "register": name, "ignore_errors": True}
            for name, task in zip(names, tasks, strict=True)
        ]
        results = self.folder / "results.json"
        results.unlink(missing_ok=True)
        save: dict[str, Any] = {
            "ansible.builtin.copy": {
                "content": "{{ [" + ", ".join(names) + "] | to_json }}",
                "dest": str(results),
            },
            "check_mode": False,
            "no_log": True,
        }
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars": {"ansible_python_interpreter": sys.executable},
            "module_defaults": {
                "group/opskit.creatio.environment": {"opskit_path": str(OPSKIT), **defaults}
            },
            "tasks": [*kept, save],
        }
        playbook = self.folder / "playbook.yml"
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        ran = self.call("ansible-playbook", "-i", "localhost,", *arguments, playbook)
        playbook.unlink()  # it may hold secrets, which tests look for
        assert results.exists(), ran.text
        return Played(ran.code, json.loads(results.read_text("utf-8")), ran.text)


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    """The collection as somebody without the clone gets it: from a tarball."""
    # Not "ansible" itself, which in the clone is the folder of that name, too.
    if importlib.util.find_spec("ansible.release") is None:
        pytest.skip("ansible-core is not installed (it does not run on Windows)")
    collection = Collection(tmp_path_factory.mktemp("ansible"))
    (collection.folder / "home").mkdir()
    (collection.folder / "ansible.cfg").touch()
    (collection.folder / "start").mkdir()
    (collection.folder / "start" / "sitecustomize.py").write_text(START, "utf-8")
    built = collection.call(
        "ansible-galaxy", "collection", "build", ROOT, "--output-path", collection.folder
    )
    assert built.code == 0, built.text
    (tarball,) = collection.folder.glob("*.tar.gz")
    installed = collection.call(
        *("ansible-galaxy", "collection", "install", tarball, "--offline"),
        *("-p", collection.folder / "collections"),
    )
    assert installed.code == 0, installed.text
    return collection


@pytest.fixture(scope="session")
def documentation(collection: Collection) -> Any:
    """What ansible-doc makes of the modules, by their names."""
    names = [f"opskit.creatio.{name}" for name in MODULES]
    shown = json.loads(collection.call("ansible-doc", "--json", *names).text)
    return {name: shown[full] for name, full in zip(MODULES, names, strict=True)}


@pytest.fixture
def untouched(sandbox_folder: Path) -> Sandbox:
    """The running sandbox, for tests that change nothing in it."""
    return Sandbox(sandbox_folder)
