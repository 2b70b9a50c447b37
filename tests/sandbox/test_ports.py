# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL gets the port that was chosen for it, however many others look for one."""

import socket
import sys

import pytest

from opskit.sandbox.layout import HOST
from opskit.sandbox.ports import bind_all


@pytest.mark.skipif(sys.platform != "linux", reason="as only Linux shares a port")
def test_the_port_is_postgresqls_alone_until_it_has_it() -> None:
    with (
        bind_all(0) as listeners,
        listeners.lent_to_postgres() as port,
        socket.socket() as other,
        socket.socket() as postgresql,
    ):
        assert port == listeners.ports.postgres
        with pytest.raises(OSError, match="in use"):
            other.bind((HOST, port))
        postgresql.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as it does itself
        postgresql.bind((HOST, port))
        postgresql.listen()
        with socket.create_connection((HOST, port), timeout=5):
            pass


def test_the_port_is_given_up_with_the_block() -> None:
    with bind_all(0) as listeners, socket.socket() as other:
        with listeners.lent_to_postgres() as port:
            pass
        other.bind((HOST, port))
