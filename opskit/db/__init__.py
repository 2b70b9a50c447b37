# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The databases behind Identity Services: one protocol, one file per engine."""
