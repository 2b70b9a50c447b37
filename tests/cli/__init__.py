# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The command as a user meets it: a process of its own."""
