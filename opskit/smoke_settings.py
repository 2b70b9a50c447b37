# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of ``[environments.NAME.smoke]``: what the smoke check calls, and what must come."""

import re
from collections.abc import Iterator
from typing import Any, Literal, get_args

import msgspec

from opskit.conditions import Condition, quoted, steps_of

Kind = Literal["odata4", "odata3", "dataservice", "webservice"]
DATA_PATHS: tuple[str, ...] = get_args(Kind)
HEALTH_CHECKS = ("health.ping", "health.oauth")
"""Creatio's own checks of itself."""

_RESERVED = ("token", "runtime", *HEALTH_CHECKS, *DATA_PATHS)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# What opskit says itself: the token, and what frames the request.
_OWN_HEADERS = {"authorization", "host", "content-length", "transfer-encoding", "connection"}


class Query(msgspec.Struct, frozen=True):
    """What OData or DataService is asked for.

    Attributes:
        entity: the object, such as Account.
        columns: the columns to ask for; empty asks OData for all of them; None for the path's
            own: all with OData 4, else Name.
        top: how many rows at the most.
        expect: values that must each stand in some row, such as a Name or an Id.
    """

    entity: str = "Account"
    columns: tuple[str, ...] | None = None
    top: int = 20
    expect: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.entity:
            raise ValueError("entity must not be empty")
        if not 1 <= self.top <= 10_000:
            raise ValueError("top must be between 1 and 10000")

    def columns_or(self, *default: str) -> tuple[str, ...]:
        """Return the columns to ask for, or the path's own."""
        return default if self.columns is None else self.columns


class WebService(msgspec.Struct, frozen=True):
    """The web service to call.

    Attributes:
        path: below the API's base, without a leading slash.
        body: sent as JSON.
        expect_key: must be in the answer, and not empty.
    """

    path: str = "rest/CryptographicService/GetConvertedPasswordValue"
    body: dict[str, Any] = msgspec.field(default_factory=lambda: {"password": "test"})
    expect_key: str = "GetConvertedPasswordValueResult"

    def __post_init__(self) -> None:
        if not self.path.strip("/ "):
            raise ValueError("path must not be empty")
        if not self.expect_key:
            raise ValueError("expect_key must not be empty")
        steps_of(quoted(self.expect_key))


class OwnCheck(msgspec.Struct, frozen=True):
    """A further call that smoke makes, with its conditions.

    Attributes:
        name: the id of its check.
        path: below the API's base, with its query.
        kind: how refusals are recognised.
        method: GET or POST.
        headers: in addition to the token's.
        body: sent as JSON; without it nothing is.
        status: the HTTP status that must come.
        expect: what must hold of the answer, all of it.
    """

    name: str
    path: str
    kind: Kind = "webservice"
    method: Literal["GET", "POST"] = "GET"
    headers: dict[str, str] = {}
    body: dict[str, Any] | list[Any] | None = None
    status: int = 200
    expect: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(
                f"name {self.name!r} must begin with a letter and hold letters, digits, dots, "
                "hyphens and underscores only"
            )
        if self.name.lower() in _RESERVED:
            raise ValueError(f"name {self.name!r} is a check of opskit's own: choose another")
        if not self.path.strip("/ ") or "://" in self.path.partition("?")[0] or "#" in self.path:
            raise ValueError("path must lead below the API's base, as in rest/OrderService/Latest")
        if not self.path.isprintable():
            raise ValueError("path must hold no line breaks or control characters")
        if self.body is not None and self.method == "GET":
            raise ValueError('body goes with method = "POST" only')
        if not 200 <= self.status <= 599:
            raise ValueError("status must be between 200 and 599")
        for header, value in self.headers.items():
            _check_header(header, value)


class Smoke(msgspec.Struct, frozen=True):
    """How the four data paths are exercised, and what else is.

    Attributes:
        odata4, odata3, dataservice, webservice: what each path asks for.
        checks: further calls, the environment's own.
        require: checks that must be made and be supported.
        skip: checks that are not made.
    """

    odata4: Query = Query()
    odata3: Query = Query()
    dataservice: Query = Query()
    webservice: WebService = WebService()
    checks: tuple[OwnCheck, ...] = ()
    require: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if both := sorted(set(self.require) & set(self.skip)):
            raise ValueError(f"{both[0]} is both in require and in skip")
        if self.dataservice.columns == ():
            raise ValueError("dataservice.columns must name at least one column")
        names = [check.name.lower() for check in self.checks]
        if twice := [check.name for check in self.checks if names.count(check.name.lower()) > 1]:
            raise ValueError(f"checks names {twice[-1]!r} more than once")

    def unknown_names(self) -> Iterator[str]:
        """Name each entry of require and skip that is no check, with its place.

        Asked of a whole environment only: its defaults may speak of checks that are its own.
        """
        known = [*DATA_PATHS, *HEALTH_CHECKS, *(check.name for check in self.checks)]
        words = ", ".join(f'"{name}"' for name in known)
        for key in ("require", "skip"):
            for number, name in enumerate(getattr(self, key)):
                if name not in known:
                    yield f"{key}[{number}]: expected one of {words}, got {name!r}"


def _check_header(name: str, value: str) -> None:
    if not _HEADER.fullmatch(name):
        raise ValueError(f"headers: {name!r} is no header's name")
    if name.lower() in _OWN_HEADERS:
        raise ValueError(f"headers: {name} is set by opskit itself")
    if not (value.isascii() and value.isprintable()):
        raise ValueError(f"headers: the value of {name} must be plain ASCII on one line")
