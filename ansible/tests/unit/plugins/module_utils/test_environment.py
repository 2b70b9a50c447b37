# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration that modules make of their options."""

from __future__ import annotations

import pytest
from ansible_collections.opskit.creatio.plugins.module_utils._environment import (
    ENVIRONMENT_SPEC,
    INLINE,
    describe,
)

tomllib = pytest.importorskip("tomllib", reason="Python before 3.11 has no TOML")


def test_secrets_go_another_way():
    text, secrets = describe(
        {
            "environment": "a.b c",
            "database": "postgresql://opskit@db/identity",
            "database_password": "hunter2",
            "clients": [
                {"id": "A", "secret": "first secret", "name": None, "scope": None},
                {"id": "B", "secret": "second secret", "name": "Bee", "scope": "x"},
            ],
            "policy": {"min_lifetime": None, "max_lifetime": "4h"},
            "insecure": None,
            "protected": False,
        }
    )
    table = tomllib.loads(text)["environments"]["a.b c"]
    assert set(secrets.values()) == {"hunter2", "first secret", "second secret"}
    assert secrets[table["database_password"].pop("env")] == "hunter2"
    assert [secrets[client.pop("secret")["env"]] for client in table["clients"]] == [
        "first secret",
        "second secret",
    ]
    assert table == {
        "database": "postgresql://opskit@db/identity",
        "database_password": {},
        "clients": [{"id": "A"}, {"id": "B", "name": "Bee", "scope": "x"}],
        "policy": {"max_lifetime": "4h"},
        "protected": False,
    }
    for secret in secrets.values():
        assert secret not in text


def test_every_option_is_described_or_about_the_command():
    assert set(ENVIRONMENT_SPEC) - {"opskit_path", "environment", "config"} == set(INLINE) - {
        "smoke"
    }
