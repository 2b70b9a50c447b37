# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environments of an opskit.toml as hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: environments
short_description: The environments of an opskit.toml as hosts
description:
  - Each environment becomes a host of that name, in the order of their waves, so that plays can be
    about environments.
  - The groups are C(wave_1) and so on, C(engine_postgresql) and C(engine_mssql), C(runtime_auto),
    C(runtime_framework) and C(runtime_net), and C(protected). An environment that is called like
    one of them, C(all) or C(ungrouped) is refused, and so is one that is called like a group of
    O(groups), of O(keyed_groups), or of an inventory that was read before this one.
  - Each host has the variables C(opskit_environment), C(opskit_config), C(opskit_wave),
    C(opskit_protected), C(opskit_runtime), C(opskit_engine), C(opskit_identity), C(opskit_creatio)
    and C(opskit_policy). Those that the file says nothing about and that have no default are null.
  - Neither secrets, nor where they come from, nor database addresses become variables.
  - It reads the file and does not need opskit. What is wrong in keys that it does not use is left
    for opskit to say.
author:
  - The opskit authors (@opskit)
options:
  plugin:
    description: Which plugin this is for.
    type: str
    required: true
    choices: [opskit.creatio.environments]
  config:
    description: The C(opskit.toml), relative to the inventory file.
    type: str
    default: opskit.toml
  local:
    description:
      - Whether opskit runs on the controller. Then the hosts get C(ansible_connection=local) and
        the controller's own Python.
      - Otherwise they get neither, and O(compose) can say how to reach the machine that opskit runs
        on.
    type: bool
    default: true
  remote_config:
    description: What C(opskit_config) says instead, where the modules find the file elsewhere.
    type: str
extends_documentation_fragment:
  - constructed
requirements:
  - Python 3.11 or newer on the controller
seealso:
  - module: opskit.creatio.client_lifetime
"""

EXAMPLES = r"""
# opskit.yml, beside an opskit.toml
plugin: opskit.creatio.environments

---
# One machine runs opskit for all environments
plugin: opskit.creatio.environments
config: ../opskit.toml
local: false
remote_config: /etc/opskit/opskit.toml
compose:
  ansible_host: "'admin.example.com'"
groups:
  behind_vpn: opskit_identity is search('internal')
keyed_groups:
  - key: opskit_environment.split('-') | first  # such as eu-prod
    prefix: region
"""

import os
import re
import sys
from pathlib import Path

from ansible.errors import AnsibleParserError

from ansible.plugins.inventory import BaseInventoryPlugin, Constructable

try:
    import tomllib
except ImportError:  # Python before 3.11
    tomllib = None

RUNTIMES = ("auto", "framework", "net")
# Hosts cannot have the names of groups: Ansible's own, and those that are made here.
GROUPS = r"all|ungrouped|protected|wave_[0-9]+|(engine|runtime)_.*"
POLICY = {"min_lifetime": 60, "max_lifetime": 86400}


class InventoryModule(BaseInventoryPlugin, Constructable):
    """Reads opskit.toml."""

    NAME = "opskit.creatio.environments"

    def verify_file(self, path):
        """Return whether the inventory source may be ours: any YAML, which says so itself."""
        return super().verify_file(path) and path.endswith((".yml", ".yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Fill the inventory."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        named = Path(path).parent / Path(self.get_option("config")).expanduser()
        # Symbolic links stay: relative paths in opskit.toml start where its name stands.
        config = os.path.abspath(named)  # noqa: PTH100
        environments = read_environments(config)
        self._refuse_groups(environments, config)
        by_wave = sorted(environments, key=lambda one: environments[one]["opskit_wave"])
        # Plays meet the hosts in the order of the groups, so those of the waves go first.
        for name in by_wave:
            self.inventory.add_host(name)
            self._add_to(f"wave_{environments[name]['opskit_wave']}", name)
        for name in by_wave:
            variables = environments[name]
            variables["opskit_config"] = self.get_option("remote_config") or config
            if self.get_option("local"):
                variables["ansible_connection"] = "local"
                variables["ansible_python_interpreter"] = sys.executable
            self._add(name, variables)
        try:
            for name in by_wave:
                self._construct(name, environments[name])
        finally:
            # Before Ansible's own words, which are "can't add group to itself".
            self._refuse_groups(environments, config)

    def _refuse_groups(self, environments, config):
        """Raise an error if an environment is called like a group: Ansible mistakes it for that."""
        for name in environments:
            if name in self.inventory.groups:
                raise AnsibleParserError(
                    f"{config}: environments.{name}: {name} is a group of the inventory, too: by "
                    "groups or keyed_groups of this plugin, or by another source. Give one of the "
                    "two another name."
                ) from None

    def _add(self, name, variables):
        for key, value in variables.items():
            self.inventory.set_variable(name, key, value)
        for group in groups_of(variables):
            self._add_to(group, name)

    def _construct(self, name, variables):
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, name, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict=strict)
        self._add_host_to_keyed_groups(
            self.get_option("keyed_groups"), variables, name, strict=strict
        )

    def _add_to(self, group, name):
        self.inventory.add_group(group)
        self.inventory.add_child(group, name)


def groups_of(variables):
    """Return the groups of an environment, but for that of its wave."""
    groups = [f"runtime_{variables['opskit_runtime']}"]
    if variables["opskit_engine"]:
        groups.append(f"engine_{variables['opskit_engine']}")
    if variables["opskit_protected"]:
        groups.append("protected")
    return groups


def read_environments(path):
    """Return the variables of each environment in an opskit.toml, by its name.

    Raises:
        AnsibleParserError: it cannot be read, or holds something that is not allowed.
    """
    if tomllib is None:
        raise AnsibleParserError(
            "opskit.creatio.environments needs an Ansible that runs with Python 3.11 or newer."
        )
    content = _read(path)
    defaults, tables = content.get("defaults", {}), content.get("environments", {})
    if not isinstance(defaults, dict) or not isinstance(tables, dict) or not tables:
        raise AnsibleParserError(
            f"{path}: no environment is described. Add a table [environments.dev]."
        )
    environments = {}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise AnsibleParserError(
                f"{path}: environments.{name}: expected a table, as in [environments.{name}]."
            )
        where = f"{path}: environments.{name}"
        if re.fullmatch(GROUPS, name):
            raise AnsibleParserError(
                f"{where}: {name} is a group of the inventory, so no host can be called that. "
                "Give the environment another name."
            )
        environments[name] = _variables(where, name, defaults, table)
    return environments


def _read(path):
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AnsibleParserError(
            f"{path} cannot be read: {error.strerror}. Check config in the inventory file."
        ) from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise AnsibleParserError(f"{path} is not valid TOML: {error}") from None


def _variables(where, name, defaults, table):
    def value(key, kind, expected, default=None):
        found = table.get(key, defaults.get(key, default))
        # In Python true is a number, too.
        if found is not None and (not isinstance(found, kind) or (kind is int and found is True)):
            raise AnsibleParserError(f"{where}.{key}: expected {expected}.")
        return found

    wave = value("wave", int, "a number from 1", 1)
    if wave < 1:
        raise AnsibleParserError(f"{where}.wave: expected a number from 1.")
    runtime = value("runtime", str, "one of " + ", ".join(RUNTIMES), "auto")
    if runtime not in RUNTIMES:
        raise AnsibleParserError(
            "{}.runtime: expected one of {}.".format(where, ", ".join(RUNTIMES))
        )
    addresses = {key: value(key, str, "a text") for key in ("identity", "creatio")}
    for key, address in addresses.items():
        # Anybody may see the variables of a host.
        if "@" in (address or ""):
            raise AnsibleParserError(f"{where}.{key}: expected an address without a user.")
    database = value("database", (str, dict), "a text or a secret's reference")
    policy = dict(POLICY)
    for over in (defaults.get("policy", {}), value("policy", dict, "a table", {})):
        policy.update((key, over[key]) for key in POLICY if key in over)
    return {
        "opskit_environment": name,
        "opskit_wave": wave,
        "opskit_protected": value("protected", bool, "true or false", False),
        "opskit_runtime": runtime,
        "opskit_engine": _engine(database),
        "opskit_identity": addresses["identity"],
        "opskit_creatio": addresses["creatio"],
        "opskit_policy": policy,
    }


def _engine(database):
    """Return which engine an address is for; None when there is none, or it is a secret."""
    if not isinstance(database, str):
        return None
    if re.match(r"postgres(ql)?://", database):
        return "postgresql"
    odbc = re.search(r"(?i)(^|;)\s*(driver|server|dsn|filedsn)\s*=", database)
    return "mssql" if odbc or database.startswith("mssql://") else None
