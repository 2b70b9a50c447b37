# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""JUnit XML, as GitLab, Jenkins, Azure DevOps and most others read it.

A suite for each environment, a case for each check or client. docs/reports.md says what counts as
failed; there is a failure or an error exactly when the exit code is not 0.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET  # only written here, never parsed

from opskit.errors import OpskitError
from opskit.formats import Run
from opskit.formats.overview import Suite, clean, how_long, suites
from opskit.formats.wording import as_text, explained, seen
from opskit.models import Applied, ChangeSet, Check, EnvironmentPlan, Plan, Status, Violation
from opskit.results import Result

# Everything that XML 1.0 has no way to write, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_ENVIRONMENT = "opskit"  # the suite of what concerns no environment


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a case did not simply pass.

    Attributes:
        kind: the element: ``failure``, ``error`` or ``skipped``.
        type: the id of the finding or of the error.
        message: what was seen.
        text: the same with cause and remedy.
    """

    kind: str
    type: str
    message: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One test case.

    Attributes:
        environment: whose suite it is in.
        kind: the command that it belongs to, which makes its class name.
        name: what was tested.
        seconds: how long it took.
        verdict: None when it passed.
        output: what is worth reading although it passed.
    """

    environment: str
    kind: str
    name: str
    seconds: float = 0
    verdict: Verdict | None = None
    output: str = ""


class JUnitFormat:
    """Format for build servers.

    Args:
        run: when the command ran.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def render(self, result: Result) -> str:
        """Return the XML document."""
        cases = _numbered(_cases(result))
        root = _element("testsuites", name=f"opskit {result.command}", time=_time(self._run.took))
        _count(root, cases, skipped=False)
        for environment in dict.fromkeys(case.environment for case in cases):
            own = [case for case in cases if case.environment == environment]
            suite = _element("testsuite", name=environment, time=_time(_sum(own)))
            _count(suite, own)
            suite.set("timestamp", self._run.began.isoformat(timespec="seconds"))
            suite.extend(map(_testcase, own))
            if waiting := _waiting(result, environment):
                ET.SubElement(suite, "system-out").text = _writable(waiting)
            root.append(suite)
        ET.indent(root)
        return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _cases(result: Result) -> list[Case]:
    errors: Sequence[OpskitError] = result.errors
    cases: list[Case] = []
    if isinstance(result.data, Plan):
        refused = {v.environment for v in result.data.environments if _refused(v, result.data)}
        # The clients' own cases say it already.
        errors = [e for e in errors if e.code != "policy" or e.environment not in refused]
        for one in result.data.environments:
            cases += _planned(one, result, result.data)
    elif isinstance(result.data, Applied):
        for done in (*result.data.change_sets, *result.data.reverted):
            cases.append(_change_set(done))
    for suite in suites(result):
        cases += (_check(suite, check) for check in suite.checks)
    if isinstance(result.data, Applied):
        left = Verdict("skipped", "", "an earlier wave failed, or nothing could begin")
        cases += (Case(name, "apply", "not started", 0, left) for name in result.data.not_started)
    return [*cases, *(_error(error, result.command) for error in errors)]


def _waiting(result: Result, environment: str) -> str:
    found = (s for s in suites(result) if s.environment == environment and s.waiting)
    return "\n".join(f"{suite.kind}: {suite.waiting}" for suite in found)


def _check(suite: Suite, check: Check) -> Case:
    verdict, output = None, ""
    if check.status is Status.FAIL:
        kind = check.finding.id if check.finding else check.id
        verdict = Verdict("failure", kind, check.summary, _told(check))
    elif check.status in {Status.SKIPPED, Status.UNSUPPORTED}:
        verdict = Verdict("skipped", check.status, f"{check.status}: {check.summary}")
    elif check.status is Status.WARN:
        output = f"warning: {_told(check)}"
    else:
        output = check.summary
    if timing := _timing(check):
        output = f"{output}\n{timing}".strip()
    return Case(suite.environment, suite.kind, check.id, check.elapsed or 0, verdict, output)


def _told(check: Check) -> str:
    if (found := check.finding) is None:
        return check.summary
    return "\n".join([found.symptom, *as_text([*seen(found.evidence), *explained(found)])])


def _timing(check: Check) -> str:
    if check.latency is None:
        return ""
    parts = ("least", "p50", "p90", "p99", "most")
    times = ", ".join(f"{part} {how_long(getattr(check.latency, part))}" for part in parts)
    return f"{check.latency.runs} runs: {times}"


def _error(error: OpskitError, command: str) -> Case:
    text = f"{error.message}\ndo   {error.remedy}" if error.remedy else error.message
    verdict = Verdict("error", error.code, error.message, text)
    return Case(error.environment or _NO_ENVIRONMENT, command, error.code, 0, verdict)


def _refused(one: EnvironmentPlan, plan: Plan) -> list[Violation]:
    return [v for v in one.violations if v.planned and not plan.policy_overridden]


def _planned(one: EnvironmentPlan, result: Result, plan: Plan) -> Iterator[Case]:
    """Yield a case for the reading, one for each client, and one for each that is missing."""
    names = [client.label for client in one.unmanaged]
    said = [f"wave {one.wave}", *([f"unmanaged: {', '.join(names)}"] if names else [])]
    yield Case(one.environment, result.command, "read", output="\n".join(said))
    refused = {violation.client_id: violation for violation in _refused(one, plan)}
    tolerated = {v.client_id: v for v in one.violations if v.client_id not in refused}
    for change in one.observed:
        verdict, output = None, f"{change.old} s, as desired"
        if change.old != change.new:
            output = f"{change.old} s → {change.new} s"
            if result.pending_matters:
                verdict = Verdict("failure", "pending", f"pending: {output}")
        if violation := refused.get(change.client_id):
            verdict = Verdict("failure", "policy", f"{violation.lifetime} s is {violation.reason}")
        elif violation := tolerated.get(change.client_id):
            output += f"\nwarning: {violation.lifetime} s is {violation.reason}"
        name = f"{change.name or '–'} ({change.client_id})"
        yield Case(one.environment, result.command, name, 0, verdict, output)
    for selector in one.missing:
        verdict = Verdict("skipped", "missing", "no client matches it here")
        yield Case(one.environment, result.command, selector, 0, verdict)


def _change_set(done: ChangeSet) -> Case:
    kind = "revert" if done.reverts else "apply"
    lines = [f"{done.outcome}, change set {done.id}" if done.id else str(done.outcome)]
    lines += [f"{c.name or c.client_id}: {c.old} s → {c.new} s" for c in done.changes]
    lines += [f"warning: {words}" for words in done.warnings]
    return Case(done.environment, kind, "change set", output="\n".join(lines))


def _numbered(cases: Iterable[Case]) -> list[Case]:
    """Tell cases of one name apart, because servers follow a case by its name over builds."""
    seen: dict[tuple[str, str, str], int] = {}
    told = []
    for case in cases:
        key = (case.environment, case.kind, case.name)
        number = seen[key] = seen.get(key, 0) + 1
        name = f"{case.name} {number}" if number > 1 else case.name
        told.append(
            Case(case.environment, case.kind, name, case.seconds, case.verdict, case.output)
        )
    return told


def _testcase(case: Case) -> ET.Element:
    place = f"opskit.{case.kind}.{case.environment.replace('.', '_')}"
    element = _element("testcase", classname=place, name=case.name, time=_time(case.seconds))
    if case.verdict is not None:
        verdict = _element(case.verdict.kind, type=case.verdict.type, message=case.verdict.message)
        verdict.text = _writable(case.verdict.text) or None
        element.append(verdict)
    if case.output:
        output = ET.SubElement(element, "system-out")
        output.text = _writable(case.output)
    return element


def _count(element: ET.Element, cases: Sequence[Case], *, skipped: bool = True) -> None:
    kinds = [case.verdict.kind for case in cases if case.verdict]
    element.set("tests", str(len(cases)))
    element.set("failures", str(kinds.count("failure")))
    element.set("errors", str(kinds.count("error")))
    if skipped:  # which the Jenkins schema knows at a suite only
        element.set("skipped", str(kinds.count("skipped")))


def _element(tag: str, **attributes: str) -> ET.Element:
    return ET.Element(tag, {name: _writable(value) for name, value in attributes.items()})


def _writable(text: str) -> str:
    return _NOT_XML.sub("", clean(text))


def _sum(cases: Iterable[Case]) -> float:
    return sum(case.seconds for case in cases)


def _time(seconds: float) -> str:
    return f"{seconds:.3f}"
