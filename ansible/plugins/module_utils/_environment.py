# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which environment is meant: options that all modules share, and what opskit reads of them.

This is private to the collection.
"""

from __future__ import annotations

from ansible_collections.opskit.creatio.plugins.module_utils._toml import to_toml

ENVIRONMENT_SPEC = {
    "opskit_path": {"type": "path"},
    "environment": {"type": "str", "required": True},
    "config": {"type": "path"},
    "database": {"type": "str"},
    "database_password": {"type": "str", "no_log": True},
    "schema": {"type": "str"},
    "identity": {"type": "str"},
    "creatio": {"type": "str"},
    "runtime": {"type": "str", "choices": ["auto", "framework", "net"]},
    "clients": {
        "type": "list",
        "elements": "dict",
        "options": {
            "id": {"type": "str", "required": True},
            "secret": {"type": "str", "required": True, "no_log": True},
            "name": {"type": "str"},
            "scope": {"type": "str"},
        },
    },
    "policy": {
        "type": "dict",
        "options": {"min_lifetime": {"type": "str"}, "max_lifetime": {"type": "str"}},
    },
    "protected": {"type": "bool"},
    "timeout": {"type": "str"},
    "insecure": {"type": "bool"},
    "ca_file": {"type": "path"},
}

# Keys of opskit.toml that are options of the same name; "smoke" is one of data_path_smoke only.
_KEYS = (
    "database",
    "schema",
    "identity",
    "creatio",
    "runtime",
    "policy",
    "protected",
    "timeout",
    "insecure",
    "ca_file",
    "smoke",
)
INLINE = (*_KEYS, "database_password", "clients")
REQUIRED_ONE_OF = [["config", "database", "identity", "creatio"]]
MUTUALLY_EXCLUSIVE = [["config", option] for option in INLINE if option != "smoke"]

_VARIABLE = "OPSKIT_ANSIBLE_{0}"


def describe(params):
    """Return an opskit.toml for the environment in a module's options, and its secrets.

    Returns:
        The text, which holds references only, and the variables that they refer to.
    """
    secrets = {}

    def reference(name, value):
        variable = _VARIABLE.format(name)
        secrets[variable] = value
        return {"env": variable}

    table = {key: params[key] for key in _KEYS if params.get(key) is not None}
    if params.get("database_password") is not None:
        table["database_password"] = reference("DATABASE_PASSWORD", params["database_password"])
    if params.get("clients"):
        table["clients"] = [
            dict(client, secret=reference(f"SECRET_{number}", client["secret"]))
            for number, client in enumerate(params["clients"])
        ]
    return "environments = {}\n".format(to_toml({params["environment"]: table})), secrets
