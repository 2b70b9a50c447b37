# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What client_lifetime makes of a change set."""

from __future__ import annotations

from ansible_collections.opskit.creatio.plugins.modules import client_lifetime


def change_set(*lifetimes):
    changes = [
        {"client_id": str(number), "name": None, "old": old, "new": new}
        for number, (old, new) in enumerate(lifetimes)
    ]
    return {"outcome": "changed", "changes": changes, "checks": [], "id": "20260131-1"}


def test_one_lifetime_before_or_none():
    result = client_lifetime.result_of_one_lifetime(change_set((1, 3), (1, 3)), False)
    assert (result["old"], result["new"]) == (1, 3)
    result = client_lifetime.result_of_one_lifetime(change_set((1, 3), (2, 3)), False)
    assert (result["old"], result["new"]) == (None, 3)
