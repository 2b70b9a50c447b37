# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The one judge of all data paths: refusals of the kind, then what any answer can be, then data."""

from collections.abc import Callable, Mapping
from typing import Any

from opskit.checks import failed, passed, warned
from opskit.conditions import Condition
from opskit.diagnosis.answers import diagnose
from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Check, Finding, Status
from opskit.smoke.conditions import found, holds, missing_values, rows_at, wanted
from opskit.smoke.dataservice import dataservice_refusal
from opskit.smoke.odata import odata_refusal
from opskit.smoke.path import DataPath
from opskit.smoke_settings import Kind
from opskit.words import counted

_OK = 200

REFUSALS: Mapping[Kind, Callable[[Answer], Finding | None]] = {
    "odata4": odata_refusal,
    "odata3": odata_refusal,
    "dataservice": dataservice_refusal,
    "webservice": lambda _: None,
}
"""How each kind says in words of its own that it gives no data."""


def judge(path: DataPath, answer: Answer, *, required: bool = False) -> Check:
    """Return the check that an answer makes.

    Args:
        path: what was asked, and what must come.
        answer: what came.
        required: whether an absent service fails where it may be absent.
    """
    if answer.status == 404 != path.status and not answer.body.strip():
        return _absent(path, answer, required=required)
    if wrong := _wrong(path, answer):
        return failed(path.name, wrong, answer.elapsed)
    content = answer.json()
    if not all(holds(one, content) for one in path.envelope.conditions):
        words = f"No {path.envelope.words}: {answer.excerpt()}"
        return failed(path.name, finding("unexpected-shape", words), answer.elapsed)
    unmet = [one for one in path.conditions if not holds(one, content)]
    if unmet:
        return failed(path.name, _explained(unmet, content), answer.elapsed)
    return _met(path, content, answer)


def _absent(path: DataPath, answer: Answer, *, required: bool) -> Check:
    if path.optional and not required:
        absent = finding("odata3-absent", "404 with an empty body: OData 3 is not there.")
        return Check(path.name, Status.UNSUPPORTED, absent.symptom, absent, answer.elapsed)
    words = "404 with an empty body" + (", and it is required." if required else ".")
    return failed(path.name, finding("service-absent", words), answer.elapsed)


def _wrong(path: DataPath, answer: Answer) -> Finding | None:
    """Return why the answer is not the one whose data is looked at."""
    if answer.status == path.status != _OK:
        # A refusal that must come is no failure; whether it says the right thing is for conditions.
        if path.conditions and answer.json() is None:
            return finding("not-json", f"{answer.status}: {answer.excerpt() or 'an empty body'}")
        return None
    if wrong := REFUSALS[path.kind](answer) or diagnose(answer):
        return wrong
    if path.status != _OK:
        words = f"The server answers {answer.status}, not {path.status}: {answer.excerpt()}"
        return finding("unexpected-status", words)
    return None


def _explained(unmet: list[Condition], content: Any) -> Finding:
    if len(unmet) == 1 and unmet[0].rows and (rows := rows_at(unmet[0], content)) is not None:
        missing = missing_values(rows, unmet[0].rows)
        return finding("row-missing", f"Not among {len(rows)} rows: {', '.join(missing)}")
    said = [f"{wanted(one)}, found {found(one, content)}" for one in unmet]
    return finding("condition-not-met", "; ".join(said))


def _met(path: DataPath, content: Any, answer: Answer) -> Check:
    with_rows = next((one for one in path.conditions if one.rows is not None), None)
    if with_rows is None:
        number = len(path.conditions)
        holding = {0: f"{answer.status}, as expected", 1: "1 condition holds"}
        words = path.passes or holding.get(number, f"{number} conditions hold")
        return passed(path.name, words, answer.elapsed)
    rows, expected = rows_at(with_rows, content), with_rows.rows
    if not rows:
        return warned(path.name, finding("rows-empty", "200, but no rows."), answer.elapsed)
    named = f", {', '.join(expected)} among them" if expected else ""
    return passed(path.name, counted(len(rows), "row") + named, answer.elapsed)
