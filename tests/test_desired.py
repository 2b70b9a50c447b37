# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""lifetimes.toml: what it may hold, what goes before what, and how its mistakes are named."""

from pathlib import Path

import pytest

from opskit.config import load_config
from opskit.desired import DesiredState, load_desired
from opskit.errors import EXIT_USAGE, ConfigError

CONFIG = """
[environments.dev]
[environments.test-1]
[environments.test-2]
[environments.prod]
policy = { min_lifetime = 60, max_lifetime = "1h" }
"""


def _load(folder: Path, text: str) -> DesiredState:
    (folder / "opskit.toml").write_text(CONFIG, encoding="utf-8")
    path = folder / "lifetimes.toml"
    path.write_text(text, encoding="utf-8")
    return load_desired(path, load_config(folder / "opskit.toml").environments.values())


def _refusal(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _load(folder, text)
    assert str(folder / "lifetimes.toml") in caught.value.message
    assert caught.value.exit_code == EXIT_USAGE
    assert caught.value.remedy
    return caught.value


def test_every_key_is_read(tmp_path: Path) -> None:
    desired = _load(
        tmp_path,
        """
        [defaults]
        lifetime = "1h"

        [[clients]]
        client = "Data Mart Sync"
        lifetime = 1800
        environments = { prod = "15m", "test-*" = "20m" }

        [environments.prod]
        lifetime = "30m"
        policy = { max_lifetime = "1h", min_lifetime = "5m" }
        """,
    )
    (entry,) = desired.clients
    assert [entry.lifetime_in(e) for e in ("dev", "test-1", "test-2", "prod")] == [
        1800,
        1200,
        1200,
        900,
    ]
    assert [desired.default_in(e) for e in ("dev", "prod")] == [3600, 1800]
    (bounds,) = desired.bounds_in("prod")
    assert (bounds.min_lifetime, bounds.max_lifetime) == (300, 3600)
    assert desired.bounds_in("dev") == []


def test_an_entry_may_hold_in_some_environments_only(tmp_path: Path) -> None:
    text = '[[clients]]\nclient = "A"\nenvironments = { prod = 900 }'
    (entry,) = _load(tmp_path, text).clients
    assert (entry.lifetime_in("prod"), entry.lifetime_in("dev")) == (900, None)


def test_an_environments_own_name_goes_before_globs_and_the_last_glob_before_others(
    tmp_path: Path,
) -> None:
    text = """
        [[clients]]
        client = "A"
        environments = { test-1 = 1, "test-*" = 2, "*" = 3 }
        [environments.test-1]
        lifetime = 11
        [environments."test-*"]
        lifetime = 12
        [environments."*"]
        lifetime = 13
    """
    desired = _load(tmp_path, text)
    (entry,) = desired.clients
    assert [entry.lifetime_in(e) for e in ("test-1", "test-2", "dev")] == [1, 3, 3]
    assert [desired.default_in(e) for e in ("test-1", "test-2", "dev")] == [11, 13, 13]


def test_a_table_without_lifetime_leaves_it_to_the_next(tmp_path: Path) -> None:
    text = """
        [environments."test-*"]
        lifetime = 12
        [environments.test-1]
        policy = { max_lifetime = 100 }
    """
    assert _load(tmp_path, text).default_in("test-1") == 12


def test_the_bounds_of_all_tables_that_match_hold(tmp_path: Path) -> None:
    text = """
        [environments."*"]
        policy = { max_lifetime = "1h" }
        [environments.prod]
        policy = { min_lifetime = "5m" }
    """
    both = _load(tmp_path, text).bounds_in("prod")
    assert [(one.min_lifetime, one.max_lifetime) for one in both] == [(None, 3600), (300, None)]


def test_without_defaults_nothing_is_managed_by_default(tmp_path: Path) -> None:
    text = '[[clients]]\nclient = "A"\nlifetime = 60'
    assert _load(tmp_path, text).default_in("dev") is None


# Mistakes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[default]\nlifetime = 60", "unknown key 'default' at the top. Did you mean 'defaults'?"),
        ("[defaults]\nlifetme = 60", "defaults: unknown key 'lifetme'. Did you mean 'lifetime'?"),
        ("defaults = 60", "defaults: expected a table"),
        ("[defaults]\nlifetime = 'soon'", "defaults.lifetime: 'soon' is not a duration"),
        ("[defaults]\nlifetime = 0", "lifetime = 0: must be 1 to 2147483647 seconds"),
        ("[defaults]\nlifetime = -5", "lifetime = -5: must be 1 to"),
        ("[defaults]\nlifetime = 2147483648", "lifetime = 2147483648: must be 1 to"),
        ("[defaults]\nlifetime = true", "defaults.lifetime: expected a duration"),
        ("clients = 5", "clients: expected a list of tables"),
        ("[clients]\nclient = 'A'", "clients: expected a list of tables"),
        ("clients = [5]", "clients[0]: expected a table"),
        ("[[clients]]\nlifetime = 60", "missing required field `client`"),
        ("[[clients]]\nclient = 5\nlifetime = 60", "clients[0].client: expected a text, got"),
        ("[[clients]]\nclient = ''\nlifetime = 60", "client must not be empty"),
        ("[[clients]]\nclient = 'A'", "give lifetime, environments or both (client = 'A')"),
        ("[[clients]]\nclient = 'A'\nlifetime = 0", "lifetime = 0: must be 1 to"),
        (
            "[[clients]]\nclient = 'A'\nlifetimes = 60",
            "clients[0]: unknown key 'lifetimes'. Did you mean 'lifetime'? (client = 'A')",
        ),
        (
            "[[clients]]\nclient = 'A'\nenvironments = { prod = 0 }",
            "environments.prod = 0: must be 1 to",
        ),
        (
            "[[clients]]\nclient = 'A'\nenvironments = { prod = 'x' }",
            "clients[0].environments.prod: 'x' is not a duration",
        ),
        (
            "[[clients]]\nclient = 'A'\nenvironments = { prd = 60 }",
            "environments: no environment of opskit.toml is 'prd'. Did you mean 'prod'? (client",
        ),
        (
            "[[clients]]\nclient = 'A'\nenvironments = { 'x-*' = 60 }",
            "no environment of opskit.toml is 'x-*'. Known: dev, test-1, test-2, prod.",
        ),
        (
            "[[clients]]\nclient = 'A'\nenvironments = 60",
            "clients[0].environments: expected a table, got",
        ),
        (
            "[environments.tset-1]\nlifetime = 60",
            "no environment of opskit.toml is 'tset-1'. Did you mean 'test-1'?",
        ),
        ("environments = 5", "environments: expected tables"),
        ("[environments]\nprod = 5", "environments.prod: expected a table"),
        (
            "[environments.prod]\npolicy = { max_lifetme = 60 }",
            "environments.prod.policy: unknown key 'max_lifetme'. Did you mean 'max_lifetime'?",
        ),
        (
            "[environments.prod]\npolicy = { min_lifetime = 90, max_lifetime = 60 }",
            "environments.prod.policy: 0 < min_lifetime <= max_lifetime must hold",
        ),
        (
            "[environments.prod]\npolicy = { min_lifetime = 0 }",
            "environments.prod.policy: 0 < min_lifetime",
        ),
        (
            "[environments.'p*']\npolicy = { min_lifetime = '2h' }",
            "leaves nothing of what opskit.toml accepts in prod, 60 to 3600 s",
        ),
        ("", "it says nothing"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, words: str, tmp_path: Path) -> None:
    error = _refusal(tmp_path, text)
    assert words in error.message
    assert error.code == "config"


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    text = """
        [defaults]
        lifetime = 0
        [[clients]]
        client = "A"
        [[clients]]
        client = "B"
        lifetime = 60
        environments = { prd = 60, tst = 0 }
        [environments.nowhere]
    """
    assert len(_refusal(tmp_path, text).message.splitlines()) == 1 + 6


def test_a_file_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load_desired(tmp_path / "lifetimes.toml", [])
    assert caught.value.code == "lifetimes-missing"
    assert "-f FILE" in caught.value.remedy


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    assert "line 2" in _refusal(tmp_path, "[defaults]\nlifetime = 1h").message


def test_a_file_that_never_closes_its_brackets(tmp_path: Path) -> None:
    assert "nested too deeply" in _refusal(tmp_path, "a = " + "[" * 5000).message
