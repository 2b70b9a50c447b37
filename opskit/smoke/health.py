# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Creatio's own health checks as checks of smoke; they need the API's place and no token."""

from opskit.checks import failed, passed
from opskit.explain import finding
from opskit.health import Health
from opskit.models import Check, Status

_PASSES = {"health.ping": "alive", "health.oauth": "no problem with the Identity Service"}


def health_check(name: str, health: Health, *, required: bool, there: bool) -> Check:
    """Return the check that a health check's answer makes.

    Args:
        name: its id.
        health: the answer.
        required: whether its absence fails.
        there: whether Creatio answers below the same API, so that IIS, where it finds nothing
            under this path, speaks of the path only.
    """
    if health.absent and (there or health.problem is None):
        status = Status.FAIL if required else Status.UNSUPPORTED
        absent = finding("health-absent", health.words)
        return Check(name, status, absent.symptom, absent, health.elapsed)
    if health.problem:
        return failed(name, health.problem, health.elapsed)
    return passed(name, _PASSES[name], health.elapsed)
