# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Words that many messages need alike."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 client`` or ``2 lifetimes``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
