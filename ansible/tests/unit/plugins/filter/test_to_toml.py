# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter, as Ansible calls it."""

from __future__ import annotations

import datetime as dt

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.opskit.creatio.plugins.filter.to_toml import FilterModule

to_toml = FilterModule().filters()["to_toml"]


def test_a_file():
    assert to_toml({"environments": {"dev": {"wave": 2}}}) == "[environments.dev]\nwave = 2\n"


@pytest.mark.parametrize("value", ["text", [], {"day": dt.date(2026, 1, 31)}])
def test_what_to_write_instead(value):
    with pytest.raises(AnsibleFilterError, match="Write texts, numbers"):
        to_toml(value)
