# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which .NET runtimes are not there."""

from __future__ import annotations

DOCUMENTATION = r"""
name: missing_runtimes
short_description: Which of the needed .NET runtimes are not installed
description:
  - Compares the runtimes that an application needs with what C(dotnet --list-runtimes) says. As
    for .NET itself a later version of the same major one will do, unless C(roll_forward) says
    otherwise.
author:
  - The opskit authors (@opskit)
positional: listed
options:
  _input:
    description: The needed runtimes, each with C(name), C(version) and perhaps C(roll_forward).
    type: list
    elements: dict
    required: true
  listed:
    description: The lines of C(dotnet --list-runtimes).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show what is missing
  ansible.builtin.debug:
    msg: "{{ archive.runtimes | opskit.creatio.missing_runtimes(listed.stdout_lines) }}"
  vars:
    archive: "{{ lookup('opskit.creatio.identity_archive', 'IdentityService.zip') }}"
"""

RETURN = r"""
_value:
  description: Those that are missing.
  type: list
  elements: dict
"""

from ansible_collections.opskit.creatio.plugins.plugin_utils._identity_service import (
    missing_runtimes,
)


class FilterModule:
    """The filter."""

    def filters(self):
        """Return it by its name."""
        return {"missing_runtimes": missing_runtimes}
