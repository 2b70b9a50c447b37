# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of checks that failed."""

from __future__ import annotations

from ansible_collections.opskit.creatio.plugins.module_utils._checks import explain


def check(name, symptom, cause="", remedy="", finding="f"):
    found = {"id": finding, "symptom": symptom, "cause": cause, "remedy": remedy}
    return {"id": name, "status": "fail", "summary": "seen", "finding": found}


def test_what_is_alike_is_said_once():
    words, remedies = explain(
        [
            check("a", "302", "It is off.", "Turn it on."),
            check("b", "302", "It is off.", "Turn it on."),
            check("c", "another symptom", "It is off.", "Turn it on."),
            check("d", "503", "", "Wait.", finding="g"),
            check("e", "503", "", "Wait.", finding="h"),
            {"id": "f", "status": "fail", "summary": "no finding", "finding": None},
        ]
    )
    assert words == [
        "a, b: 302",
        "c: another symptom",
        "  why: It is off.",
        "  do: Turn it on.",
        "d: 503",
        "  do: Wait.",
        "e: 503",
        "  do: Wait.",
        "f: no finding",
    ]
    assert remedies == ["Turn it on.", "Wait."]
