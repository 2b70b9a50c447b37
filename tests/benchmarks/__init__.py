# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: run by ``make bench``, never by the tests; they print ratios of one run."""
