# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of modules that check."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of ``module_utils/_checks.py``."""

    DOCUMENTATION = r"""
options:
  client:
    description: Whose token, by id or name of one whose secret is known. By default the first one.
    type: str
  wait:
    description:
      - How long to try again while the environment is warming up, such as V(10m) after a deploy.
        By default it is tried once.
      - It ends at once when all is well, or when a check fails by something that waiting does not
        mend.
      - Ansible shows nothing of a task before it ends, so the task's name had better say how long
        it may try.
    type: str
  time_limit:
    description:
      - How long the task may take at the most, such as V(15m). What is not over then is a failure
        with the code V(time-limit). By default there is no limit.
    type: str
"""
