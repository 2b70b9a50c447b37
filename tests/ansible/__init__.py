# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
