# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""GitHub Actions: what its runner and its Markdown make of our words."""

import re

import pytest
from markdown_it import MarkdownIt

from opskit.checks import failed
from opskit.errors import OpskitError
from opskit.explain import EXPLANATIONS, finding
from opskit.formats.github import ANNOTATIONS, GitHubAnnotations, GitHubSummary
from opskit.formats.overview import clean
from opskit.models import EnvironmentReport, Report
from opskit.results import Result
from opskit.secrets import Secret
from tests.formats.samples import HOSTILE, RESULTS, RUN, WAITED, named, smoke


def annotations(result: Result) -> list[tuple[str, str, str]]:
    """Return level, title and message as the runner takes them apart."""
    lines = GitHubAnnotations().render(result).splitlines()
    found = []
    for line in lines:
        parts = re.fullmatch(r"::(error|warning) title=([^:,]*)::(.*)", line)
        assert parts, line
        title, message = parts[2], parts[3]
        for mark, plain in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%25", "%")):
            title = title.replace(mark, plain)
        for mark, plain in (("%0A", "\n"), ("%25", "%")):
            message = message.replace(mark, plain)
        found.append((parts[1], title, message))
    return found


def html(result: Result, room: int = 2**20) -> str:
    text = GitHubSummary(RUN, room).render(result)
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))


def test_each_cause_is_annotated_once() -> None:
    error, warning = annotations(RESULTS["wrong"])
    assert error[:2] == (
        "error",
        "opskit: login-redirect (prod, odata4, odata3, dataservice, webservice)",
    )
    known = EXPLANATIONS["login-redirect"]
    assert error[2].splitlines() == [
        "302 to the login page",
        f"why  {known.cause}",
        f"do   {known.remedy}",
        "more opskit explain login-redirect, or docs/findings.md#login-redirect",
    ]
    assert warning[:2] == ("warning", "opskit: routes-reloading (dev, dataservice)")


def test_errors_are_annotated() -> None:
    ((level, title, message),) = annotations(RESULTS["no config"])
    assert (level, title) == ("error", "opskit: config")
    assert message == "There is no opskit.toml.\ndo   Write one: opskit init"


def test_nothing_to_annotate() -> None:
    assert annotations(RESULTS["plan"]) == []


def test_no_more_annotations_than_github_shows() -> None:
    errors = [OpskitError("No.", code=f"code-{number}") for number in range(30)]
    found = annotations(Result("smoke", None, errors))
    assert len(found) == ANNOTATIONS
    assert found[-1][1] == "opskit: 21 more"
    assert "code-29" in found[-1][2]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_in_their_line(text: str) -> None:
    for result in named(text):
        shown = annotations(result)
        assert any(clean(text).replace("\r", "") in message for _, _, message in shown)


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS.keys())
def test_the_summary_is_a_page(result: Result) -> None:
    page = html(result)
    assert f"opskit {result.command}" in page
    assert f"exit code {result.exit_code}" in page
    assert page.count("<details>") == page.count("</details>")


def test_the_summary_says_where_more_stands() -> None:
    page = html(RESULTS["wrong"])
    assert "<strong>saw</strong> The system setting OAuth20Integration is off." in page
    assert "opskit explain login-redirect, or docs/findings.md#login-redirect" in page


def test_the_summary_says_how_long_it_was_waited_for() -> None:
    assert f"<td>prod – {WAITED}</td>" in html(RESULTS["waited"])


def test_the_summary_of_a_plan_shows_the_changes() -> None:
    page = html(RESULTS["plan"])
    assert "<td>Data Mart Sync</td>" in page
    assert '<td style="text-align:right">1800 s</td>' in page


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_shown_as_they_are(text: str) -> None:
    for result in named(text):
        page = html(result)
        assert not re.search(r"<(script|img|a|em|code|strong\b(?!>(saw|why|do|more)<))\b", page)
        rows = re.findall(r"(?s)<tr>(.*?)</tr>", page)
        assert {row.count("<td") + row.count("<th") for row in rows} <= {4}


def test_the_summary_is_cut_where_github_would_drop_it() -> None:
    whole = GitHubSummary(RUN).render(smoke(200))
    for room in (0, 10, 200, 3000, len(whole.encode()) - 1):
        cut = GitHubSummary(RUN, room).render(smoke(200))
        assert len(cut.encode()) <= room
        assert room < 200 or "was cut here" in cut
    many = [
        EnvironmentReport("x" * 200 + str(n), [failed("odata4", finding("web-page"))])
        for n in range(9000)
    ]
    assert len(GitHubSummary(RUN).render(Result("smoke", Report(many))).encode()) <= 2**20


def test_no_secret_comes_through() -> None:
    secret = Secret("a-secret-for-github").reveal()
    for result in named(f"It said {secret}."):
        assert secret not in GitHubAnnotations().render(result)
        assert secret not in GitHubSummary(RUN).render(result)
