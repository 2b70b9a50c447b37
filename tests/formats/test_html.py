# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The page: its text, and that nothing in it is more than text."""

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opskit import __version__
from opskit.formats import ReportChoice
from opskit.formats.lifetime_grid import lifetime_grid
from opskit.formats.overview import clean
from opskit.models import Applied, Change, ChangeSet, EnvironmentPlan, Outcome, Plan
from opskit.results import Result
from opskit.secrets import Secret
from tests.formats.samples import HOSTILE, RESULTS, RUN, WAITED, named, planned

_VOID = {"meta", "link", "input", "rect"}


class Parsed(HTMLParser):
    """The elements, their attributes and the text of a page; every element must be closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.text += " "
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self._open.pop() == tag
            self.text += " "

    def handle_data(self, data: str) -> None:
        if self._open[-1:] not in (["style"], ["script"]):
            self.text += data


def rendered(result: Result) -> str:
    return ReportChoice.HTML.to_format(RUN).render(result)


def words(result: Result) -> str:
    return " ".join(Parsed(rendered(result)).text.split())


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS.keys())
def test_every_result_makes_a_page(result: Result) -> None:
    shown = words(result)
    assert f"opskit {result.command}" in shown
    assert f"Exit code {result.exit_code}" in shown
    assert "2026-11-24 08:15:02 UTC" in shown
    assert f"Version {__version__}" in shown
    assert ("Failed" in shown) is (result.exit_code not in {0, 5})


@pytest.mark.parametrize(
    ("name", "headline"),
    [
        ("well", "3 checks passed in 1 environment, 1 with a warning"),
        ("wrong", "4 of 8 checks failed in 1 of 2 environments"),
        (
            "unreached",
            "3 checks passed in 1 environment, 1 with a warning; errors in 1 environment",
        ),
        ("no config", "There is no opskit.toml"),
        ("interrupted", "Interrupted"),
        ("nothing", "Nothing to report"),
        ("plan", "1 change pending in 1 environment"),
        ("dry run", "1 lifetime would change in 1 environment"),
        (
            "applied",
            "2 lifetimes changed in 2 environments, reverted in 1 environment, "  # noqa: ISC004
            "1 environment not started; 1 of 9 checks failed in 1 of 2 environments",
        ),
    ],
)
def test_the_headline(name: str, headline: str) -> None:
    (shown,) = re.findall(r"(?s)<h1>(.*?)</h1>", rendered(RESULTS[name]))
    assert Parsed(shown).text.endswith(f"  {headline}")


def test_a_cause_is_explained_once() -> None:
    page = rendered(RESULTS["wrong"])
    assert page.count("The Bearer token was ignored") == 1
    shown = words(RESULTS["wrong"])
    assert "prod odata4, odata3, dataservice, webservice 302 to the login page" in shown
    assert "The system setting OAuth20Integration is off." in shown
    assert "opskit explain login-redirect, or docs/findings.md#login-redirect" in shown
    assert "p50 50 ms" in shown
    assert "p90 80 ms, p99 120 ms; 20 runs, 40 ms to 130 ms" in shown


def test_how_long_it_was_waited_for() -> None:
    assert f"prod 1 of 5, {WAITED}" in words(RESULTS["waited"])


def test_lifetimes_of_a_plan() -> None:
    shown = words(RESULTS["plan"])
    assert "dev wave 1" in shown
    assert "1h → becomes 30m" in shown
    assert "Legacy has 7d, over the maximum of 86400 s (1d) in opskit.toml in dev" in shown
    assert "no such client: Ghost*" in shown
    assert "1h disabled" in shown


def test_what_was_applied() -> None:
    shown = words(RESULTS["applied"])
    assert "dev changed change set set-1" in shown
    assert "test reverted change set set-3 reverts set-2" in shown
    assert "Data Mart Sync C1 1h 3600 s 30m 1800 s" in shown
    assert "failed It lives 3600 s." in shown
    assert "over 4 h" in shown
    assert "not started prod" in shown


def cells(result: Result) -> dict[tuple[str, str], str]:
    """Return each lifetime by client and environment, its notes in brackets."""
    grid = lifetime_grid(result)
    assert grid is not None
    shown = {}
    for line in grid.lines:
        for (column, _, _), cell in zip(grid.columns, line.cells, strict=True):
            where = (line.name, column) if grid.by_client else (column, line.name)
            for one in cell:
                words = f"{one.before} → {one.after}" if one.changes else f"{one.after}"
                said = [words, one.note, "!" if one.outside else ""]
                shown[where] = " ".join(filter(None, said))
    return shown


def test_lifetimes_after_an_apply_are_what_they_are_now() -> None:
    shown = cells(RESULTS["applied"])
    sync = [shown["Data Mart Sync", environment] for environment in ("dev", "test", "prod")]
    assert sync == ["1800", "3600 → 1800", "3600 → 1800"]  # written, undone, and not begun
    assert shown["Legacy", "prod"] == "604800 !"
    assert shown["Old App", "dev"] == "3600 disabled"
    page = words(RESULTS["applied"])
    assert "1h → 30m is wanted, and was not written" in page
    assert "Legacy has 7d, over the maximum of 86400 s (1d) in dev, test, prod" in page
    assert re.search(r"Data Mart Sync ≠ .* Legacy 7d", page), "dev differs from the others now"


def test_a_dry_run_shows_what_would_be() -> None:
    assert cells(RESULTS["dry run"])["Data Mart Sync", "dev"] == "3600 → 1800"
    assert "1h → 30m would be written" in words(RESULTS["dry run"])


def test_an_apply_that_went_through_leaves_nothing_pending() -> None:
    plan = planned(override=True)
    done = [ChangeSet(one.environment, Outcome.CHANGED, one.changes) for one in plan.environments]
    result = Result("apply", Applied(plan.hash, done), plan=plan)
    shown = cells(result)
    assert shown["Data Mart Sync", "dev"] == "1800"
    assert shown["Data Mart Sync", "prod"] == "172800 !"
    assert "Data Mart Sync has 2d, over the maximum" in words(result)


def test_lifetimes_that_were_verified() -> None:
    assert cells(RESULTS["verified"]) == {
        ("Data Mart Sync", "dev"): "1800 token 30m",
        ("Data Mart Sync", "test"): "1800 token 1h",
        ("Data Mart Sync", "stage"): "1800 in the token",
        ("Data Mart Sync", "prod"): "172800 token 2d !",
        ("C5", "other"): "600 no token",
    }
    grid = lifetime_grid(RESULTS["verified"])
    assert grid is not None
    assert grid.columns == [("C5", "", False), ("Data Mart Sync", "", True)]
    states = {line.name: line.state for line in grid.lines}
    assert states == {"dev": "ok", "test": "fail", "stage": "ok", "prod": "fail", "other": "ok"}
    assert "by the database, and by a fresh token" in words(RESULTS["verified"])


def test_a_smoke_check_knows_no_lifetimes() -> None:
    assert lifetime_grid(RESULTS["well"]) is None


def test_drift_is_what_will_differ() -> None:
    def plan(*wanted: int) -> Plan:
        changes = [
            Change(f"C{at}", "Data Mart Sync", 3600, value) for at, value in enumerate(wanted)
        ]
        parts = [EnvironmentPlan(f"e{at}", 1, [change]) for at, change in enumerate(changes)]
        return Plan(parts, "ab" * 32)

    for wanted, drifts in (((1800, 1800), False), ((1800, 900), True)):
        grid = lifetime_grid(Result("plan", plan(*wanted)))
        assert grid is not None
        assert not grid.by_client  # the longer side goes downwards
        assert grid.columns == [("Data Mart Sync", "", drifts)]
    both = lifetime_grid(Result("plan", planned()))
    assert both is not None
    assert both.by_client


def test_only_our_own_style_and_script_may_run() -> None:
    page = rendered(RESULTS["wrong"])
    (policy,) = (v or "" for _, _, v in Parsed(page).attributes if v and "default-src" in v)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert "unsafe" not in policy
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for tag in ("style", "script"):
        (content,) = re.findall(rf"(?s)<{tag}>(.*?)</{tag}>", page)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules[f"{tag}-src"] == f"'sha256-{digest}'"


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS.keys())
def test_it_asks_for_nothing_from_elsewhere(result: Result) -> None:
    page = rendered(result)
    for tag, name, value in Parsed(page).attributes:
        assert name not in {"src", "srcset", "action", "style", "background"}, (tag, name)
        assert not name.startswith("on"), (tag, name)
        if name == "href":
            assert (value or "").startswith(("#cause-", "data:image/svg+xml,"))
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS.keys())
def test_every_link_leads_somewhere(result: Result) -> None:
    parsed = Parsed(rendered(result))
    ids = [value for _, name, value in parsed.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    links = {v for _, name, v in parsed.attributes if name == "href" and v and v[0] == "#"}
    labels = {v for _, name, v in parsed.attributes if name == "aria-labelledby"}
    assert {link[1:] for link in links} | labels <= set(ids)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_text(text: str) -> None:
    for hostile, harmless in zip(named(text), named("harmless"), strict=True):
        page, plain = Parsed(rendered(hostile)), Parsed(rendered(harmless))
        assert page.tags == plain.tags
        shown = " ".join(page.text.split())
        assert " ".join(clean(text).split()) in shown
        assert not re.search("[\x00-\x08\x0e-\x1f\u202a-\u202e\u2066-\u2069]", page.text)


@settings(max_examples=30)
@given(st.text(min_size=1, max_size=40))
def test_any_name_is_text(text: str) -> None:
    for any_, harmless in zip(named(text), named("harmless"), strict=True):
        assert Parsed(rendered(any_)).tags == Parsed(rendered(harmless)).tags


def test_no_secret_comes_through() -> None:
    secret = Secret("a-secret&<for>-html").reveal()
    for result in named(f"It said {secret}."):
        page = rendered(result)
        assert secret not in page
        assert "a-secret&amp;" not in page
        assert "It said ••••." in page
