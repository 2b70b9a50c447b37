# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The cause behind a symptom, by looking where it would show.

``refusals`` reads the row of a client that gets no token, ``row`` judges it; ``calls`` asks
Creatio why it refuses every call.
"""
