# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What DataService answers when something is wrong, most of it with status 200."""

from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Finding


def dataservice_refusal(answer: Answer) -> Finding | None:
    """Return why DataService gives no data, where its own words say so."""
    content = answer.json()
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
