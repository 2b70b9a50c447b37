# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Tests of the diagnosis: what is looked at, and what is concluded from it."""
