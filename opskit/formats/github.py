# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""GitHub Actions: annotations for what failed, and a summary of the step in Markdown."""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from opskit import __version__
from opskit.formats import Run
from opskit.formats.overview import Cause, causes, clean, headline, some, suites
from opskit.formats.wording import WORDS, as_text, explained, seen
from opskit.models import Applied, Change, Plan, Status
from opskit.results import Result

ANNOTATIONS = 10  # of each level: GitHub shows no more of them for a step
SUMMARY_LIMIT = 2**20  # bytes: GitHub drops the whole summary of a step that is longer

_LISTED = 20  # environments in one line
_MARKS = {"ok": "✅", "warn": "⚠️", "pending": "📝", "fail": "❌"}
_CUT = "\n\n_The summary was cut here; the other reports have all of it._\n"


class GitHubAnnotations:
    """Workflow commands, one line each, which GitHub reads from either output."""

    def render(self, result: Result) -> str:
        """Return the commands; an empty text when nothing failed or warns."""
        found = causes(result)
        errors = [cause for cause in found if cause.status is Status.FAIL]
        warnings = [cause for cause in found if cause.status is Status.WARN]
        return "\n".join([*_commands("error", errors), *_commands("warning", warnings)])


class GitHubSummary:
    """The step's summary, never longer than GitHub takes.

    Args:
        run: when the command ran.
        room: how many bytes of UTF-8 it may have.
    """

    def __init__(self, run: Run, room: int = SUMMARY_LIMIT) -> None:
        self._run = run
        self._room = room

    def render(self, result: Result) -> str:
        """Return Markdown that begins and ends with a line of its own."""
        parts: list[str] = []
        room = self._room - len(_CUT.encode())
        for part in self._parts(result):
            room -= len(part.encode())
            if room < 0:
                return "".join([*parts, _CUT]) if self._room >= len(_CUT.encode()) else ""
            parts.append(part)
        return "".join(parts)

    def _parts(self, result: Result) -> Iterator[str]:
        head = headline(result)
        words = _markdown(head.words[:1].upper() + head.words[1:])
        yield f"\n### {_MARKS[head.state]} {_markdown(f'opskit {result.command}')}: {words}\n\n"
        yield from _check_table(result)
        if isinstance(result.data, Plan):
            rows = [(one.environment, one.changes) for one in result.data.environments]
            yield from _change_table(rows)
        elif isinstance(result.data, Applied):
            done = result.data.change_sets
            rows = [(one.environment, [c for c in one.changes if c.old != c.new]) for one in done]
            yield from _change_table(rows)
        for cause in causes(result):
            yield _explanation(cause)
        when = f"{self._run.began:%Y-%m-%d %H:%M:%S} UTC"
        yield f"\n<sub>opskit {__version__}, {when}, exit code {result.exit_code}</sub>\n"


def _commands(level: str, found: Sequence[Cause]) -> Iterator[str]:
    shown = found if len(found) <= ANNOTATIONS else found[: ANNOTATIONS - 1]
    for cause in shown:
        where = ", ".join([*some(cause.environments, _LISTED), *some(cause.checks, _LISTED)])
        title = f"opskit: {cause.id}" + (f" ({where})" if where else "")
        lines = [*some(cause.symptoms, 5), *as_text(explained(cause))]
        yield _command(level, title, "\n".join(lines))
    if len(shown) < len(found):
        rest = ", ".join(cause.id for cause in found[len(shown) :])
        yield _command(level, f"opskit: {len(found) - len(shown)} more", rest)


def _command(level: str, title: str, message: str) -> str:
    name = _escaped(clean(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::{level} title={name}::{_escaped(clean(message))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _check_table(result: Result) -> Iterator[str]:
    found = suites(result)
    if not found:
        return
    tallies = [Counter(check.status for check in suite.checks) for suite in found]
    present = [status for status in WORDS if any(tally[status] for tally in tallies)]
    yield _row("", "environment", *(WORDS[status] for status in present))
    yield "|" + "---|" * (len(present) + 2) + "\n"
    for suite, tally in zip(found, tallies, strict=True):
        state = "fail" if tally[Status.FAIL] else "warn" if tally[Status.WARN] else "ok"
        kind = "" if suite.kind == result.command else f" ({suite.kind})"
        kind += f" – {suite.waiting}" if suite.waiting else ""
        counts = (str(tally[status] or "") for status in present)
        yield _row(_MARKS[state], _markdown(suite.environment + kind), *counts)
    yield "\n"


def _change_table(rows: Iterable[tuple[str, Sequence[Change]]]) -> Iterator[str]:
    lines = [
        _row(
            _markdown(environment),
            _markdown(change.name or change.client_id),
            f"{change.old} s",
            f"{change.new} s",
        )
        for environment, changes in rows
        for change in changes
    ]
    if lines:
        yield _row("environment", "client", "before", "after") + "|---|---|---:|---:|\n"
        yield from lines
        yield "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _explanation(cause: Cause) -> str:
    mark = _MARKS["fail" if cause.status is Status.FAIL else "warn"]
    where = ", ".join(some(cause.environments, _LISTED))
    head = f"<b>{mark} {_text(cause.id)}</b>" + (f" in {_text(where)}" if where else "")
    lines = [f"\n<details><summary>{head}</summary>\n"]
    lines += [f"- {_markdown(words)}" for words in some(cause.symptoms, _LISTED)]
    if cause.checks:
        lines.append(f"- checks: {_markdown(', '.join(cause.checks))}")
    evidence = dict.fromkeys(line for place in cause.places for line in place.evidence)
    told = [*seen(some(list(evidence), _LISTED)), *explained(cause)]
    lines += [f"- **{label}** {_markdown(words)}" for label, words in told]
    return "\n".join([*lines, "\n</details>\n"])


def _text(text: str) -> str:
    return html.escape(" ".join(clean(text).split()))


def _markdown(text: str) -> str:
    """Return ``text`` as one line of Markdown that shows every character as it is."""
    line = html.escape(" ".join(clean(text).split()), quote=False)
    return re.sub(r"([\\`*_{}\[\]()#+.!|~:@-])", r"\\\1", line)
