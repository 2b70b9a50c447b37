# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Faults that lie in front of the services: a port that is shut, a certificate that is wrong."""

from opskit.sandbox.authority import WISHES, ServerCertificate
from opskit.sandbox.doors import Door, Server
from opskit.sandbox.faults import Fault, Setting
from opskit.sandbox.switches import Switches


def watch_door(switches: Switches, fault: Fault, server: Server, door: Door) -> None:
    """Let a fault of one environment stop the service behind a door."""

    def switch(setting: Setting | None) -> None:
        server.change(door.open() if setting is None else door.shut())

    switches.watch(fault, switch)


def watch_certificate(switches: Switches, server: Server, certificate: ServerCertificate) -> None:
    """Let the faults of one environment spoil the certificate of its servers."""

    def watch(fault: Fault) -> None:
        switches.watch(fault, lambda setting: server.change(certificate.switch(fault, setting)))

    for fault in WISHES:
        watch(fault)
