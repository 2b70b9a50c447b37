#!/usr/bin/python

# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change how long a client's tokens live, and prove it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: client_lifetime
short_description: Set how long the tokens of an OAuth client live
description:
  - Changes one integer in the database of an Identity Service, safely. The row is locked and
    compared, the change is journalled in the same transaction, read back, and proved by a freshly
    issued token where the client's secret is known.
  - When the lifetime is right already nothing is written, but it is proved all the same.
options:
  client:
    description: Which client, by ClientId, or by ClientName or glob.
    type: str
    required: true
  lifetime:
    description:
      - How long its tokens shall live, in seconds or as a duration such as V(90s), V(30m) or
        V(1h30m).
    type: str
    required: true
  expect:
    description: Only if this is the lifetime now. Otherwise it fails, and nothing is written.
    type: str
  all_matches:
    description: Change every client that O(client) matches. Otherwise more than one is a failure.
    type: bool
    default: false
  override_policy:
    description: Accept a lifetime outside the environment's policy.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    details:
      - It takes the same path, locks and comparisons included, and rolls back.
      - What only a committed change can prove is not checked.
  diff_mode:
    support: full
seealso:
  - module: opskit.creatio.client_info
  - module: opskit.creatio.identity_verify
  - module: opskit.creatio.journal
  - module: opskit.creatio.revert
extends_documentation_fragment:
  - opskit.creatio.attributes
  - opskit.creatio.changes
  - opskit.creatio.environment
author:
  - The opskit authors (@opskit)
"""

EXAMPLES = r"""
- name: Half an hour for the tokens of one client
  opskit.creatio.client_lifetime:
    config: /etc/opskit/opskit.toml
    environment: prod
    client: Data Mart Sync
    lifetime: 30m
    expect: 1h
    reason: CHG-1234
    confirm_protected: true
    wait: 15m

- name: The same without any opskit.toml
  opskit.creatio.client_lifetime:
    environment: dev
    database: postgresql://opskit@db.example.com:5432/identity
    database_password: "{{ vault_database_password }}"
    identity: https://creatio-is.example.com
    clients:
      - id: FEDCBA9876543210FEDCBA9876543210
        secret: "{{ vault_client_secret }}"
    client: FEDCBA9876543210FEDCBA9876543210
    lifetime: 1800
"""

RETURN = r"""
environment:
  description: Its name.
  returned: always
  type: str
  sample: dev
outcome:
  description: V(changed), V(unchanged), or V(dry-run) in check mode.
  returned: when the database could be asked
  type: str
  sample: changed
changes:
  description: Each client with its lifetime before and afterwards, which may be the same.
  returned: when the database could be asked
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
    old:
      description: The seconds before.
      type: int
      sample: 3600
    new:
      description: The seconds afterwards.
      type: int
      sample: 1800
old:
  description: The lifetime before, in seconds. Null when several clients had different ones.
  returned: when the database could be asked
  type: int
  sample: 3600
new:
  description: The lifetime afterwards, in seconds.
  returned: when the database could be asked
  type: int
  sample: 1800
change_set:
  description:
    - Under which the journal holds it, for M(opskit.creatio.revert). Null when nothing was
      written or recorded.
  returned: when the database could be asked
  type: str
  sample: 20260131-235959-0123abcd
verification:
  description:
    - What fresh tokens said. V(proved), V(failed), or V(skipped) when it was not asked for, no
      secret is known, or in check mode.
  returned: when the database could be asked
  type: str
  sample: proved
checks:
  description: What was read back, and what each fresh token said.
  returned: when the database could be asked
  type: list
  elements: dict
  contains:
    id:
      description: Its stable name, see opskit's C(docs/checks.md).
      type: str
      sample: lifetime.fresh_token
    status:
      description:
        - V(pass), V(warn), V(fail), V(skipped) or V(unsupported). Only V(fail) makes the task fail.
      type: str
      sample: pass
    summary:
      description: What was seen.
      type: str
      sample: a fresh token lives 1800 s (30m)
    finding:
      description: What explains it. Null when it passed or was skipped.
      type: dict
      contains:
        id:
          description: Its stable name, see opskit's C(docs/findings.md).
          type: str
          sample: login-redirect
        symptom:
          description: What was seen.
          type: str
          sample: The API redirects to the login page.
        cause:
          description: What it most likely means. May be empty.
          type: str
          sample: Probably the feature OAuth20Integration is off.
        remedy:
          description: What to do now.
          type: str
          sample: Turn the feature on.
        unreachable:
          description: Whether the other side gave no answer at all.
          type: bool
          sample: false
        transient:
          description: Whether a restart or a deploy explains it, so that waiting may help.
          type: bool
          sample: false
        evidence:
          description: What opskit looked up to name the cause.
          type: list
          elements: str
          sample: []
        link:
          description: Its section in opskit's documentation. Empty for what that does not explain.
          type: str
          sample: docs/findings.md#login-redirect
    elapsed:
      description: The seconds that its request took. Null without a request of its own.
      type: float
      sample: 0.052
    latency:
      description: The same over several runs. Null after a single one.
      type: dict
      sample: null
failed_checks:
  description: The ids of the checks that failed.
  returned: when a check failed
  type: list
  elements: str
  sample: []
code:
  description:
    - The stable name of what went wrong, one of the error codes in opskit's C(docs/json.md),
      V(check-failed),
      V(opskit-missing) or V(internal).
  returned: failure
  type: str
  sample: check-failed
remedy:
  description: What to do now.
  returned: failure
  type: str
  sample: Wait for the cache to expire, or restart the Identity Service.
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
  returned: failure other than of a check
  type: dict
  sample: {opskit: 0.1.0, command: lifetime set, ok: false, data: null, errors: []}
"""

from ansible_collections.opskit.creatio.plugins.module_utils._changes import (
    CHANGE_SPEC,
    options_of,
    report_change,
    result_of,
)
from ansible_collections.opskit.creatio.plugins.module_utils._opskit import (
    Opskit,
    environment_module,
)

# Not secrets, whatever their names suggest to Ansible.
ARGUMENTS = {
    "client": {"type": "str", "required": True},
    "lifetime": {"type": "str", "required": True, "no_log": False},
}
OPTIONS = {
    "expect": {"type": "str", "no_log": False},
    "all_matches": {"type": "bool", "default": False},
    "override_policy": {"type": "bool", "default": False},
    **CHANGE_SPEC,
}


def result_of_one_lifetime(change_set, check_mode):
    """Return what the module says of a change set, which leads to one lifetime."""
    olds = {change["old"] for change in change_set["changes"]}
    return dict(
        result_of(change_set, check_mode),
        old=olds.pop() if len(olds) == 1 else None,
        new=change_set["changes"][0]["new"],
    )


def main():
    """Run the module."""
    module = environment_module({**ARGUMENTS, **OPTIONS})
    opskit = Opskit(module)
    options = options_of({name: module.params[name] for name in OPTIONS}, module.check_mode)
    arguments = [module.params[name] for name in ARGUMENTS]
    document = opskit.run("lifetime set", options, arguments)
    report_change(module, opskit, document, result_of_one_lifetime)


if __name__ == "__main__":
    main()
