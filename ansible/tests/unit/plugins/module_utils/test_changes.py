# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How modules that change lifetimes speak to opskit, and what they make of the answer."""

from __future__ import annotations

import pytest
from ansible_collections.opskit.creatio.plugins.module_utils._changes import (
    options_of,
    result_of,
    verification_of,
)

PARAMS = {
    "all_matches": False,
    "override_policy": False,
    "force": False,
    "confirm_protected": False,
    "journal": True,
    "verify": True,
    "expect": None,
    "reason": None,
    "actor": None,
    "wait": None,
    "lock_timeout": None,
}


def change_set(*lifetimes, outcome="changed", checks=()):
    changes = [
        {"client_id": str(number), "name": None, "old": old, "new": new}
        for number, (old, new) in enumerate(lifetimes)
    ]
    return {"outcome": outcome, "changes": changes, "checks": checks, "id": "20260131-1"}


def token(status):
    return {"id": "lifetime.fresh_token", "status": status}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, []),
        ({"verify": False, "journal": False}, ["--no-journal", "--no-verify"]),
        ({"confirm_protected": True}, ["--yes"]),
        ({"all_matches": True, "override_policy": True}, ["--all-matches", "--override-policy"]),
        ({"reason": "--yes", "lock_timeout": "5s"}, ["--reason=--yes", "--lock-timeout=5s"]),
    ],
)
def test_options(given, expected):
    assert options_of(dict(PARAMS, **given), check_mode=False) == expected


def test_check_mode_is_a_dry_run():
    assert options_of(PARAMS, check_mode=True) == ["--dry-run"]


@pytest.mark.parametrize(
    ("done", "check_mode", "changed"),
    [
        (change_set((3600, 1800)), False, True),
        (change_set((1800, 1800), outcome="unchanged"), False, False),
        (change_set((3600, 1800), outcome="dry-run"), True, True),
        (change_set((1800, 1800), outcome="dry-run"), True, False),
        (change_set((1800, 1800), (3600, 1800)), False, True),
    ],
)
def test_changed(done, check_mode, changed):
    assert result_of(done, check_mode)["changed"] is changed


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ([], "skipped"),
        ([token("skipped")], "skipped"),
        ([token("pass"), token("skipped")], "proved"),
        ([token("pass"), token("fail")], "failed"),
        ([{"id": "lifetime.read_back", "status": "pass"}], "skipped"),
    ],
)
def test_verification(checks, expected):
    assert verification_of(checks) == expected
