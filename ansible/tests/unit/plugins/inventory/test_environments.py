# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environments of an opskit.toml as hosts."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader

pytest.importorskip("tomllib", reason="the plugin needs Python 3.11")

TOML = """
[defaults]
runtime = "net"
policy = { max_lifetime = "4h" }
database_password = { command = "vault kv get -field=x token-in-sight" }

[environments.prod]
wave = 3
protected = true
database = "mssql://opskit@db.example.com/identity"
identity = "https://is.example.com"
policy = { min_lifetime = 300 }

[environments.dev]
database = "postgresql://opskit@db.example.com/identity"
runtime = "framework"

[environments.odd]
database = { env = "WHOLE_ADDRESS" }
wave = 2

[environments.odbc]
database = "SERVER=db.example.com,1433;DATABASE=identity;UID=opskit"

[[environments.odd.clients]]
id = "FEDCBA9876543210FEDCBA9876543210"
secret = { env = "CLIENT_SECRET" }
"""


@pytest.fixture(name="parse")
def parse_fixture(tmp_path):
    def parse(toml=TOML, more="", inventory=None):
        (tmp_path / "opskit.toml").write_text(toml, encoding="utf-8")
        source = tmp_path / "opskit.yml"
        source.write_text("plugin: opskit.creatio.environments\n" + more, encoding="utf-8")
        plugin = inventory_loader.get("opskit.creatio.environments")
        inventory = inventory or InventoryData()
        assert plugin.verify_file(str(source))
        plugin.parse(inventory, DataLoader(), str(source), cache=False)
        return inventory

    return parse


def hosts(inventory, group):
    return [host.name for host in inventory.groups[group].get_hosts()]


def test_hosts_come_by_wave(parse):
    inventory = parse()
    inventory.reconcile_inventory()
    assert hosts(inventory, "all") == ["dev", "odbc", "odd", "prod"]


def test_groups(parse):
    inventory = parse()
    named = {name: hosts(inventory, name) for name in inventory.groups if "_" in name}
    assert named == {
        "wave_1": ["dev", "odbc"],
        "wave_2": ["odd"],
        "wave_3": ["prod"],
        "engine_postgresql": ["dev"],
        "engine_mssql": ["odbc", "prod"],
        "runtime_framework": ["dev"],
        "runtime_net": ["odbc", "odd", "prod"],
    }
    assert hosts(inventory, "protected") == ["prod"]


def test_variables(parse, tmp_path):
    variables = parse(more="local: false").hosts["prod"].get_vars()
    del variables["inventory_file"], variables["inventory_dir"]
    assert variables == {
        "inventory_hostname": "prod",
        "inventory_hostname_short": "prod",
        "group_names": variables["group_names"],
        "opskit_environment": "prod",
        "opskit_config": str(tmp_path / "opskit.toml"),
        "opskit_wave": 3,
        "opskit_protected": True,
        "opskit_runtime": "net",
        "opskit_engine": "mssql",
        "opskit_identity": "https://is.example.com",
        "opskit_creatio": None,
        "opskit_policy": {"min_lifetime": 300, "max_lifetime": "4h"},
    }


def test_opskit_runs_on_the_controller_unless_told_otherwise(parse):
    assert parse().hosts["dev"].get_vars()["ansible_connection"] == "local"
    elsewhere = parse(more="local: false\nremote_config: /etc/opskit.toml").hosts["dev"].get_vars()
    assert "ansible_connection" not in elsewhere
    assert elsewhere["opskit_config"] == "/etc/opskit.toml"


def test_no_secret_nor_its_reference_becomes_a_variable(parse):
    for host in parse().hosts.values():
        said = str(host.get_vars())
        for word in (
            "WHOLE_ADDRESS",
            "CLIENT_SECRET",
            "token-in-sight",
            "vault",
            "FEDCBA",
            "opskit@",
        ):
            assert word not in said


def test_constructed(parse):
    inventory = parse(
        more="compose: {late: opskit_wave > 1}\n"
        "groups: {careful: opskit_protected}\n"
        "keyed_groups: [{key: opskit_runtime, prefix: is}]\n"
    )
    assert inventory.hosts["prod"].get_vars()["late"] is True
    assert hosts(inventory, "careful") == ["prod"]
    assert hosts(inventory, "is_framework") == ["dev"]


def test_strict(parse):
    wrong = "compose: {x: no_such_variable}\n"
    assert "x" not in parse(more=wrong).hosts["dev"].get_vars()
    with pytest.raises(AnsibleError, match="no_such_variable"):
        parse(more=wrong + "strict: true\n")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", "no environment is described"),
        ("[environments.dev", "is not valid TOML"),
        ("environments = 3", "no environment is described"),
        ("[environments]\ndev = 3", "environments.dev: expected a table"),
        ("[environments.dev]\nwave = 0", "environments.dev.wave: expected a number from 1"),
        ("[environments.dev]\nwave = true", "environments.dev.wave: expected a number from 1"),
        ("[environments.dev]\nprotected = 'yes'", "dev.protected: expected true or false"),
        (
            "[environments.dev]\nruntime = 'java'",
            "dev.runtime: expected one of auto, framework, net",
        ),
        ("[defaults]\npolicy = 3\n[environments.dev]", "dev.policy: expected a table"),
        ("[environments.dev]\nidentity = 'https://me:pw@is'", "dev.identity: expected an address"),
    ],
)
def test_mistakes_are_named(parse, toml, said):
    with pytest.raises(AnsibleParserError, match=said) as caught:
        parse(toml)
    assert "me:pw" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["all", "ungrouped", "protected", "wave_1", "wave_23", "engine_mssql", "runtime_net"],
)
def test_names_of_groups_are_refused(parse, name):
    said = rf"environments\.{name}: {name} is a group .* Give the environment another name\."
    with pytest.raises(AnsibleParserError, match=said):
        parse(f"[environments.{name}]")


@pytest.mark.parametrize(
    "more",
    [
        "groups: {odd: opskit_wave > 1}",
        "groups: {odd: opskit_environment == 'dev'}",
        "keyed_groups: [{key: opskit_environment, separator: ''}]",
        "keyed_groups: [{key: opskit_runtime, parent_group: odd}]",
    ],
)
def test_names_of_constructed_groups_are_refused(parse, more):
    with pytest.raises(
        AnsibleParserError, match=r"environments\.\w+: \w+ is a group .*keyed_groups"
    ):
        parse(more=more)
    assert list(parse(more=more.replace("odd", "odder").replace("''", "_")).hosts)


def test_names_of_groups_of_another_source_are_refused(parse):
    inventory = InventoryData()
    inventory.add_group("prod")
    with pytest.raises(AnsibleParserError, match=r"environments\.prod: prod .* another source"):
        parse(inventory=inventory)
    assert not inventory.hosts


@pytest.mark.parametrize("name", ["wave", "wave_x", "allied", "protected-prod", "engine"])
def test_names_like_those_of_groups_are_not(parse, name):
    assert list(parse(f"[environments.{name}]").hosts) == [name]


def test_a_file_that_is_not_there(parse):
    with pytest.raises(AnsibleParserError, match=r"nowhere\.toml cannot be read: No such file"):
        parse(more="config: nowhere.toml")
