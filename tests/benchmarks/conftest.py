# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The installed collection, for benchmarks too."""

from tests.ansible.conftest import collection as collection
