# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The endpoints by which an administrator sets up OAuth: system settings, and the features."""

import base64
import binascii
import re
from collections.abc import Callable

import msgspec
from starlette.responses import JSONResponse, PlainTextResponse, Response

from opskit.sandbox.administration import (
    CLIENT_SECRET,
    Administration,
    BadFeature,
    Feature,
    UnknownFeature,
)
from opskit.sandbox.answers import Call, dataservice_failure, odata_error

Handler = Callable[[Administration, Call], Response]

_CODE_EQUALS = re.compile(r"\s*Code\s+eq\s+'((?:[^']|'')*)'\s*")
_TEXT = 1  # DataValueType.Text


class _Query(msgspec.Struct, rename="camel"):
    sys_settings_name_collection: list[str]


class _Values(msgspec.Struct, rename="camel"):
    sys_settings_values: dict[str, str]
    is_personal: bool = False


class _Feature(msgspec.Struct, rename="pascal"):
    default_state: int
    code: str = ""
    name: str = ""


def query_settings(administration: Administration, call: Call) -> Response:
    """Answer QuerySysSettings. A secret's value is never told."""
    try:
        query = msgspec.json.decode(call.body, type=_Query)
    except msgspec.DecodeError as problem:
        return dataservice_failure("SerializationException", str(problem))
    known = administration.settings()
    asked = query.sys_settings_name_collection
    values = {
        code: {
            "code": code,
            "isCacheable": True,
            "value": "" if code == CLIENT_SECRET else known[code],
            "displayValue": "",
            "dataValueType": _TEXT,
        }
        for code in asked
        if code in known
    }
    missing = [code for code in asked if code not in known]
    return JSONResponse({"values": values, "notFoundSettings": missing, "success": True})


def set_settings(administration: Administration, call: Call) -> Response:
    """Answer PostSysSettingsValues, which says of each setting whether it was saved."""
    try:
        values = msgspec.json.decode(call.body, type=_Values)
    except msgspec.DecodeError as problem:
        return dataservice_failure("SerializationException", str(problem))
    saved = administration.set_values(values.sys_settings_values)
    return JSONResponse({"saveResult": saved, "success": all(saved.values())})


def list_features(administration: Administration, call: Call) -> Response:
    """Answer a read of the object Feature by OData 4."""
    code, text = None, call.query("$filter")
    if text is not None:
        match = _CODE_EQUALS.fullmatch(text)
        if match is None:
            return odata_error(call, 400, f"The filter '{text}' is not supported here.")
        code = match[1].replace("''", "'")
    rows = [_row(feature) for feature in administration.features(code)]
    return JSONResponse({"@odata.context": f"{call.api}/odata/$metadata#Feature", "value": rows})


def add_feature(administration: Administration, call: Call) -> Response:
    """Answer the making of a row of Feature."""
    try:
        new = msgspec.json.decode(call.body, type=_Feature)
        feature = administration.add_feature(new.code, new.name, new.default_state)
    except (msgspec.DecodeError, BadFeature) as problem:
        return odata_error(call, 400, str(problem))
    return JSONResponse(_row(feature), status_code=201)


def change_feature(administration: Administration, call: Call) -> Response:
    """Answer the change of a row of Feature."""
    try:
        change = msgspec.json.decode(call.body, type=_Feature)
        administration.switch_feature(call.request.path_params["id"], change.default_state)
    except (msgspec.DecodeError, BadFeature) as problem:
        return odata_error(call, 400, str(problem))
    except UnknownFeature:
        return odata_error(call, 404, "Item of type Feature not found.")
    return Response(status_code=204)


def clear_feature_cache(administration: Administration, call: Call) -> Response:
    """Answer FeatureService's ClearFeaturesCacheForAllUsers."""
    try:
        code = base64.b64decode(call.request.path_params["code"], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return PlainTextResponse("The server encountered an error.", status_code=400)
    administration.clear_feature_cache()
    return JSONResponse({"ClearFeaturesCacheForAllUsersResult": f"Cache of {code} is cleared"})


def _row(feature: Feature) -> dict[str, object]:
    return {
        "Id": feature.id,
        "Code": feature.code,
        "Name": feature.name,
        "DefaultState": feature.default_state,
    }


ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/DataService/json/SyncReply/QuerySysSettings", query_settings),
    ("POST", "/DataService/json/SyncReply/PostSysSettingsValues", set_settings),
    ("GET", "/odata/Feature", list_features),
    ("POST", "/odata/Feature", add_feature),
    ("PATCH", "/odata/Feature({id})", change_feature),
    ("GET", "/rest/FeatureService/ClearFeaturesCacheForAllUsers/{code:path}", clear_feature_cache),
)
"""Method and path below the API, and what answers; all of them want a session."""
