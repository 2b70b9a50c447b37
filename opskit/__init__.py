# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Tune, prove and smoke-check the OAuth clients of Creatio's Identity Service."""

__version__ = "0.1.0"
