#!/usr/bin/python

# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prove that the Identity Service issues the tokens it should."""

from __future__ import annotations

DOCUMENTATION = r"""
module: identity_verify
short_description: Prove that an Identity Service issues the tokens it should
description:
  - Checks the discovery document, the keys, and a test token by both ways of sending the secret,
    with its signature and claims. Where the database is given, the token must live as long as the
    database says.
  - It fails when a check fails, with symptom, cause and remedy.
seealso:
  - module: opskit.creatio.data_path_smoke
  - module: opskit.creatio.client_lifetime
extends_documentation_fragment:
  - opskit.creatio.attributes
  - opskit.creatio.attributes.read_only
  - opskit.creatio.checks
  - opskit.creatio.environment
author:
  - The opskit authors (@opskit)
"""

EXAMPLES = r"""
- name: Prove that the Identity Service works
  opskit.creatio.identity_verify:
    config: /etc/opskit/opskit.toml
    environment: prod
    wait: 10m

- name: The same without any opskit.toml
  opskit.creatio.identity_verify:
    environment: dev
    identity: https://creatio-is.example.com
    clients:
      - id: FEDCBA9876543210FEDCBA9876543210
        secret: "{{ vault_client_secret }}"
"""

RETURN = r"""
environment:
  description: Its name.
  returned: always
  type: str
  sample: dev
checks:
  description: All checks, in the order in which they are read.
  returned: when the checks could be made
  type: list
  elements: dict
  contains:
    id:
      description: Its stable name, see opskit's C(docs/checks.md).
      type: str
      sample: token.signature
    status:
      description:
        - V(pass), V(warn), V(fail), V(skipped) or V(unsupported). Only V(fail) makes the task fail.
      type: str
      sample: pass
    summary:
      description: What was seen.
      type: str
      sample: signed by the key of the discovery document
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
  returned: when the checks could be made
  type: list
  elements: str
  sample: []
attempts:
  description: How often it was tried, which is once unless O(wait) asks for more.
  returned: when the checks could be made
  type: int
  sample: 1
waited:
  description: The seconds from the beginning of the first attempt to that of the last.
  returned: when the checks could be made
  type: float
  sample: 0.0
gave_up:
  description:
    - Why there was no further attempt although a check failed. Null when all is well, or without
      O(wait).
  returned: when the checks could be made
  type: str
  sample: waiting cannot mend odata4
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
  sample: Turn the feature on.
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
  sample: {opskit: 0.1.0, command: verify, ok: false, data: null, errors: []}
"""

from ansible_collections.opskit.creatio.plugins.module_utils._checks import (
    CHECKS_SPEC,
    report_checks,
)
from ansible_collections.opskit.creatio.plugins.module_utils._opskit import (
    Opskit,
    environment_module,
)


def main():
    """Run the module."""
    module = environment_module(CHECKS_SPEC)
    report_checks(module, Opskit(module), "verify")


if __name__ == "__main__":
    main()
