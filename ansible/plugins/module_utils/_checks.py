# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What checks say, and failing in their words.

This is private to the collection.
"""

from __future__ import annotations

# Options of the modules that are options of the commands that check.
CHECKS_SPEC = {
    "client": {"type": "str"},
    "wait": {"type": "str"},
    "time_limit": {"type": "str"},
}


def failed_checks(checks):
    """Return the checks that failed."""
    return [check for check in checks if check["status"] == "fail"]


def explain(failed):
    """Return the words for failed checks, and the remedies: what explains several stands once."""
    sightings = {}
    for check in failed:
        finding = check["finding"] or {}
        seen = finding.get("symptom") or check["summary"]
        explained = (finding.get("id"), finding.get("cause"), finding.get("remedy"))
        sightings.setdefault(explained, {}).setdefault(seen, []).append(check["id"])
    words, remedies = [], []
    for (_id, cause, remedy), places in sightings.items():
        words += ["{}: {}".format(", ".join(ids), seen) for seen, ids in places.items()]
        if cause:
            words.append(f"  why: {cause}")
        if remedy:
            words.append(f"  do: {remedy}")
            remedies.append(remedy)
    return words, list(dict.fromkeys(remedies))


def fail_by_checks(module, opskit, checks, **result):
    """End the module with the symptom, the cause and the remedy of the failed checks."""
    failed = failed_checks(checks)
    first = f"{opskit.environment}: {len(failed)} of {len(checks)} checks failed"
    if result.get("gave_up"):
        first += " (attempt {attempts} was the last: {gave_up})".format(**result)
    words, remedies = explain(failed)
    module.fail_json(
        msg=opskit.in_our_words("\n".join([first + ".", *words])),
        code="check-failed",
        remedy=opskit.in_our_words(" ".join(remedies)),
        errors=[],
        environment=opskit.environment,
        checks=checks,
        failed_checks=[check["id"] for check in failed],
        **result,
    )


def report_checks(module, opskit, command):
    """Run a command that checks, and end the module with what it found."""
    given = {name: module.params[name] for name in CHECKS_SPEC}
    options = [
        "--{}={}".format(name.replace("_", "-"), value)
        for name, value in given.items()
        if value is not None
    ]
    document = opskit.run(command, options)
    if document["errors"]:
        opskit.fail(document, environment=opskit.environment)
    (report,) = document["data"]["environments"]
    tried = {name: report[name] for name in ("attempts", "waited", "gave_up")}
    if not document["ok"]:
        fail_by_checks(module, opskit, report["checks"], **tried)
    module.exit_json(
        changed=False,
        environment=opskit.environment,
        checks=report["checks"],
        failed_checks=[],
        **tried,
    )
