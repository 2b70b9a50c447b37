# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The tests' own PostgreSQL starts however many suites run at once."""

import socket

import pytest

from opskit.errors import SandboxError
from tests.databases import free_port, new_cluster, start_on_free_port


def test_a_port_that_somebody_was_quicker_to_take_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as quicker, new_cluster() as (cluster, _):
        ports = iter([quicker.getsockname()[1], free := free_port()])
        assert start_on_free_port(cluster, lambda: next(ports)) == free


def test_what_does_not_depend_on_the_port_is_told() -> None:
    tried = []

    def choose() -> int:
        tried.append(free_port())
        return tried[-1]

    with new_cluster() as (cluster, _):
        with (cluster.data / "postgresql.conf").open("a") as file:
            file.write("no_such_setting = 1\n")
        with pytest.raises(SandboxError, match="configuration file"):
            start_on_free_port(cluster, choose)
    assert 1 < len(tried) < 10
