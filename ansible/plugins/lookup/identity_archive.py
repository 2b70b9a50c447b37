# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an archive of the Identity Service says about itself."""

from __future__ import annotations

DOCUMENTATION = r"""
name: identity_archive
short_description: What an IdentityService.zip says about itself
description:
  - Looks into Creatio's C(IdentityService.zip) on the controller, for its checksum, the .NET
    runtimes that it needs, and the settings that it ships. Nothing is unpacked.
  - The role P(opskit.creatio.identity_service#role) asks it before anything is changed.
author:
  - The opskit authors (@opskit)
options:
  _terms:
    description: The archives, looked for as files of a role are.
    type: list
    elements: str
    required: true
  assembly:
    description: The service's assembly, beside which its C(appsettings.json) lies.
    type: str
    default: IdentityService.dll
"""

EXAMPLES = r"""
- name: Show what it needs
  ansible.builtin.debug:
    msg: "{{ lookup('opskit.creatio.identity_archive', 'IdentityService.zip').runtimes }}"
"""

RETURN = r"""
_list:
  description:
    - For each archive its absolute C(path); its C(sha256); the folder C(root) in it that holds the
      service, empty when there is none; the C(settings) that it ships; and the C(runtimes) that it
      needs, each with C(name), C(version) and C(roll_forward), none where it does not say.
  type: list
  elements: dict
"""

from ansible.errors import AnsibleLookupError
from ansible_collections.opskit.creatio.plugins.plugin_utils._identity_service import (
    Unusable,
    read_archive,
)

from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """Looks into archives."""

    def run(self, terms, variables=None, **kwargs):
        """Return what each archive says, or end with why it cannot be used."""
        self.set_options(var_options=variables, direct=kwargs)
        return [self._look_into(term, variables) for term in terms]

    def _look_into(self, term, variables):
        path = self.find_file_in_search_path(variables, "files", term, ignore_missing=True)
        if path is None:
            raise AnsibleLookupError(
                f"There is no file {term} on the controller: take IdentityService.zip from"
                " Creatio's installation files, and name it with identity_service_archive."
            )
        try:
            return {"path": path, **read_archive(path, self.get_option("assembly"))}
        except Unusable as error:
            raise AnsibleLookupError(str(error)) from None
