# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The collection as a whole: its tarball, its documentation, its integration targets."""

import re
import sys
import tarfile
from pathlib import Path

import pytest

from opskit import __version__
from tests.ansible.conftest import MODULES, OPSKIT, ROOT, Collection
from tests.conftest import Sandbox

TEXTS = [
    path
    for path in ROOT.rglob("*")
    if path.suffix in {".md", ".py", ".yml", ".yaml", ".template"} and path.is_file()
]


def test_it_has_opskits_version() -> None:
    galaxy = (ROOT / "galaxy.yml").read_text("utf-8")
    assert re.findall(r"(?m)^version: (.*)$", galaxy) == [__version__]
    assert f"opskit-creatio-{__version__}.tar.gz" in (ROOT / "README.md").read_text("utf-8")


def test_it_wants_no_opskit_that_is_not_there_yet() -> None:
    source = (ROOT / "plugins" / "module_utils" / "_opskit.py").read_text("utf-8")
    (minimum,) = re.findall(r"(?m)^MINIMUM = \((\d+), (\d+), (\d+)\)$", source)
    assert tuple(map(int, minimum)) <= tuple(map(int, __version__.split(".")[:3]))
    for page in (ROOT / "README.md", ROOT / "plugins" / "doc_fragments" / "environment.py"):
        assert ".".join(minimum) in page.read_text("utf-8")


def test_it_is_no_python_package() -> None:
    # It would hide Ansible's own package from everything that runs in the clone.
    assert not (ROOT / "__init__.py").exists()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_each_file_says_its_licence(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "GPL-3.0-or-later" in text
    assert not re.search(r"pipx? install \"?opskit\b", text)


def test_all_modules_share_the_action_group() -> None:
    runtime = (ROOT / "meta" / "runtime.yml").read_text("utf-8")
    assert tuple(re.findall(r"(?m)^    - (\w+)$", runtime)) == MODULES
    assert tuple(sorted(path.stem for path in ROOT.glob("plugins/modules/*.py"))) == MODULES


def test_the_tarball_holds_what_it_should(collection: Collection) -> None:
    (path,) = collection.folder.glob("*.tar.gz")
    with tarfile.open(path) as tarball:
        names = set(tarball.getnames())
    assert {"LICENSE", "README.md", "meta/runtime.yml", "plugins/modules/journal.py"} <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_ansible_doc_shows_the_modules(collection: Collection) -> None:
    shown = collection.call("ansible-doc", *(f"opskit.creatio.{name}" for name in MODULES))
    assert shown.code == 0
    assert shown.text.count("EXAMPLES") == len(MODULES)
    assert "WARNING" not in shown.text


def test_ansible_doc_shows_the_inventory(collection: Collection) -> None:
    shown = collection.call("ansible-doc", "-t", "inventory", "opskit.creatio.environments")
    assert shown.code == 0
    assert "EXAMPLES" in shown.text
    assert "WARNING" not in shown.text


def test_the_integration_targets(collection: Collection, sandbox: Sandbox) -> None:
    config = collection.installed / "tests" / "integration" / "integration_config.yml"
    config.write_text(f"sandbox: {sandbox.folder}\nopskit: {OPSKIT}\n", encoding="utf-8")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    ran = collection.call(
        *("ansible-test", "integration", "--python", python, "--allow-unsupported"),
        cwd=collection.installed,
    )
    assert ran.code == 0, ran.text
    for target in MODULES:
        assert f"Running {target} integration test role" in ran.text
