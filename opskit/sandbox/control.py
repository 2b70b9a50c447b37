# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Talking to the control app of a running sandbox, over HTTP on 127.0.0.1 and never a proxy."""

import contextlib
import http.client
from dataclasses import dataclass, field

import msgspec

from opskit.errors import SandboxError, UsageError
from opskit.sandbox.faults import Fault, Setting
from opskit.sandbox.layout import HOST, State

_OK = range(200, 300)
_BAD_REQUEST = 400


class NotRunning(Exception):
    """Nothing answers as the sandbox that the state file describes."""


@dataclass(frozen=True)
class ControlStatus:
    """What a running sandbox says about itself.

    Attributes:
        faults: the faults that are on, by environment.
    """

    faults: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Control:
    """The control app of the sandbox that a state file describes.

    Every method raises ``NotRunning`` unless that very sandbox answers; waiting for an answer takes
    as long as the sandbox takes to start, since its port listens from the beginning.
    """

    def __init__(self, state: State, *, timeout: float = 30.0) -> None:
        self._state = state
        self._timeout = timeout

    def status(self) -> ControlStatus:
        """Ask which faults are on."""
        return msgspec.json.decode(self._ask("GET", "/status"), type=ControlStatus)

    def turn_on(self, environment: str, fault: Fault, setting: Setting) -> None:
        """Switch a fault on."""
        self._ask("PUT", f"/faults/{environment}/{fault}", msgspec.json.encode(setting))

    def turn_off(self, environment: str, fault: Fault) -> None:
        """Switch a fault off."""
        self._ask("DELETE", f"/faults/{environment}/{fault}")

    def stop(self) -> None:
        """Ask the sandbox to end; it does so a moment later."""
        self._ask("POST", "/stop")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        port = self._state.ports.control
        connection = http.client.HTTPConnection(HOST, port, timeout=self._timeout)
        try:
            with contextlib.closing(connection):
                headers = {"Authorization": f"Bearer {self._state.token}", "Connection": "close"}
                connection.request(method, path, body, headers)
                with connection.getresponse() as response:
                    content, status = response.read(), response.status
        except (OSError, http.client.HTTPException) as error:
            raise NotRunning from error
        if status == _BAD_REQUEST:
            raise UsageError(msgspec.json.decode(content)["error"])
        if status == http.client.UNAUTHORIZED or (status not in _OK and method == "GET"):
            raise NotRunning  # somebody else has the port by now
        if status not in _OK:
            raise SandboxError(f"The sandbox refused {method} {path} (HTTP {status}).")
        return content
