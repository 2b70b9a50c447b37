# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing lifetimes: options that such modules share, and what they make of a change set.

This is private to the collection.
"""

from __future__ import annotations

from ansible_collections.opskit.creatio.plugins.module_utils._checks import fail_by_checks

CHANGE_SPEC = {
    "confirm_protected": {"type": "bool", "default": False},
    "reason": {"type": "str"},
    "actor": {"type": "str"},
    "journal": {"type": "bool", "default": True},
    "verify": {"type": "bool", "default": True},
    "wait": {"type": "str"},
    "lock_timeout": {"type": "str"},
}

# Options of the modules that have another name, or another sense, than those of the commands.
_SWITCHES = {"confirm_protected": "--yes"}
_LEFT_OUT = {"journal": "--no-journal", "verify": "--no-verify"}


def options_of(params, check_mode):
    """Return the options of the command for those of a module, but for what is None or False.

    Args:
        params: the options of the module, without those that become arguments.
        check_mode: whether nothing is to be written.
    """
    options = ["--dry-run"] if check_mode else []
    for name, value in params.items():
        option = "--" + name.replace("_", "-")
        if name in _LEFT_OUT:
            options += [] if value else [_LEFT_OUT[name]]
        elif value is True:
            options.append(_SWITCHES.get(name, option))
        elif value not in (None, False):
            options.append(f"{option}={value}")
    return options


def result_of(change_set, check_mode):
    """Return what modules say of a change set."""
    changes = change_set["changes"]
    changed = any(change["old"] != change["new"] for change in changes)
    return {
        "changed": changed and (check_mode or change_set["outcome"] == "changed"),
        "outcome": change_set["outcome"],
        "changes": changes,
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


def report_change(module, opskit, document, result_of_set):
    """End a module with the change set in a document.

    Args:
        module: the module.
        opskit: what has run the command.
        document: what the command said.
        result_of_set: called with the change set and whether it is check mode; returns what the
            module says of it.
    """
    done = (document["data"] or {}).get("change_sets") or []
    result = result_of_set(done[0], module.check_mode) if done else {}
    if document["errors"]:
        opskit.fail(document, environment=opskit.environment, **result)
    for warning in done[0]["warnings"]:
        module.warn(f"{opskit.environment}: {opskit.in_our_words(warning)}")
    checks = done[0]["checks"]
    if not document["ok"]:
        fail_by_checks(module, opskit, checks, **result)
    module.exit_json(environment=opskit.environment, checks=checks, **result)
