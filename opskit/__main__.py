# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Run the command line as ``python -m opskit``."""

from opskit.cli import main

if __name__ == "__main__":
    main()
