#!/usr/bin/python

# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the role that opskit's login needs day by day."""

from __future__ import annotations

DOCUMENTATION = r"""
module: operator_role
short_description: Make the role that opskit's login needs day by day
description:
  - Makes the role C(opskit_operator) in the database of the Identity Service, with exactly the
    rights that opskit needs, or adds what it lacks. Nothing is taken away.
  - It takes the login of a DBA, and the journal (M(opskit.creatio.journal)) must be there.
options:
  logins:
    description:
      - Logins that get the role, too. They must be there already and keep their passwords; on SQL
        Server they become users of the database.
    type: list
    elements: str
    default: []
  diagnosis:
    description:
      - Whether the role may read what tells why a client gets no token, which is a few columns of
        C(ClientSecrets), C(ClientGrantTypes) and C(ClientScopes).
    type: bool
    default: false
  confirm_protected:
    description:
      - Give rights in a protected environment, too. There is nobody to ask, so without it the task
        fails there.
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
notes:
  - Babelfish does not list the rights of a role. There the task has changed something only when it
    made the role or gave it to a login.
seealso:
  - module: opskit.creatio.journal
extends_documentation_fragment:
  - opskit.creatio.attributes
  - opskit.creatio.environment
author:
  - The opskit authors (@opskit)
"""

EXAMPLES = r"""
- name: There shall be a role, and opskit's login shall have it
  opskit.creatio.operator_role:
    environment: prod
    database: postgresql://postgres@db.example.com:5432/identity
    database_password: "{{ vault_dba_password }}"
    logins: [opskit]
    confirm_protected: true
"""

RETURN = r"""
environment:
  description: Its name.
  returned: always
  type: str
  sample: prod
gained:
  description: What the role, and the logins that have it, can do now and could not before.
  returned: success
  type: list
  elements: str
  sample: [the role for opskit]
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
  sample: Let a DBA run what opskit db role --sql prints.
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
  sample: {opskit: 0.1.0, command: db role, ok: false, data: null, errors: []}
"""

from ansible_collections.opskit.creatio.plugins.module_utils._opskit import (
    Opskit,
    environment_module,
)

OPTIONS = {
    "logins": {"type": "list", "elements": "str", "default": []},
    "diagnosis": {"type": "bool", "default": False},
    "confirm_protected": {"type": "bool", "default": False},
    "lock_timeout": {"type": "str"},
}


def switches(params):
    """Return the options of the command."""
    given = [f"--login={login}" for login in params["logins"]]
    given += ["--diagnosis"] if params["diagnosis"] else []
    if params["lock_timeout"] is not None:
        given.append("--lock-timeout={}".format(params["lock_timeout"]))
    return given


def main():
    """Run the module."""
    module = environment_module(OPTIONS)
    opskit = Opskit(module)
    given = switches(module.params)

    def make(option):
        document = opskit.run("db role", [*given, option] if option else given)
        if document["errors"]:
            opskit.fail(document, environment=opskit.environment)
        return document["data"]["environments"][0]

    if module.check_mode:
        done = make("--dry-run")
    elif module.params["confirm_protected"]:
        done = make("--yes")
    else:
        # Looked at first, because where nothing is missing nobody has to confirm anything.
        done = make("--dry-run")
        done = make("--yes" if done["outcome"] == "unchanged" else None)
    module.exit_json(
        changed=done["outcome"] != "unchanged",
        environment=opskit.environment,
        gained=done["gained"],
        diff={"before": {"gained": []}, "after": {"gained": done["gained"]}},
    )


if __name__ == "__main__":
    main()
