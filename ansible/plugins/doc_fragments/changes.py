# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of modules that change lifetimes."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of ``module_utils/_changes.py``."""

    DOCUMENTATION = r"""
options:
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
"""
