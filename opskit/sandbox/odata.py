# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Creatio's OData 4 and OData 3 services, as far as reading rows goes."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID
from xml.sax.saxutils import escape

from starlette.responses import JSONResponse, Response

from opskit.sandbox.accounts import (
    MAX_ROWS,
    Objects,
    Question,
    Row,
    UnknownColumn,
    UnknownObject,
)
from opskit.sandbox.answers import Call, empty_not_found, no_controller, odata_error

_EQUALS = re.compile(
    r"\s*(?P<column>\w+)\s+eq\s+(?:'(?P<text>(?:[^']|'')*)'|(?:guid')?(?P<id>[0-9a-fA-F-]{36})'?)\s*"
)
_COLLECTION = "Collection"

_ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" \
xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" \
xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata">\
<title type="text">{title}</title>{entries}</feed>
"""
_ATOM_ENTRY = (
    '<entry><content type="application/xml"><m:properties>{}</m:properties></content></entry>'
)


class BadQuery(ValueError):
    """The query options make no sense; the message says why."""


def odata4(objects: Objects, call: Call) -> Response:
    """Answer a read of an OData 4 entity set."""
    entity = str(call.request.path_params["entity"])
    try:
        selected, rows = _read(objects, call, entity)
    except UnknownObject:
        return no_controller(call, entity)
    except (UnknownColumn, BadQuery) as problem:
        return odata_error(call, 400, _explanation(problem, entity))
    columns = f"({','.join(selected)})" if call.query("$select") else ""
    context = f"{call.api}/odata/$metadata#{entity}{columns}"
    value = [_project(row, selected, _iso) for row in rows]
    return JSONResponse(
        {"@odata.context": context, "value": value},
        media_type="application/json; odata.metadata=minimal",
    )


def odata3(objects: Objects, call: Call) -> Response:
    """Answer a read of an OData 3 collection: verbose JSON if asked for, else an Atom feed."""
    collection = str(call.request.path_params["collection"])
    entity = collection.removesuffix(_COLLECTION)
    if not collection.endswith(_COLLECTION):
        return empty_not_found()
    try:
        selected, rows = _read(objects, call, entity)
    except UnknownObject:
        return odata_error(call, 404, f"Resource not found for the segment '{collection}'.")
    except (UnknownColumn, BadQuery) as problem:
        return odata_error(call, 400, _explanation(problem, entity))
    if "json" not in call.request.headers.get("accept", ""):
        return _atom(collection, [_project(row, selected, _iso) for row in rows])
    service = f"{call.api}/ServiceModel/EntityDataService.svc"
    results = [
        {
            "__metadata": _metadata(f"{service}/{collection}(guid'{row['Id']}')", entity),
            **_project(row, selected, _ticks),
        }
        for row in rows
    ]
    media_type = "application/json;odata=verbose;charset=utf-8"
    return JSONResponse({"d": {"results": results}}, media_type=media_type)


def _read(objects: Objects, call: Call, entity: str) -> tuple[tuple[str, ...], list[Row]]:
    known = objects.columns(entity)
    selected = tuple(name.strip() for name in (call.query("$select") or ",".join(known)).split(","))
    for column in selected:
        if column not in known:
            raise UnknownColumn(column)
    equals = _filter(call.query("$filter"))
    return selected, objects.read(Question(entity, equals, _top(call.query("$top"))))


def _filter(expression: str | None) -> list[tuple[str, str]]:
    if expression is None:
        return []
    match = _EQUALS.fullmatch(expression)
    if match is None:
        raise BadQuery(f"The query option '$filter={expression}' is not supported here.")
    text = match["text"].replace("''", "'") if match["text"] is not None else match["id"].lower()
    return [(match["column"], text)]


def _top(text: str | None) -> int:
    if text is None:
        return MAX_ROWS
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise BadQuery(f"Invalid value '{text}' for $top query option found.")
    return min(int(text), MAX_ROWS)


def _explanation(problem: Exception, entity: str) -> str:
    if isinstance(problem, UnknownColumn):
        return (
            f"The query specified in the URI is not valid. Could not find a property named "
            f"'{problem}' on type 'Terrasoft.Configuration.OData.{entity}'."
        )
    return str(problem)


def _project(row: Row, columns: tuple[str, ...], time: Callable[[datetime], str]) -> Row:
    return {column: _plain(row[column], time) for column in columns}


def _plain(value: object, time: Callable[[datetime], str]) -> object:
    if isinstance(value, datetime):
        return time(value)
    return str(value) if isinstance(value, UUID) else value


def _iso(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


def _ticks(moment: datetime) -> str:
    return f"/Date({round(moment.replace(tzinfo=UTC).timestamp() * 1000)})/"


def _metadata(uri: str, entity: str) -> Row:
    return {"id": uri, "uri": uri, "type": f"Terrasoft.Configuration.{entity}"}


def _atom(collection: str, rows: list[Row]) -> Response:
    entries = "".join(
        _ATOM_ENTRY.format("".join(f"<d:{k}>{escape(str(v))}</d:{k}>" for k, v in row.items()))
        for row in rows
    )
    return Response(
        _ATOM.format(title=collection, entries=entries),
        media_type="application/atom+xml;type=feed;charset=utf-8",
    )
