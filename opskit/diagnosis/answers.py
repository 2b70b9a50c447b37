# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What an HTTP answer means that is not the expected one, whichever service it came from."""

from opskit.diagnosis.pages import page_finding, redirect_finding
from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Finding


def diagnose(answer: Answer) -> Finding | None:
    """Return why ``answer`` is no JSON document with status 200; None when it is one."""
    if 300 <= answer.status < 400:
        return redirect_finding(answer)
    if answer.status != 200 and "collection was modified" in answer.text.lower():
        return finding("routes-reloading", f"{answer.status}: {answer.excerpt()}")
    if page := page_finding(answer):
        return page
    if answer.status in {502, 503, 504}:
        return finding("restarting", f"The server answers {answer.status}.")
    if answer.status in {400, 401, 403} and "bpmcsrf" in answer.text.lower():
        return finding("csrf-demanded", f"{answer.status}: {answer.excerpt()}")
    if answer.is_html and answer.status == 200:
        return finding("web-page", f"200 with a web page: {answer.excerpt()}")
    if answer.status != 200:
        words = f": {answer.excerpt()}" if answer.body else " with an empty body"
        return finding("unexpected-status", f"The server answers {answer.status}{words}")
    if not answer.complete:
        return finding(
            "answer-too-large", f"Stopped reading after {len(answer.body) / 2**20:.0f} MB."
        )
    if not answer.is_json or answer.json() is None:
        kind = answer.content_type or "no content type"
        return finding("not-json", f"No JSON but {kind}: {answer.excerpt() or 'an empty body'}")
    return None
