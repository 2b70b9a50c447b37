#!/usr/bin/python

# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See the clients of an environment and how long their tokens live."""

from __future__ import annotations

DOCUMENTATION = r"""
module: client_info
short_description: See OAuth clients and how long their tokens live
description:
  - Reads the clients of an environment's Identity Service from its database.
options:
  client:
    description:
      - Only this one, by ClientId, or by ClientName or glob.
      - By default all of them.
    type: str
seealso:
  - module: opskit.creatio.client_lifetime
extends_documentation_fragment:
  - opskit.creatio.attributes
  - opskit.creatio.attributes.read_only
  - opskit.creatio.environment
author:
  - The opskit authors (@opskit)
"""

EXAMPLES = r"""
- name: See all clients of an environment of an opskit.toml
  opskit.creatio.client_info:
    config: /etc/opskit/opskit.toml
    environment: prod
  register: prod

- name: List those that the policy does not allow
  ansible.builtin.debug:
    msg: "{{ prod.clients | rejectattr('within_policy') | map(attribute='name') }}"

- name: See one client, without any opskit.toml
  opskit.creatio.client_info:
    environment: dev
    database: postgresql://opskit@db.example.com:5432/identity
    database_password: "{{ vault_database_password }}"
    client: Data Mart Sync
"""

RETURN = r"""
environment:
  description: Its name.
  returned: always
  type: str
  sample: dev
clients:
  description: The clients by name. Empty when O(client) matches none.
  returned: success
  type: list
  elements: dict
  contains:
    client_id:
      description: The ClientId.
      type: str
      sample: FEDCBA9876543210FEDCBA9876543210
    name:
      description: The ClientName. Null where there is none, or no right to read it.
      type: str
      sample: Data Mart Sync
    lifetime:
      description: How long its access tokens live, in seconds.
      type: int
      sample: 3600
    enabled:
      description: Whether it gets tokens at all. Null without the right to read it.
      type: bool
      sample: true
    within_policy:
      description: Whether the environment's policy allows that lifetime.
      type: bool
      sample: true
code:
  description:
    - The stable name of what went wrong, one of the error codes in opskit's C(docs/json.md),
      V(opskit-missing) or V(internal).
  returned: failure
  type: str
  sample: login-refused
remedy:
  description: What to do now.
  returned: failure
  type: str
  sample: Check user and password.
errors:
  description: Each thing that could not be done.
  returned: failure
  type: list
  elements: dict
  contains:
    code:
      description: The error's stable name.
      type: str
      sample: login-refused
    environment:
      description: Where it happened. Null when it was in none.
      type: str
      sample: dev
    message:
      description: What happened and why.
      type: str
      sample: The server refused the login of opskit.
    remedy:
      description: What to do now.
      type: str
      sample: Check user and password.
document:
  description: All that opskit said, see its C(docs/json.md).
  returned: failure
  type: dict
  sample: {opskit: 0.1.0, command: lifetime list, ok: false, data: null, errors: []}
"""

from ansible_collections.opskit.creatio.plugins.module_utils._opskit import (
    Opskit,
    environment_module,
)


def main():
    """Run the module."""
    module = environment_module({"client": {"type": "str"}})
    opskit = Opskit(module)
    client = module.params["client"]
    document = opskit.run("lifetime list", arguments=[] if client is None else [client])
    if [error["code"] for error in document["errors"]] == ["client-not-found"]:
        module.exit_json(changed=False, environment=opskit.environment, clients=[])
    if document["errors"]:
        opskit.fail(document, environment=opskit.environment)
    (found,) = document["data"]["environments"]
    clients = [
        dict(one, within_policy=one["client_id"] not in found["outside_policy"])
        for one in found["clients"]
    ]
    module.exit_json(changed=False, environment=opskit.environment, clients=clients)


if __name__ == "__main__":
    main()
