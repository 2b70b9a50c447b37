# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The data paths of an environment: the four standard ones, then its own."""

from urllib.parse import quote

from opskit.conditions import Condition, quoted
from opskit.smoke.path import DataPath, Envelope
from opskit.smoke_settings import OwnCheck, Query, Smoke, WebService


def data_paths(settings: Smoke) -> list[DataPath]:
    """Return the paths as the environment configures them."""
    return [
        odata4(settings.odata4),
        odata3(settings.odata3),
        dataservice(settings.dataservice),
        webservice(settings.webservice),
        *map(own, settings.checks),
    ]


def odata4(query: Query) -> DataPath:
    """Return ``GET {api}/odata/Account``."""
    options = _options(select=",".join(query.columns_or()), top=str(query.top))
    context = Condition(at="'@odata.context'", exists=True)
    return DataPath(
        name="odata4",
        kind="odata4",
        method="GET",
        path=f"odata/{quote(query.entity)}?{options}",
        envelope=Envelope("OData 4 envelope", (context, Condition(at="value", rows=()))),
        conditions=(Condition(at="value", rows=query.expect),),
    )


def odata3(query: Query) -> DataPath:
    """Return ``GET {api}/ServiceModel/EntityDataService.svc/AccountCollection``."""
    options = _options(select=",".join(query.columns_or("Name")), top=str(query.top))
    path = f"ServiceModel/EntityDataService.svc/{quote(query.entity)}Collection/"
    return DataPath(
        name="odata3",
        kind="odata3",
        method="GET",
        path=f"{path}?{options}",
        headers={"Accept": "application/json;odata=verbose"},
        envelope=Envelope("OData 3 envelope", (Condition(at="d.results", rows=()),)),
        conditions=(Condition(at="d.results", rows=query.expect),),
        optional=True,
    )


def dataservice(query: Query) -> DataPath:
    """Return ``POST {api}/DataService/json/SyncReply/SelectQuery``."""
    columns = {
        column: {"expression": {"columnPath": column}} for column in query.columns_or("Name")
    }
    success = Condition(at="success", equals=True)
    return DataPath(
        name="dataservice",
        kind="dataservice",
        method="POST",
        path="DataService/json/SyncReply/SelectQuery",
        body={
            "RootSchemaName": query.entity,
            "columns": {"items": columns},
            "rowCount": query.top,
        },
        envelope=Envelope("rows in the answer", (success, Condition(at="rows", rows=()))),
        conditions=(Condition(at="rows", rows=query.expect),),
    )


def webservice(service: WebService) -> DataPath:
    """Return the configured POST, by default of the CryptographicService."""
    key = service.expect_key
    return DataPath(
        name="webservice",
        kind="webservice",
        method="POST",
        path=service.path.lstrip("/"),
        body=service.body,
        envelope=Envelope(f"{key} in the answer", (Condition(at=quoted(key), empty=False),)),
        passes=f"{key} is there",
    )


def own(check: OwnCheck) -> DataPath:
    """Return a path of the environment's own."""
    return DataPath(
        name=check.name,
        kind=check.kind,
        method=check.method,
        path=check.path.lstrip("/"),
        headers=check.headers,
        body=check.body,
        status=check.status,
        conditions=check.expect,
    )


def _options(**options: str) -> str:
    """Return OData's ``$name=value`` options, percent-encoded, without the empty ones."""
    return "&".join(f"${name}={quote(value, safe=',')}" for name, value in options.items() if value)
