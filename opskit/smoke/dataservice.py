# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""DataService: ``POST {api}/DataService/json/SyncReply/SelectQuery``."""

from opskit.checks import failed
from opskit.diagnose import diagnose
from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Check, Finding
from opskit.settings import Query
from opskit.smoke.path import Request, judge_rows


class DataServicePath:
    """DataPath over Creatio's own query service."""

    name = "dataservice"

    def __init__(self, query: Query) -> None:
        self._query = query

    def request(self) -> Request:
        """Return a SelectQuery for the first rows."""
        columns = {
            column: {"expression": {"columnPath": column}}
            for column in self._query.columns_or("Name")
        }
        body = {
            "RootSchemaName": self._query.entity,
            "columns": {"items": columns},
            "rowCount": self._query.top,
        }
        return Request("POST", "DataService/json/SyncReply/SelectQuery", body=body)

    def judge(self, answer: Answer) -> Check:
        """Expect ``success: true`` and a list ``rows``; refusals come with status 200 here."""
        if answer.status == 404 and not answer.body.strip():
            absent = finding("service-absent", "404 with an empty body.")
            return failed(self.name, absent, answer.elapsed)
        content = answer.json()
        if refused := _refusal(content, answer):
            return failed(self.name, refused, answer.elapsed)
        if wrong := diagnose(answer):
            return failed(self.name, wrong, answer.elapsed)
        rows = content.get("rows") if isinstance(content, dict) else None
        if not isinstance(rows, list) or content.get("success") is not True:
            shape = finding("unexpected-shape", f"No rows in the answer: {answer.excerpt()}")
            return failed(self.name, shape, answer.elapsed)
        return judge_rows(self.name, answer, rows, self._query.expect)


def _refusal(content: object, answer: Answer) -> Finding | None:
    if not isinstance(content, dict) or answer.status >= 500 or content.get("success") is True:
        return None
    # errorCode stands at the top or inside responseStatus/errorInfo, depending on the version.
    inner = [content, content.get("responseStatus"), content.get("errorInfo")]
    codes = {
        str(value).lower()
        for part in inner
        if isinstance(part, dict)
        for key, value in part.items()
        if key.lower() == "errorcode"
    }
    said = f"{answer.status}: {answer.excerpt()}"
    if "accessdenied" in codes:
        return finding("object-restricted", said)
    if "collection was modified" in answer.text.lower():
        return finding("routes-reloading", said)
    if content.get("success") is False:
        text = answer.text.lower()
        speaks_of_rights = "permission" in text or "securityexception" in codes
        return finding("object-rights" if speaks_of_rights else "query-refused", said)
    return None
