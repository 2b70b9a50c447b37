# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Three rehearsal environments on real PostgreSQL, which behave like a Creatio installation.

``lifecycle`` starts, stops and inspects a sandbox; ``faults`` names what can go wrong in it. All
other modules run inside the sandbox's one background process (``python -m opskit.sandbox``).
"""
