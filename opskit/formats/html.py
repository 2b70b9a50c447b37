# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""HTML: one page that needs no other file and asks no server for anything.

Its content security policy allows exactly the style and the script that it carries, by their
hashes, so that nothing that slipped into it could run.
"""

import base64
import functools
import hashlib
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from opskit import __version__
from opskit.durations import format_duration
from opskit.formats import Run
from opskit.formats.lifetime_grid import lifetime_grid
from opskit.formats.matrix import check_matrix, time_table
from opskit.formats.overview import causes, clean, headline, how_long, some
from opskit.formats.wording import MARKS, WORDS, explained
from opskit.models import Applied, Plan
from opskit.results import Result
from opskit.words import counted

_OPEN_UP_TO = 3  # causes that are unfolded from the start


class HtmlFormat:
    """Format for people who were not there.

    Args:
        run: when the command ran.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def render(self, result: Result) -> str:
        """Return the page."""
        found = causes(result)
        style, script = _asset("report.css"), _asset("report.js")
        head = headline(result)
        data = result.data
        return (
            _templates()
            .get_template("report.html")
            .render(
                applied=data if isinstance(data, Applied) else None,
                causes=found,
                headline=head.words[:1].upper() + head.words[1:],
                lifetimes=lifetime_grid(result),
                marks=MARKS,
                matrix=check_matrix(result, found),
                plan=data if isinstance(data, Plan) else None,
                result=result,
                run=self._run,
                script=script,
                script_hash=_hash(script),
                state=head.state,
                style=style,
                style_hash=_hash(style),
                times=time_table(result),
                unfolded=len(found) <= _OPEN_UP_TO,
                version=__version__,
                words=WORDS,
            )
        )


@functools.cache
def _templates() -> jinja2.Environment:
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("opskit.formats"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "counted": counted,
        "duration": format_duration,
        "explained": explained,
        "how_long": how_long,
        "some": some,
    }
    return templates


def _finalize(value: Any) -> Any:
    """Clean every text on its way into the page; the template's own parts are Markup already."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _asset(name: str) -> Markup:
    path = resources.files("opskit.formats") / "templates" / name
    return Markup(path.read_text(encoding="utf-8"))  # noqa: S704 (ours, and not made of anything)


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
