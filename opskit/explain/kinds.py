# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What one row of knowledge holds."""

from dataclasses import dataclass

from opskit.models import Certainty


@dataclass(frozen=True, slots=True)
class Explanation:
    """One row of knowledge.

    Attributes:
        symptom: what it looks like, in general.
        cause: what it means.
        remedy: what to do now.
        unreachable: True when the other side gave no answer at all.
        transient: True when a restart or a deploy explains it, so that waiting may help.
        certainty: how sure the cause is; the text of a likely one says "probably".
    """

    symptom: str
    cause: str
    remedy: str
    unreachable: bool = False
    transient: bool = False
    certainty: Certainty = Certainty.KNOWN
