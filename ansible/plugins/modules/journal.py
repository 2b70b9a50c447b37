#!/usr/bin/python

# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make, update or remove the journal of changed lifetimes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: journal
short_description: Make, update or remove the journal of changed lifetimes
description:
  - opskit records each change in two tables in a schema of its own, C(opskit), in the database of
    the Identity Service. Creatio's own tables are not touched.
  - Making them takes the right to create a schema, or a schema that a DBA has made for the login.
options:
  state:
    description:
      - V(present) makes the journal, or brings it up to date.
      - V(absent) removes it with all its records, and with it the way to revert changes.
    type: str
    choices: [present, absent]
    default: present
  confirm_protected:
    description:
      - Make or update it in a protected environment, too. There is nobody to ask, so without it the
        task fails there.
      - Check mode does not need it, since nothing is written.
    type: bool
    default: false
  confirm_removal:
    description:
      - With O(state=absent), really remove all records, in a protected environment, too. Without
        it the task fails.
      - Check mode does not need it, since nothing is written.
    type: bool
    default: false
  lock_timeout:
    description: How long to wait for a change to end. By default ten seconds.
    type: str
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
seealso:
  - module: opskit.creatio.client_lifetime
extends_documentation_fragment:
  - opskit.creatio.attributes
  - opskit.creatio.environment
author:
  - The opskit authors (@opskit)
"""

EXAMPLES = r"""
- name: There shall be a journal
  opskit.creatio.journal:
    config: /etc/opskit/opskit.toml
    environment: prod
    confirm_protected: true

- name: Remove the journal with all its records
  opskit.creatio.journal:
    config: /etc/opskit/opskit.toml
    environment: dev
    state: absent
    confirm_removal: true
"""

RETURN = r"""
environment:
  description: Its name.
  returned: always
  type: str
  sample: dev
before:
  description: The revision that was there. Null where there was no journal.
  returned: success
  type: str
  sample: null
after:
  description: The revision that is there now. Null where there is no journal.
  returned: success
  type: str
  sample: "0001"
removed:
  description: How many records went with the journal. Check mode does not count them.
  returned: success
  type: int
  sample: 0
code:
  description:
    - The stable name of what went wrong, one of the error codes in opskit's C(docs/json.md),
      V(opskit-missing) or V(internal).
  returned: failure
  type: str
  sample: permission-missing
remedy:
  description: What to do now.
  returned: failure
  type: str
  sample: Let a DBA run what opskit db upgrade --sql prints.
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
  sample: {opskit: 0.1.0, command: db upgrade, ok: false, data: null, errors: []}
"""

from ansible_collections.opskit.creatio.plugins.module_utils._opskit import (
    Opskit,
    environment_module,
)

OPTIONS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "confirm_protected": {"type": "bool", "default": False},
    "confirm_removal": {"type": "bool", "default": False},
    "lock_timeout": {"type": "str"},
}

CONFIRM = {"present": "confirm_protected", "absent": "confirm_removal"}


def migrate(module, opskit):
    """Make, update or remove the journal; return the revisions and the number of records."""
    params = module.params
    present = params["state"] == "present"
    options = ["--yes"] if params[CONFIRM[params["state"]]] else []
    if params["lock_timeout"] is not None:
        options.append("--lock-timeout={}".format(params["lock_timeout"]))
    document = opskit.run("db upgrade" if present else "db downgrade", options)
    if document["errors"]:
        opskit.fail(document, environment=opskit.environment)
    (done,) = document["data"]["environments"]
    return done["before"], done["after"], done["removed"]


def main():
    """Run the module."""
    module = environment_module(OPTIONS)
    opskit = Opskit(module, yes=CONFIRM[module.params["state"]])
    present = module.params["state"] == "present"
    document = opskit.run("db current")
    if document["errors"]:
        opskit.fail(document, environment=opskit.environment)
    (found,) = document["data"]["environments"]
    before, after, removed = found["revision"], found["revision"], 0
    right = found["status"] == "current" if present else before is None
    if not right and not module.check_mode:
        before, after, removed = migrate(module, opskit)
    elif not right and found["status"] == "newer":
        module.fail_json(
            msg=f"The journal is at revision {before}, which only a newer opskit knows.",
            code="journal-newer",
            remedy="Install a newer opskit on this host.",
        )
    elif not right:
        after = found["expected"] if present else None
    module.exit_json(
        changed=before != after,
        environment=opskit.environment,
        before=before,
        after=after,
        removed=removed,
        diff={"before": {"revision": before}, "after": {"revision": after}},
    )


if __name__ == "__main__":
    main()
