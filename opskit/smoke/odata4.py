# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""OData 4: ``GET {api}/odata/Account``."""

from urllib.parse import quote

from opskit.checks import failed
from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Check
from opskit.settings import Query
from opskit.smoke.odata import odata_finding
from opskit.smoke.path import Request, judge_rows, query_string


class OData4Path:
    """DataPath over OData 4."""

    name = "odata4"

    def __init__(self, query: Query) -> None:
        self._query = query

    def request(self) -> Request:
        """Return a GET for the first rows."""
        options = query_string(select=",".join(self._query.columns_or()), top=str(self._query.top))
        return Request("GET", f"odata/{quote(self._query.entity)}?{options}")

    def judge(self, answer: Answer) -> Check:
        """Expect ``@odata.context`` and a list ``value``."""
        if wrong := odata_finding(answer):
            return failed(self.name, wrong, answer.elapsed)
        content = answer.json()
        rows = content.get("value") if isinstance(content, dict) else None
        if not isinstance(rows, list) or "@odata.context" not in content:
            shape = finding("unexpected-shape", f"No OData 4 envelope: {answer.excerpt()}")
            return failed(self.name, shape, answer.elapsed)
        return judge_rows(self.name, answer, rows, self._query.expect)
