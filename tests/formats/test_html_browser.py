# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The page in a browser: read, searched, unfolded, printed; skipped where there is no Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.formats import ReportChoice
from opskit.results import Result
from tests.browser import Page, chromium
from tests.formats.samples import HOSTILE, RESULTS, RUN, named


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def page(browser: Page) -> Iterator[Page]:
    """The browser; whatever a test does, nothing may complain or ask for more than the file."""
    browser.emulate()
    yield browser
    assert browser.console() == []
    assert {address.partition(":")[0] for address in browser.requests()} <= {"file", "data"}


def opened(page: Page, result: Result, folder: Path, fragment: str = "") -> Path:
    path = folder / "report.html"
    path.write_text(ReportChoice.HTML.to_format(RUN).render(result), encoding="utf-8")
    page.open(path, fragment)
    return path


def test_it_is_found(page: Page, tmp_path: Path) -> None:
    opened(page, RESULTS["200 environments"], tmp_path)
    assert len(page.shown(".matrix tbody tr")) == 200
    page.press("/")
    page.type(":focus", "customer-19")
    assert len(page.shown(".matrix tbody tr")) == 10
    assert page.shown("#count") == ["10 of 200 rows"]
    page.type("#words", "7")
    assert page.shown(".matrix tbody th") == ["customer-197"]
    assert page.shown(".times tbody th") == ["customer-197"]
    page.type("#words", "nowhere")
    assert page.shown("#nothing") == ["Nothing on this page matches."]
    page.type("#words", "\ue00c")  # Escape
    assert len(page.shown(".matrix tbody tr")) == 200


def test_only_what_needs_attention(page: Page, tmp_path: Path) -> None:
    opened(page, RESULTS["200 environments"], tmp_path)
    page.type("#words", "login-redirect")
    assert len(page.shown(".matrix tbody tr")) == 29
    opened(page, RESULTS["plan"], tmp_path)
    assert len(page.shown(".lifetimes tbody tr")) == 4
    page.click("#only")
    assert page.shown(".lifetimes tbody th") == ["Data Mart Sync", "Legacy"]


def test_a_finding_is_unfolded(page: Page, tmp_path: Path) -> None:
    opened(page, RESULTS["wrong"], tmp_path)
    assert page.shown("details[open] .what b") == ["302 to the login page"]
    page.click("#cause-2 summary")
    assert any("Creatio reloads its routes" in text for text in page.shown("#cause-2 .explained"))
    page.click("#unfold")
    assert page.shown(".explained") == []
    page.click(".matrix a[href='#cause-1']")
    assert len(page.shown("#cause-1 .explained")) == 1
    opened(page, RESULTS["wrong"], tmp_path, "#cause-2")
    assert len(page.shown("#cause-2 .explained")) == 1


def test_by_keyboard_alone(page: Page, tmp_path: Path) -> None:
    opened(page, RESULTS["well"], tmp_path)
    reached = set()
    for _ in range(12):
        page.press("\ue004")  # Tab
        focus = "const e = document.activeElement; return e.id || e.tagName"
        reached.add(page.run(focus))
        if page.run("return document.activeElement.tagName") == "SUMMARY":
            page.press("\ue007")  # Enter
            break
    assert {"words", "only", "SUMMARY"} <= reached
    assert len(page.shown("#cause-1 .explained")) == 1


@pytest.mark.parametrize("name", ["wrong", "plan", "applied", "verified", "200 environments"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_can_be_read(page: Page, tmp_path: Path, name: str, dark: bool) -> None:
    page.emulate(dark=dark)
    opened(page, RESULTS[name], tmp_path)
    assert page.run(_CONTRAST) >= 4.5  # WCAG 2, AA


@pytest.mark.parametrize("name", ["wrong", "plan", "applied", "verified", "200 environments"])
def test_it_fits_a_phone(page: Page, tmp_path: Path, name: str) -> None:
    page.emulate(width=390, height=844)
    opened(page, RESULTS[name], tmp_path)
    assert page.run("return document.documentElement.scrollWidth") <= 390


def test_it_fits_whatever_a_client_is_called(page: Page, tmp_path: Path) -> None:
    page.emulate(width=390, height=844)
    for text in (HOSTILE[1], "x" * 200):
        for result in named(text):
            opened(page, result, tmp_path)
            assert page.run("return document.documentElement.scrollWidth") <= 390
            assert page.run("return document.querySelectorAll('img').length") == 0


def test_on_paper_everything_is_unfolded(page: Page, tmp_path: Path) -> None:
    opened(page, RESULTS["wrong"], tmp_path)
    assert len(page.shown("#cause-1 .explained")) == 1
    page.click("#cause-1 summary")
    page.run("window.dispatchEvent(new Event('beforeprint'))")
    assert len(page.shown(".explained")) == 2
    page.run("window.dispatchEvent(new Event('afterprint'))")
    assert page.shown(".explained") == []
    page.pdf(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


# The least contrast of any text on the page with what lies behind it.
_CONTRAST = """
const parse = (color) => (color.match(/[\\d.]+/g) || []).map(Number);
const luminance = ([r, g, b]) => {
  const part = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const behind = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const color = parse(getComputedStyle(e).backgroundColor);
    if (color.length === 3 || color[3] > 0) return color;
  }
  return [255, 255, 255];
};
let least = 21;
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
  if (["SCRIPT", "STYLE"].includes(element.tagName)) continue;
  const [a, b] = [parse(getComputedStyle(element).color), behind(element)].map(luminance);
  least = Math.min(least, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
}
return least;
"""
