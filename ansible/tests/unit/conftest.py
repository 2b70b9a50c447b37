# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the collection importable for plain pytest; ansible-test has done so already."""

from __future__ import annotations

import importlib.util
import pathlib
import tempfile

try:
    found = importlib.util.find_spec("ansible_collections.opskit.creatio")
except ImportError:
    found = None
if found is None:
    # Not at the top: ansible-test keeps all but module_utils from the tests of modules.
    from ansible.plugins.loader import init_plugin_loader

    ROOT = pathlib.Path(__file__).resolve().parents[2]
    # Kept until the process ends.
    STAGE = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
    namespace = pathlib.Path(STAGE.name, "ansible_collections", "opskit")
    namespace.mkdir(parents=True)
    (namespace / "creatio").symlink_to(ROOT)
    init_plugin_loader([STAGE.name])
