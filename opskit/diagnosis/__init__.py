# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The cause behind a symptom, by looking where it would show.

``answers`` tells what an HTTP answer means that is not the expected one, ``pages`` whose web page
it is. ``refusals`` reads the row of a client that gets no token, ``row`` judges it; ``calls``
asks Creatio why it refuses every call.
"""
