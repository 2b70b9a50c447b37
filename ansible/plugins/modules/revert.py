#!/usr/bin/python

# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo a change set: put the old lifetimes back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: revert
short_description: Undo changed lifetimes by the journal
description:
  - Puts back the lifetimes that a change set replaced, where its own still stand. The undo is
    locked, compared, journalled, read back and proved as the change was. The journal says what it
    undoes.
  - Where all the old lifetimes are back already, nothing is written.
  - The policy of the environment is not enforced, since what was there before was accepted once.
options:
  change_set:
    description:
      - Which change set, by its id, as RV(opskit.creatio.client_lifetime#module:change_set) and
        C(opskit history) say it. Its beginning is enough.
      - Exactly one of O(change_set) and O(plan) is needed.
    type: str
  plan:
    description:
      - The hash of a plan, or its beginning. What it changed last in this environment is undone.
    type: str
  force:
    description: Put the old lifetimes back over later changes. Otherwise these are a failure.
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
  - module: opskit.creatio.client_lifetime
  - module: opskit.creatio.journal
extends_documentation_fragment:
  - opskit.creatio.attributes
  - opskit.creatio.changes
  - opskit.creatio.environment
author:
  - The opskit authors (@opskit)
"""

EXAMPLES = r"""
- name: Undo a change
  opskit.creatio.revert:
    config: /etc/opskit/opskit.toml
    environment: prod
    change_set: 20260131-235959-0123abcd
    reason: CHG-1234 is withdrawn
    confirm_protected: true

- name: Try half an hour
  module_defaults:
    group/opskit.creatio.environment:
      config: /etc/opskit/opskit.toml
      environment: test
  block:
    - name: Change the lifetime
      opskit.creatio.client_lifetime:
        client: Data Mart Sync
        lifetime: 30m
      register: tuned

    - name: Prove that everything still works
      opskit.creatio.data_path_smoke:
  rescue:
    - name: Undo it
      opskit.creatio.revert:
        change_set: "{{ tuned.change_set }}"
      when: tuned.change_set | default(none) is not none
"""

RETURN = r"""
environment:
  description: Its name.
  returned: always
  type: str
  sample: dev
outcome:
  description: V(changed), V(unchanged) where it was undone already, or V(dry-run) in check mode.
  returned: when the database could be asked
  type: str
  sample: changed
changes:
  description:
    - Each client with its lifetime before and after the undo, which may be the same. None where a
      plan was undone already and others have changed its clients since.
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
      sample: 1800
    new:
      description: The seconds afterwards.
      type: int
      sample: 3600
change_set:
  description:
    - Under which the journal holds the undo, which can be undone, too. Null when nothing was
      written or recorded.
  returned: when the database could be asked
  type: str
  sample: 20260131-235959-0123abcd
reverts:
  description: The id of the change set that was undone. Null when nothing was written or recorded.
  returned: when the database could be asked
  type: str
  sample: 20260131-225959-89abcdef
verification:
  description:
    - What fresh tokens said. V(proved), V(failed), or V(skipped) when it was not asked for, no
      secret is known, it was undone already, or in check mode.
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
      sample: a fresh token lives 3600 s (1h)
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
  sample: {opskit: 0.1.0, command: revert, ok: false, data: null, errors: []}
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

OPTIONS = {
    "plan": {"type": "str"},
    "force": {"type": "bool", "default": False},
    **CHANGE_SPEC,
}
ONE_OF = [["change_set", "plan"]]


def result_of_undo(change_set, check_mode):
    """Return what the module says of a change set that undoes another."""
    return dict(result_of(change_set, check_mode), reverts=change_set["reverts"])


def undone(opskit, change_set, plan):
    """Return the changes of what is to be undone where all the old lifetimes are back, else None.

    Args:
        opskit: the command.
        change_set: the beginning of an id; None where ``plan`` says it.
        plan: the beginning of a plan's hash.
    """
    documents = [
        opskit.run("history", arguments=[] if change_set is None else [change_set]),
        opskit.run("lifetime list"),
    ]
    if any(document["errors"] for document in documents):
        return None
    history, listed = (document["data"] for document in documents)
    entries = history["entries"]
    if change_set is None:
        entries = made_by(plan, opskit.environment, entries)
    return put_back(entries, listed["environments"][0]["clients"])


def put_back(entries, clients):
    """Return the changes of a change set from and to its old lifetimes, None unless all are back.

    Args:
        entries: what the journal says of it.
        clients: those that are there now.
    """
    present = {client["client_id"]: client["lifetime"] for client in clients}
    if any(present.get(entry["client_id"]) != entry["old"] for entry in entries):
        return None
    return [
        {
            "client_id": entry["client_id"],
            "name": entry["client_name"],
            "old": entry["old"],
            "new": entry["old"],
        }
        for entry in entries
    ]


def made_by(plan, environment, entries):
    """Return the entries of the last change set that a plan made in an environment."""
    own = [
        entry
        for entry in entries
        if entry["environment"] == environment and (entry["plan_hash"] or "").startswith(plan)
    ]
    return [entry for entry in own if entry["change_set"] == own[0]["change_set"]]


def main():
    """Run the module."""
    module = environment_module(
        {"change_set": {"type": "str"}, **OPTIONS},
        required_one_of=ONE_OF,
        mutually_exclusive=ONE_OF,
    )
    opskit = Opskit(module)
    change_set, plan = module.params["change_set"], module.params["plan"]
    options = options_of({name: module.params[name] for name in OPTIONS}, module.check_mode)
    document = opskit.run("revert", options, [] if change_set is None else [change_set])
    refused = [error["code"] for error in document["errors"]] == ["value-changed"]
    nothing_left = document["ok"] and not document["data"]["change_sets"]
    if refused or nothing_left:
        there = undone(opskit, change_set, plan)
        if there or nothing_left:
            same = {"outcome": "unchanged", "changes": there or [], "checks": [], "warnings": []}
            unchanged = dict(same, id=None, reverts=None)
            document = dict(document, ok=True, errors=[], data={"change_sets": [unchanged]})
    report_change(module, opskit, document, result_of_undo)


if __name__ == "__main__":
    main()
