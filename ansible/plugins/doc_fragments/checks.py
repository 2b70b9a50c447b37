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
"""
