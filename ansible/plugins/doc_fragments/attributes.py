# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The attributes of modules."""

from __future__ import annotations


class ModuleDocFragment:
    """What holds for all of them, and what each says for itself."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode, where nothing is written, and says what would be done.
  diff_mode:
    description: Says in detail what it changed, or would change in check mode.
  action_group:
    description: Use it in C(module_defaults) to say once which environment is meant.
    support: full
    membership:
      - opskit.creatio.environment
  platform:
    description: Where it runs.
    support: full
    platforms: posix
"""

    READ_ONLY = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - It changes nothing, and does the same in check mode.
  diff_mode:
    support: N/A
    details:
      - It changes nothing.
"""
