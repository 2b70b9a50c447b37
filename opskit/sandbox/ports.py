# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Binding the ports of a sandbox, so that a taken one is noticed and named."""

import contextlib
import errno
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from opskit.errors import SandboxError
from opskit.sandbox.catalog import ENVIRONMENTS
from opskit.sandbox.layout import HOST, Ports

DEFAULT_PORT = 18090
"""The first of a sandbox's consecutive ports when none is given."""

_CONTROL, _POSTGRES = "control", "PostgreSQL"
_NAMES = (
    _CONTROL,
    _POSTGRES,
    *(f"{spec.name} {role}" for spec in ENVIRONMENTS for role in ("identity", "creatio")),
)
_LAST_FIRST = 65_536 - len(_NAMES)


@dataclass(frozen=True)
class Listeners:
    """The bound sockets of a sandbox, by what they are for."""

    sockets: dict[str, socket.socket]

    @property
    def ports(self) -> Ports:
        """The numbers of the bound ports."""
        number = {name: bound.getsockname()[1] for name, bound in self.sockets.items()}
        return Ports(
            control=number[_CONTROL],
            postgres=number[_POSTGRES],
            identity={spec.name: number[f"{spec.name} identity"] for spec in ENVIRONMENTS},
            creatio={spec.name: number[f"{spec.name} creatio"] for spec in ENVIRONMENTS},
        )

    @contextlib.contextmanager
    def lent_to_postgres(self) -> Iterator[int]:
        """Yield PostgreSQL's port, for PostgreSQL itself to bind it within the block.

        On Linux it stays ours until then, so that nobody who asks for any free port gets it in
        between: there two sockets may have one port as long as only one of them listens.
        """
        bound = self.sockets[_POSTGRES]
        port: int = bound.getsockname()[1]
        if sys.platform != "linux":
            bound.close()
        yield port
        bound.close()

    def http(self) -> dict[int, socket.socket]:
        """Return the sockets to serve HTTP on, by port."""
        served = (bound for name, bound in self.sockets.items() if name != _POSTGRES)
        return {bound.getsockname()[1]: bound for bound in served}


def check_first(first: int) -> None:
    """Make sure that a sandbox's ports can begin at ``first``; 0 stands for any free ones.

    Raises:
        SandboxError: there are not enough port numbers from there on.
    """
    if not 0 <= first <= _LAST_FIRST:
        raise SandboxError(
            f"Port {first} cannot be the first of the sandbox's {len(_NAMES)} ports.",
            remedy=f"Give --port a number up to {_LAST_FIRST}, or 0 for free ones.",
        )


@contextlib.contextmanager
def bind_all(first: int) -> Iterator[Listeners]:
    """Bind consecutive ports from ``first`` on, or any free ones when it is 0.

    They listen at once: whoever asks a starting sandbox gets its answer when it is up.

    Raises:
        SandboxError: a port is taken or out of range; the message names it.
    """
    check_first(first)
    with contextlib.ExitStack() as stack:
        sockets = {
            name: stack.enter_context(bind(first + offset if first else 0, name))
            for offset, name in enumerate(_NAMES)
        }
        listeners = Listeners(sockets)
        for bound in listeners.http().values():
            bound.listen()
        yield listeners


def bind(port: int, name: str) -> socket.socket:
    """Bind a port, or any free one when it is 0; the name says what it is for.

    Raises:
        SandboxError: the port is taken or out of range; the message names it.
    """
    # With the protocol named, asyncio turns Nagle's algorithm off, which costs 40 ms an answer.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # The same word means opposite things: take over a port in TIME_WAIT, or steal one in use.
        if sys.platform == "win32":
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((HOST, port))
    except OSError as error:
        bound.close()
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
        raise SandboxError(
            f"Port {port} on {HOST}, meant for {name}, {why}.",
            remedy="Choose other ports with --port FIRST, or --port 0 for any free ones.",
        ) from error
    return bound
