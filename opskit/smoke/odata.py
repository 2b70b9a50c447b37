# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What OData 4 and OData 3 answer in the same words when something is wrong."""

from opskit.diagnosis.pages import title
from opskit.explain import finding
from opskit.http import Answer
from opskit.models import Finding

_UNKNOWN_RESOURCE = (
    "no http resource was found",
    "no type was found that matches",
    "resource not found for the segment",
)

_DATA = {"@odata.context", "value", "d"}


def odata_refusal(answer: Answer) -> Finding | None:
    """Return why OData gives no data, where its own words say so.

    Only the signatures that are the same in every language of Creatio are looked for, but for
    the text on missing rights, whose status is not documented.
    """
    said = f"{answer.status}: {answer.excerpt()}"
    content = answer.json()
    if answer.status == 200 and isinstance(content, dict) and content.keys() & _DATA:
        return None  # data, which may speak of anything
    text = answer.text.lower()
    if any(words in text for words in _UNKNOWN_RESOURCE):
        return finding("entity-unknown", said)
    speaks_of_rights = "canuseodataservice" in text or ("permission" in text and "odata" in text)
    refused = answer.status == 403 and "bpmcsrf" not in text
    if not answer.is_html and (refused or speaks_of_rights):
        return finding("odata-rights", said)
    if answer.status == 400 and "could not find a property named" in text:
        return finding("column-unknown", said)
    if answer.status == 404 and answer.is_html:
        return finding("entity-unknown", f"404 with a web page: {title(answer)}")
    return None
