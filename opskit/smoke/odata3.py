# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""OData 3: ``GET {api}/ServiceModel/EntityDataService.svc/AccountCollection``."""

from urllib.parse import quote

from opskit.checks import failed
from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Check, Status
from opskit.settings import Query
from opskit.smoke.odata import odata_finding
from opskit.smoke.path import Request, judge_rows, query_string


class OData3Path:
    """DataPath over OData 3, which newer installations may lack."""

    name = "odata3"

    def __init__(self, query: Query, *, required: bool) -> None:
        self._query = query
        self._required = required

    def request(self) -> Request:
        """Return a GET for the first rows, in the verbose envelope."""
        options = query_string(
            select=",".join(self._query.columns_or("Name")), top=str(self._query.top)
        )
        path = f"ServiceModel/EntityDataService.svc/{quote(self._query.entity)}Collection/"
        return Request(
            "GET", f"{path}?{options}", headers={"Accept": "application/json;odata=verbose"}
        )

    def judge(self, answer: Answer) -> Check:
        """Expect ``d.results``; an absent service is unsupported unless it is required."""
        if answer.status == 404 and not answer.body.strip():
            return self._absent(answer)
        if wrong := odata_finding(answer):
            return failed(self.name, wrong, answer.elapsed)
        content = answer.json()
        envelope = content.get("d") if isinstance(content, dict) else None
        rows = envelope.get("results") if isinstance(envelope, dict) else None
        if not isinstance(rows, list):
            shape = finding("unexpected-shape", f"No OData 3 envelope: {answer.excerpt()}")
            return failed(self.name, shape, answer.elapsed)
        return judge_rows(self.name, answer, rows, self._query.expect)

    def _absent(self, answer: Answer) -> Check:
        if self._required:
            absent = finding("service-absent", "404 with an empty body, and it is required.")
            return failed(self.name, absent, answer.elapsed)
        absent = finding("odata3-absent", "404 with an empty body: OData 3 is not there.")
        return Check(self.name, Status.UNSUPPORTED, absent.symptom, absent, answer.elapsed)
