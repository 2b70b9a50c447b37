# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit apply``: carry out a plan."""
