# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What checks say, and failing in their words.

This is private to the collection.
"""

from __future__ import annotations

# Options of the modules that are, by the same names, options of the commands that check.
CHECKS_SPEC = {"client": {"type": "str"}}


def failed_checks(checks):
    """Return the checks that failed."""
    return [check for check in checks if check["status"] == "fail"]


def fail_by_checks(module, environment, document, checks, **result):
    """End the module with the symptom, the cause and the remedy of each failed check."""
    failed = failed_checks(checks)
    words = [f"{environment}: {len(failed)} of {len(checks)} checks failed."]
    remedies = []
    for check in failed:
        finding = check["finding"] or {}
        words.append("{}: {}".format(check["id"], finding.get("symptom") or check["summary"]))
        if finding.get("cause"):
            words.append("  why: {}".format(finding["cause"]))
        if finding.get("remedy"):
            words.append("  do: {}".format(finding["remedy"]))
            remedies.append(finding["remedy"])
    module.fail_json(
        msg="\n".join(words),
        code="check-failed",
        remedy=" ".join(dict.fromkeys(remedies)),
        errors=document["errors"],
        document=document,
        environment=environment,
        checks=checks,
        failed_checks=[check["id"] for check in failed],
        **result,
    )


def report_checks(module, opskit, command):
    """Run a command that checks, and end the module with what it found."""
    given = {name: module.params[name] for name in CHECKS_SPEC}
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    document = opskit.run(command, options)
    if document["errors"]:
        opskit.fail(document, environment=opskit.environment)
    checks = document["data"]["environments"][0]["checks"]
    if not document["ok"]:
        fail_by_checks(module, opskit.environment, document, checks)
    module.exit_json(changed=False, environment=opskit.environment, checks=checks, failed_checks=[])
