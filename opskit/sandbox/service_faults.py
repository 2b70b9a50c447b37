# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Faults that lie in front of the services: a port that is shut, a certificate that is wrong."""

from collections.abc import Sequence

from opskit.sandbox.authority import WISHES, ServerCertificate
from opskit.sandbox.doors import Door, Server
from opskit.sandbox.faults import Fault, Setting
from opskit.sandbox.switches import Switches


def watch_door(switches: Switches, fault: Fault, server: Server, door: Door) -> None:
    """Let a fault of one environment stop the service behind a door."""

    def switch(setting: Setting | None) -> None:
        server.change(door.open() if setting is None else door.shut())

    switches.watch(fault, switch)


def watch_certificate(
    switches: Switches, server: Server, certificate: ServerCertificate, doors: Sequence[Door]
) -> None:
    """Let the faults of one environment spoil the certificate that is shown at its doors."""

    async def renew(fault: Fault, setting: Setting | None) -> None:
        certificate.switch(fault, setting)
        for door in doors:
            door.hang_up()

    def watch(fault: Fault) -> None:
        switches.watch(fault, lambda setting: server.change(renew(fault, setting)))

    for fault in WISHES:
        watch(fault)
