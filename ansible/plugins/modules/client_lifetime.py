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
  confirm_protected:
    description:
      - Change it in a protected environment, too. There is nobody to ask, so without it the task
        fails there.
      - Check mode does not need it, since nothing is written.
    type: bool
    default: false
  reason:
    description: Why, for the journal.
    type: str
  actor:
    description: Who, for the journal. By default the user and the host on which opskit runs.
    type: str
  journal:
    description: Record the change. Where the database has no journal it is refused then.
    type: bool
    default: true
  verify:
    description: Prove the change by fresh tokens of the clients whose secret is known.
    type: bool
    default: true
  wait:
    description:
      - How long to keep asking for fresh tokens while a cache of the Identity Service still gives
        the old lifetime, such as V(15m). By default it is asked once.
    type: str
  lock_timeout:
    description: How long to wait for another change to end. By default ten seconds.
    type: str
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
extends_documentation_fragment:
  - opskit.creatio.attributes
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
    - Under which the journal holds it, for C(opskit revert). Null when nothing was written or
      recorded.
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
          sample: bearer-ignored
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
  returned: failure
  type: dict
  sample: {opskit: 0.1.0, command: lifetime set, ok: false, data: null, errors: []}
"""

from ansible_collections.opskit.creatio.plugins.module_utils._checks import fail_by_checks
from ansible_collections.opskit.creatio.plugins.module_utils._opskit import (
    Opskit,
    environment_module,
)

OPTIONS = {
    "client": {"type": "str", "required": True},
    # Not secrets, whatever their names suggest to Ansible.
    "lifetime": {"type": "str", "required": True, "no_log": False},
    "expect": {"type": "str", "no_log": False},
    "all_matches": {"type": "bool", "default": False},
    "override_policy": {"type": "bool", "default": False},
    "confirm_protected": {"type": "bool", "default": False},
    "reason": {"type": "str"},
    "actor": {"type": "str"},
    "journal": {"type": "bool", "default": True},
    "verify": {"type": "bool", "default": True},
    "wait": {"type": "str"},
    "lock_timeout": {"type": "str"},
}


def options_of(params, check_mode):
    """Return the options of ``opskit lifetime set``."""
    switches = {
        "--dry-run": check_mode,
        "--all-matches": params["all_matches"],
        "--override-policy": params["override_policy"],
        "--yes": params["confirm_protected"],
        "--no-journal": not params["journal"],
        "--no-verify": not params["verify"],
    }
    values = ("expect", "reason", "actor", "wait", "lock_timeout")
    return [switch for switch, on in switches.items() if on] + [
        "--{}={}".format(name.replace("_", "-"), params[name])
        for name in values
        if params[name] is not None
    ]


def result_of(change_set, check_mode):
    """Return what the module says of a change set."""
    changes = change_set["changes"]
    olds = {change["old"] for change in changes}
    changed = any(change["old"] != change["new"] for change in changes)
    return {
        "changed": changed and (check_mode or change_set["outcome"] == "changed"),
        "outcome": change_set["outcome"],
        "changes": changes,
        "old": olds.pop() if len(olds) == 1 else None,
        "new": changes[0]["new"],
        "change_set": change_set["id"],
        "verification": verification_of(change_set["checks"]),
        "diff": {"before": state(changes, "old"), "after": state(changes, "new")},
    }


def verification_of(checks):
    """Return what the fresh tokens among the checks said, in the journal's words."""
    said = {check["status"] for check in checks if check["id"] == "lifetime.fresh_token"}
    if "fail" in said:
        return "failed"
    return "proved" if said & {"pass", "warn"} else "skipped"


def state(changes, side):
    """Return one side of the changes, for a diff."""
    return {
        "clients": [
            {"client_id": one["client_id"], "name": one["name"], "lifetime": one[side]}
            for one in changes
        ]
    }


def main():
    """Run the module."""
    module = environment_module(OPTIONS)
    opskit = Opskit(module)
    params = module.params
    document = opskit.run(
        "lifetime set",
        options_of(params, module.check_mode),
        [params["client"], params["lifetime"]],
    )
    done = (document["data"] or {}).get("change_sets") or []
    result = result_of(done[0], module.check_mode) if done else {}
    checks = done[0]["checks"] if done else []
    if document["errors"]:
        opskit.fail(document, environment=opskit.environment, **result)
    for warning in done[0]["warnings"]:
        module.warn(f"{opskit.environment}: {warning}")
    if not document["ok"]:
        fail_by_checks(module, opskit.environment, document, checks, **result)
    module.exit_json(environment=opskit.environment, checks=checks, **result)


if __name__ == "__main__":
    main()
