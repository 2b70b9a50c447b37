# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Waiting for several things at once, and leaving none of them behind."""

import asyncio
from collections.abc import Awaitable
from typing import Any


async def together(*awaitables: Awaitable[Any]) -> list[Any]:
    """Return all results; where one fails, the others are ended first.

    ``asyncio.gather`` lets them go on, with connections that the caller closes meanwhile.
    """
    tasks = [asyncio.ensure_future(one) for one in awaitables]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
