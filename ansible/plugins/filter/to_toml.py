# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mapping as a TOML file."""

from __future__ import annotations

DOCUMENTATION = r"""
name: to_toml
short_description: A mapping as a TOML file
description:
  - Writes tables down to the second level under heads of their own, such as C([environments.dev]),
    and lists of tables in them as C([[environments.dev.clients]]). What lies deeper stands on one
    line.
  - Keys whose value is null are left out.
positional: _input
options:
  _input:
    description: The mapping.
    type: dict
    required: true
author:
  - The opskit authors (@opskit)
seealso:
  - plugin: opskit.creatio.environments
    plugin_type: inventory
    description: Environments of an opskit.toml as hosts.
"""

EXAMPLES = r"""
- name: Write an opskit.toml
  ansible.builtin.copy:
    content: "{{ {'environments': opskit_environments} | opskit.creatio.to_toml }}"
    dest: /etc/opskit/opskit.toml
    mode: "0640"
  vars:
    opskit_environments:
      dev:
        identity: https://creatio-is.example.com
"""

RETURN = r"""
_value:
  description: The file's text, which ends with a line break.
  type: str
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.opskit.creatio.plugins.module_utils._toml import to_document


def to_toml(value):
    """Return a mapping as a TOML file.

    Raises:
        AnsibleFilterError: it is no mapping, or holds something that TOML has no form for.
    """
    try:
        return to_document(value)
    except ValueError as error:
        raise AnsibleFilterError(
            f"opskit.creatio.to_toml: {error}. Write texts, numbers, true, false, lists and "
            "mappings."
        ) from None


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return them by their names."""
        return {"to_toml": to_toml}
