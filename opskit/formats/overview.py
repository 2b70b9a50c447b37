# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What all reports have in common: whose checks they are, what went wrong, and a headline."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from opskit.durations import format_duration
from opskit.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_PENDING, OpskitError
from opskit.explain import link
from opskit.models import Applied, Check, EnvironmentReport, Outcome, Plan, Report, Status
from opskit.results import Result
from opskit.secrets import printable, redact
from opskit.words import counted


def clean(text: str) -> str:
    """Return ``text`` fit for a report: no secret, nothing that steers or hides."""
    return printable(redact(text))


@dataclass(frozen=True, slots=True)
class Suite:
    """Checks of one kind in one environment.

    Attributes:
        environment: where.
        kind: the command whose checks they are: ``verify``, ``smoke``, ``apply`` or ``revert``.
        checks: in the order in which they are read.
        waiting: how long it was waited for, and why no longer; empty where nobody waited.
    """

    environment: str
    kind: str
    checks: Sequence[Check]
    waiting: str = ""


def suites(result: Result) -> list[Suite]:
    """Return the checks of a result, however it holds them."""
    data = result.data
    if isinstance(data, Report):
        return [_checked(one, result.command) for one in data.environments]
    if isinstance(data, Applied):
        return [
            *(Suite(one.environment, "apply", one.checks) for one in data.change_sets),
            *(_checked(one, "smoke") for one in data.smoke),
            *(Suite(one.environment, "revert", one.checks) for one in data.reverted),
        ]
    return []


def _checked(report: EnvironmentReport, kind: str) -> Suite:
    words = []
    if report.attempts > 1:
        words.append(f"{report.attempts} attempts in {how_long(report.waited)}")
    if report.gave_up:
        words.append(f"gave up: {report.gave_up}")
    return Suite(report.environment, kind, report.checks, "; ".join(words))


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was seen.

    Attributes:
        environment: its name; empty for what concerns no environment.
        check: the id of the check; empty for an error.
        seen: the symptom, with the values of this case.
        evidence: what was looked up to name the cause.
    """

    environment: str
    check: str
    seen: str
    evidence: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """One explanation for all that failed, or warns, by it.

    Attributes:
        id: the finding's or the error's stable name.
        status: ``FAIL`` or ``WARN``.
        cause: what it most likely means; may be empty.
        remedy: what to do now; may be empty.
        places: where it was seen.
    """

    id: str
    status: Status
    cause: str
    remedy: str
    places: list[Place] = field(default_factory=list)

    @property
    def link(self) -> str:
        """Where the documentation explains it; empty where it does not."""
        return link(self.id)

    @property
    def environments(self) -> list[str]:
        """Return the environments, each once."""
        return list(dict.fromkeys(place.environment for place in self.places if place.environment))

    @property
    def checks(self) -> list[str]:
        """Return the ids of the checks, each once."""
        return list(dict.fromkeys(place.check for place in self.places if place.check))

    @property
    def symptoms(self) -> list[str]:
        """Return what was seen, each once."""
        return list(dict.fromkeys(place.seen for place in self.places))

    @property
    def sightings(self) -> list[tuple[str, list[str], str, Sequence[str]]]:
        """Return environment, checks, what was seen and evidence; what is alike only once."""
        alike: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
        for place in self.places:
            key = (place.environment, place.seen, tuple(place.evidence))
            alike.setdefault(key, []).append(place.check)
        return [(where, checks, seen, facts) for (where, seen, facts), checks in alike.items()]


def causes(result: Result) -> list[Cause]:
    """Return what went wrong, each cause once: errors, then failed checks, then warnings."""
    known: dict[tuple[Status, str, str, str], Cause] = {}
    for found, place in [*map(_error, result.errors), *_reservations(result)]:
        key = (found.status, found.id, found.cause, found.remedy)
        known.setdefault(key, found).places.append(place)
    return sorted(known.values(), key=lambda cause: cause.status is Status.WARN)


def _error(error: OpskitError) -> tuple[Cause, Place]:
    found = Cause(error.code, Status.FAIL, "", error.remedy)
    return found, Place(error.environment or "", "", error.message)


def _reservations(result: Result) -> Iterator[tuple[Cause, Place]]:
    for suite in suites(result):
        for check in suite.checks:
            if check.status not in {Status.FAIL, Status.WARN}:
                continue
            found = check.finding
            place = Place(suite.environment, check.id, check.summary)
            if found is None:
                yield Cause(check.id, check.status, "", ""), place
            else:
                place = Place(suite.environment, check.id, found.symptom, found.evidence)
                yield Cause(found.id, check.status, found.cause, found.remedy), place


@dataclass(frozen=True, slots=True)
class Headline:
    """What a result comes to.

    Attributes:
        state: ``ok``, ``warn``, ``pending`` or ``fail``.
        words: the same as a sentence without a full stop.
    """

    state: str
    words: str


def headline(result: Result) -> Headline:
    """Return what ``result`` comes to."""
    words = [said for said in (_data_words(result), _error_words(result)) if said]
    return Headline(_state(result), "; ".join(words) or "Nothing to report")


def _state(result: Result) -> str:
    if result.exit_code not in {EXIT_OK, EXIT_PENDING}:
        return "fail"
    if isinstance(result.data, Plan) and result.data.pending:
        return "pending"
    checks = [check for suite in suites(result) for check in suite.checks]
    return "warn" if any(check.status is Status.WARN for check in checks) else "ok"


def _error_words(result: Result) -> str:
    if result.exit_code == EXIT_INTERRUPTED:
        return "interrupted"
    if not result.errors:
        return ""
    where = {error.environment for error in result.errors} - {None}
    if not where:
        return f"{result.errors[0].message.rstrip('.')}"
    return f"errors in {counted(len(where), 'environment')}"


def _data_words(result: Result) -> str:
    data = result.data
    if isinstance(data, Plan) and data.environments:
        return _plan_words(data)
    if isinstance(data, Applied):
        return "; ".join(filter(None, [_applied_words(data), _check_words(result)]))
    return _check_words(result)


def _check_words(result: Result) -> str:
    found = [suite for suite in suites(result) if suite.checks]
    if not found:
        return ""
    tally = Counter(check.status for suite in found for check in suite.checks)
    good, bad = tally[Status.PASS] + tally[Status.WARN], tally[Status.FAIL]
    where = {suite.environment for suite in found}
    if bad:
        failed = {s.environment for s in found if any(c.status is Status.FAIL for c in s.checks)}
        of = f"{bad} of {counted(good + bad, 'check')} failed"
        return f"{of} in {len(failed)} of {counted(len(where), 'environment')}"
    warned = f", {tally[Status.WARN]} with a warning" if tally[Status.WARN] else ""
    return f"{counted(good, 'check')} passed in {counted(len(where), 'environment')}{warned}"


def _plan_words(plan: Plan) -> str:
    changes = sum(len(one.changes) for one in plan.environments)
    if not changes:
        return f"all as desired in {counted(len(plan.environments), 'environment')}"
    where = sum(bool(one.changes) for one in plan.environments)
    return f"{counted(changes, 'change')} pending in {counted(where, 'environment')}"


def _applied_words(data: Applied) -> str:
    words = []
    for outcome, said in ((Outcome.CHANGED, "changed"), (Outcome.DRY_RUN, "would change")):
        sets = [one for one in data.change_sets if one.outcome is outcome]
        if sets:
            changes = sum(change.old != change.new for one in sets for change in one.changes)
            where = counted(len(sets), "environment")
            words.append(f"{counted(changes, 'lifetime')} {said} in {where}")
    if data.reverted:
        words.append(f"reverted in {counted(len(data.reverted), 'environment')}")
    if data.not_started:
        words.append(f"{counted(len(data.not_started), 'environment')} not started")
    return ", ".join(words) or "nothing to change"


def how_long(seconds: float) -> str:
    """Return how long something took, as short as it can be read."""
    if seconds >= 120:
        return format_duration(round(seconds))
    if seconds >= 1:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.001 else "< 1 ms"


def some(words: Sequence[str], limit: int) -> list[str]:
    """Return the first of ``words``, and how many others there are."""
    more = [f"and {counted(len(words) - limit, 'other')}"] if len(words) > limit else []
    return [*words[:limit], *more]
