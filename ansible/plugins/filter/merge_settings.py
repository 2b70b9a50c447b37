# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a .NET service, merged as .NET reads them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: merge_settings
short_description: Settings of a .NET service with other values
description:
  - Returns the settings that a file ships with some of their values replaced. Objects are merged,
    and all else, lists included, is replaced.
  - Keys are found whatever their case, as .NET does, which refuses a file that has one twice.
author:
  - The opskit authors (@opskit)
positional: wanted
options:
  _input:
    description:
      - The shipped settings, as a dictionary, or as the text of a file C(appsettings.json), which
        may have a byte order mark, comments and trailing commas.
    type: raw
    required: true
  wanted:
    description: What shall stand in them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the settings with another database
  ansible.builtin.debug:
    msg: "{{ lookup('file', 'appsettings.json') | opskit.creatio.merge_settings(wanted) }}"
  vars:
    wanted:
      DbProvider: Postgres
"""

RETURN = r"""
_value:
  description: The merged settings.
  type: dict
"""

from ansible.errors import AnsibleFilterError
from ansible_collections.opskit.creatio.plugins.plugin_utils._identity_service import (
    Unusable,
    merge,
    parse_settings,
)


def merge_settings(shipped, wanted):
    """Merge what is wanted into what is shipped."""
    try:
        return merge(parse_settings(shipped) if isinstance(shipped, str) else shipped, wanted)
    except Unusable as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter."""

    def filters(self):
        """Return it by its name."""
        return {"merge_settings": merge_settings}
