# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When revert takes what is there for undone already."""

from __future__ import annotations

import pytest
from ansible_collections.opskit.creatio.plugins.modules import revert


def entry(change_set, client, plan=None, environment="dev"):
    return {
        "change_set": change_set,
        "environment": environment,
        "client_id": client,
        "client_name": None,
        "old": 3600,
        "new": 1800,
        "plan_hash": plan,
    }


@pytest.mark.parametrize(
    ("clients", "is_undone"),
    [
        ({"A": 3600, "B": 3600, "C": 1}, True),
        ({"A": 3600, "B": 1800}, False),
        ({"A": 3600, "B": 7200}, False),
        ({"A": 3600}, False),
    ],
)
def test_undone_is_where_all_old_lifetimes_are_back(clients, is_undone):
    present = [{"client_id": one, "lifetime": lifetime} for one, lifetime in clients.items()]
    changes = revert.put_back([entry("2", "A"), entry("2", "B")], present)
    assert (changes is not None) is is_undone
    if is_undone:
        assert [(one["client_id"], one["old"], one["new"]) for one in changes] == [
            ("A", 3600, 3600),
            ("B", 3600, 3600),
        ]


def test_of_a_plan_only_its_last_change_set_counts_and_only_here():
    entries = [
        entry("4", "A", "other"),
        entry("3", "A", "hash", environment="test"),
        entry("2", "A", "hash"),
        entry("2", "B", "hash"),
        entry("1", "C", "hash"),
        entry("0", "D"),
    ]
    assert revert.made_by("ha", "dev", entries) == entries[2:4]
    assert revert.made_by("nothing", "dev", entries) == []
