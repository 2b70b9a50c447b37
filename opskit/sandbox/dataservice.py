# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Creatio's DataService: the SelectQuery contract, as far as reading plain columns goes."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from starlette.responses import JSONResponse, Response

from opskit.sandbox.accounts import MAX_ROWS, Objects, Question, Row, UnknownColumn, UnknownObject
from opskit.sandbox.answers import Call, dataservice_failure

_EQUAL = 3  # FilterComparisonType.Equal
_DATA_VALUE_TYPES: dict[type, int] = {UUID: 0, str: 1, int: 4, datetime: 7}
_TEXT = 1


class _Expression(msgspec.Struct, rename="camel"):
    column_path: str = ""
    parameter: dict[str, Any] = {}


class _Column(msgspec.Struct):
    expression: _Expression


class _Columns(msgspec.Struct):
    items: dict[str, _Column] = {}


class _Filter(msgspec.Struct, rename="camel"):
    comparison_type: int | None = None
    is_enabled: bool = True
    left_expression: _Expression = msgspec.field(default_factory=_Expression)
    right_expression: _Expression = msgspec.field(default_factory=_Expression)


class _Filters(msgspec.Struct):
    items: dict[str, _Filter] = {}


class _SelectQuery(msgspec.Struct, rename="camel"):
    root_schema_name: str = msgspec.field(name="rootSchemaName")
    all_columns: bool = False
    columns: _Columns = msgspec.field(default_factory=_Columns)
    filters: _Filters | None = None
    row_count: int = -1


class BadQuery(ValueError):
    """The query asks for what the sandbox does not offer."""


def select_query(objects: Objects, call: Call) -> Response:
    """Answer a SelectQuery: 200 whatever happens, with ``success`` telling how it went."""
    try:
        query = _parse(call.body)
        known = objects.columns(query.root_schema_name)
        rows = objects.read(_question(query))
    except UnknownObject as problem:
        return dataservice_failure(
            "ItemNotFoundException", f'Item with name "{problem}" not found.'
        )
    except UnknownColumn as problem:
        text = f'Column by path {problem} not found in schema "{query.root_schema_name}".'
        return dataservice_failure("InvalidOperationException", text)
    except (msgspec.DecodeError, BadQuery) as problem:
        return dataservice_failure(
            "SerializationException", f"Error while deserialising the query: {problem}"
        )
    paths = {alias: column.expression.column_path for alias, column in query.columns.items.items()}
    if query.all_columns:
        paths = {column: column for column in known} | paths
    paths.setdefault("Id", "Id")
    found = {alias: path for alias, path in paths.items() if path in known}
    return JSONResponse(
        {
            "rowConfig": _row_config(found, rows),
            "rows": [{alias: _plain(row[path]) for alias, path in found.items()} for row in rows],
            "notFoundColumns": [path for path in paths.values() if path not in known],
            "rowsAffected": len(rows),
            "nextPrceElReady": False,
            "success": True,
        }
    )


def _parse(body: bytes) -> _SelectQuery:
    document = msgspec.json.decode(body)
    if not isinstance(document, dict):
        raise BadQuery("an object is expected")
    # .NET's serialiser does not mind how the first letter of a name is written.
    return msgspec.convert(_lower_initials(document), _SelectQuery)


def _lower_initials(document: dict[str, Any]) -> dict[str, Any]:
    return {name[:1].lower() + name[1:]: value for name, value in document.items()}


def _question(query: _SelectQuery) -> Question:
    filters = query.filters.items.values() if query.filters else ()
    equals = [_equals(item) for item in filters if item.is_enabled]
    limit = query.row_count if 0 <= query.row_count <= MAX_ROWS else MAX_ROWS
    return Question(query.root_schema_name, equals, limit)


def _equals(item: _Filter) -> tuple[str, str]:
    if item.comparison_type != _EQUAL or "value" not in item.right_expression.parameter:
        raise BadQuery("only filters that compare a column for equality are supported here")
    return item.left_expression.column_path, str(item.right_expression.parameter["value"])


def _row_config(found: dict[str, str], rows: list[Row]) -> dict[str, Row]:
    sample = rows[0] if rows else {}
    types = {a: _DATA_VALUE_TYPES.get(type(sample.get(path)), _TEXT) for a, path in found.items()}
    return {alias: {"dataValueType": kind} for alias, kind in types.items()}


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds")
    return str(value) if isinstance(value, UUID) else value
