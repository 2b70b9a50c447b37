# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""opskit.toml: what it may hold, and that every mistake is named with its place."""

from pathlib import Path

import pytest

from opskit.config import Config, find_config, load_config
from opskit.errors import EXIT_USAGE, ClientNotFound, ConfigError, UsageError
from opskit.secrets import SecretRef

PASSWORD = "hunter2"
REFERENCES = (
    '{ env = "NAME" }, { file = "PATH" }, { command = "…" } or { keyring = "SERVICE/USER" }'
)


def _load(folder: Path, text: str) -> Config:
    path = folder / "opskit.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def _refusal(folder: Path, text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _load(folder, text)
    error = caught.value
    assert str(folder / "opskit.toml") in error.message
    assert error.exit_code == EXIT_USAGE
    return error


def _mistakes(folder: Path, text: str) -> list[str]:
    error = _refusal(folder, text)
    assert error.code == "config"
    assert error.remedy
    first, *mistakes = error.message.splitlines()
    assert first == f"{folder / 'opskit.toml'}:"
    return [mistake.strip() for mistake in mistakes]


# A good file


def test_an_empty_table_is_an_environment_with_defaults(tmp_path: Path) -> None:
    dev = _load(tmp_path, "[environments.dev]").environments["dev"]
    assert (dev.name, dev.folder, dev.schema, dev.runtime) == ("dev", tmp_path, None, "auto")
    assert (dev.database, dev.identity, dev.creatio, dev.clients) == (None, None, None, ())
    assert (dev.protected, dev.insecure, dev.timeout) == (False, False, 30)
    assert dev.wave == 1
    assert (dev.policy.min_lifetime, dev.policy.max_lifetime) == (60, 86_400)


def test_every_key_is_read(tmp_path: Path) -> None:
    text = """
        [environments.prod]
        database = "postgresql://opskit@db.example:5433/identity?sslmode=require"
        database_password = { env = "DB_PASSWORD" }
        schema = "identity"
        identity = "https://creatio-is.example"
        creatio = "https://creatio.example/base/"
        runtime = "framework"
        protected = true
        wave = 3
        timeout = "1m30s"
        insecure = true
        ca_file = "ca.pem"
        policy = { min_lifetime = "5m", max_lifetime = 7200 }

        [[environments.prod.clients]]
        id = "A1"
        secret = { file = "a1" }
        name = "Data Mart Sync"
        scope = "ApplicationAccess_1"

        [environments.prod.smoke]
        require = ["odata3"]
        skip = ["webservice"]
        odata4 = { entity = "Contact", columns = ["Id", "Name"], top = 5, expect = ["Mary"] }
        webservice = { path = "rest/Echo/Say", body = { text = "hi" }, expect_key = "SayResult" }
    """
    prod = _load(tmp_path, text).environments["prod"]
    assert prod.database_password == SecretRef(env="DB_PASSWORD")
    assert (prod.runtime, prod.protected, prod.insecure) == ("framework", True, True)
    assert prod.wave == 3
    assert (prod.timeout, prod.ca_file, prod.schema) == (90, "ca.pem", "identity")
    assert (prod.policy.min_lifetime, prod.policy.max_lifetime) == (300, 7200)
    (client,) = prod.clients
    assert (client.id, client.secret, client.scope) == (
        "A1",
        SecretRef(file="a1"),
        "ApplicationAccess_1",
    )
    assert prod.smoke.odata4.columns == ("Id", "Name")
    assert (prod.smoke.require, prod.smoke.skip) == (("odata3",), ("webservice",))
    assert prod.smoke.webservice.body == {"text": "hi"}


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "opskit.toml").write_bytes(b"\xef\xbb\xbf[environments.dev]\r\n")
    assert list(load_config(tmp_path / "opskit.toml").environments) == ["dev"]


def test_a_relative_path_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _load(tmp_path, "[environments.dev]")
    monkeypatch.chdir(tmp_path)
    config = load_config(Path("opskit.toml"))
    assert (config.source, config.folder) == (str(tmp_path / "opskit.toml"), tmp_path)
    assert config.environments["dev"].folder == tmp_path


# Finding it


def test_it_is_found_in_a_folder_above(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _load(tmp_path, "[environments.above]")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_config(below) == tmp_path / "opskit.toml"
    monkeypatch.chdir(below)
    assert list(load_config().environments) == ["above"]


def test_the_nearest_one_is_taken(tmp_path: Path) -> None:
    _load(tmp_path, "[environments.above]")
    below = tmp_path / "below"
    below.mkdir()
    _load(below, "[environments.below]")
    assert find_config(below) == below / "opskit.toml"


def test_a_folder_of_that_name_is_passed_over(tmp_path: Path) -> None:
    _load(tmp_path, "[environments.above]")
    (tmp_path / "below" / "opskit.toml").mkdir(parents=True)
    assert find_config(tmp_path / "below") == tmp_path / "opskit.toml"


def test_none_found_names_three_ways_on(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No opskit\.toml in") as caught:
        find_config(tmp_path)
    error = caught.value
    assert str(tmp_path) in error.message
    assert all(way in error.remedy for way in ("opskit init", "-c FILE", "opskit demo"))
    assert (error.code, error.exit_code) == ("config-missing", EXIT_USAGE)


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_an_unreadable_file_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        load_config(tmp_path / name)
    assert str(tmp_path) in caught.value.message
    assert "OPSKIT_CONFIG" in caught.value.remedy
    assert caught.value.code == "config-missing"


# Files that are no configuration


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    error = _refusal(tmp_path, "[environments.dev]\n\nidentity = https://host\n")
    assert "not valid TOML" in error.message
    assert "line 3" in error.message


def test_a_syntax_error_shows_nothing_of_the_line(tmp_path: Path) -> None:
    text = f"[environments.dev]\ndatabase_password = {PASSWORD}\n"
    assert PASSWORD not in _refusal(tmp_path, text).message


def test_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "opskit.toml").write_bytes("[environments.dev] # ü".encode("latin-1"))
    with pytest.raises(ConfigError, match="is not UTF-8") as caught:
        load_config(tmp_path / "opskit.toml")
    assert "UTF-8" in caught.value.remedy


@pytest.mark.parametrize(
    "text", ["", "[defaults]", "environments = 1", "[environments]", "defaults = 1"]
)
def test_a_file_without_environments_is_told_how_to_add_one(text: str, tmp_path: Path) -> None:
    error = _refusal(tmp_path, text)
    assert "no environment is described" in error.message
    assert "[environments.dev]" in error.remedy


# Keys that are not known, at each level


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("enviroments", "Did you mean 'environments'?"),
        ("default", "Did you mean 'defaults'?"),
        ("servers", "Known: defaults, environments."),
    ],
)
def test_an_unknown_table_at_the_top(key: str, remedy: str, tmp_path: Path) -> None:
    error = _refusal(tmp_path, f"[{key}.dev]\n[environments.dev]")
    assert f"unknown key '{key}' at the top" in error.message
    assert error.remedy == remedy


@pytest.mark.parametrize("top", ["environments.dev", "defaults"])
@pytest.mark.parametrize(
    ("below", "key", "meant"),
    [
        ("", "protectd = true", "protected"),
        ("", "data_base = 1", "database"),
        (".policy", "min_lifetme = 60", "min_lifetime"),
        (".smoke", "reqire = []", "require"),
        (".smoke.odata4", "colums = []", "columns"),
        (".smoke.odata3", "entitty = ''", "entity"),
        (".smoke.dataservice", "tops = 1", "top"),
        (".smoke.webservice", "expected_key = ''", "expect_key"),
        (".database", "comand = ''", "command"),
        (".database_password", "envv = ''", "env"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest(
    top: str, below: str, key: str, meant: str, tmp_path: Path
) -> None:
    text = f"[{top}{below}]\n{key}\n[environments.other]"
    unknown = key.partition(" ")[0]
    expected = f"{top}{below}: unknown key '{unknown}'. Did you mean '{meant}'?"
    assert expected in _mistakes(tmp_path, text)


@pytest.mark.parametrize(
    ("keys", "mistake"),
    [
        ("secrt = 1", "clients[1]: unknown key 'secrt'. Did you mean 'secret'?"),
        ("secret = { fil = '' }", "clients[1].secret: unknown key 'fil'. Did you mean 'file'?"),
    ],
)
def test_an_unknown_key_of_a_client_is_named_with_its_number(
    keys: str, mistake: str, tmp_path: Path
) -> None:
    table = "[[environments.dev.clients]]"
    text = f"{table}\nid = 'A'\nsecret = {{ env = 'A' }}\n{table}\nid = 'B'\n{keys}"
    assert _mistakes(tmp_path, text) == [f"environments.dev.{mistake}"]


def test_an_unknown_key_that_is_like_no_other_gets_the_whole_list(tmp_path: Path) -> None:
    (mistake,) = _mistakes(tmp_path, "[environments.dev.policy]\nxyz = 1")
    assert mistake.endswith("unknown key 'xyz'. Known: min_lifetime, max_lifetime.")


@pytest.mark.parametrize("key", ["name", "folder"])
def test_what_opskit_adds_itself_is_no_key(key: str, tmp_path: Path) -> None:
    (mistake,) = _mistakes(tmp_path, f"[environments.dev]\n{key} = 'x'")
    assert mistake.startswith(f"environments.dev: unknown key '{key}'.")


def test_any_key_may_stand_in_a_web_services_body(tmp_path: Path) -> None:
    text = "[environments.dev.smoke.webservice]\nbody = { anything = { at = ['all'] } }"
    smoke = _load(tmp_path, text).environments["dev"].smoke
    assert smoke.webservice.body == {"anything": {"at": ["all"]}}


# Values that are not allowed


@pytest.mark.parametrize(
    ("key", "place", "words"),
    [
        ("protected = 'yes'", ".protected", "true or false"),
        ("insecure = 1", ".insecure", "true or false"),
        ("schema = 1", ".schema", "a text"),
        ("identity = 2024-01-01", ".identity", "a text"),
        ("identity = { env = 'A' }", ".identity", "a text"),
        ("runtime = 'java'", ".runtime", '"auto", "framework", "net"'),
        ("runtime = 4", ".runtime", '"auto", "framework", "net"'),
        ("timeout = 'soon'", ".timeout", "30m"),
        ("timeout = 1.5", ".timeout", "a duration such as 30"),
        ("wave = 0", "", "wave must be at least 1"),
        ("wave = 'first'", ".wave", "a number"),
        ("wave = true", ".wave", "a number"),
        ("timeout = 0", "", "timeout must be more than 0"),
        ("timeout = -5", "", "timeout must be more than 0"),
        ("policy = 60", ".policy", "a table"),
        ("policy.min_lifetime = 'long'", ".policy.min_lifetime", "90s, 30m"),
        ("policy.max_lifetime = true", ".policy.max_lifetime", "a duration such as 30"),
        ("policy.min_lifetime = 0", ".policy", "0 < min_lifetime <= max_lifetime"),
        ("policy.max_lifetime = '30s'", ".policy", "min_lifetime <= max_lifetime"),
        ("policy.max_lifetime = 2147483648", ".policy", "max_lifetime"),
        ("database = 5", ".database", "a text or { env = "),
        ("database_password = ['x']", ".database_password", REFERENCES),
        ("database_password = {}", ".database_password", f"exactly one of {REFERENCES}"),
        ("database_password = { env = 'A', file = 'b' }", ".database_password", "exactly one of"),
        ("database_password = { env = 1 }", ".database_password.env", "a text"),
        ("clients = 'A'", ".clients", "a list"),
        ("clients = { id = 'A' }", ".clients", "a list"),
        ("clients = ['A']", ".clients[0]", "a table"),
        ("clients = [{ id = 'A' }]", ".clients[0]", "secret"),
        ("clients = [{ secret = { env = 'A' } }]", ".clients[0]", "id"),
        ("clients = [{ id = 1, secret = { env = 'A' } }]", ".clients[0].id", "a text"),
        ("clients = [{ id = 'A', secret = {} }]", ".clients[0].secret", REFERENCES),
        ("smoke = true", ".smoke", "a table"),
        ("smoke.odata4.top = 'all'", ".smoke.odata4.top", "a number"),
        ("smoke.odata4.top = 0", ".smoke.odata4", "between 1 and 10000"),
        ("smoke.odata3.top = 10001", ".smoke.odata3", "between 1 and 10000"),
        ("smoke.odata4.entity = ''", ".smoke.odata4", "entity must not be empty"),
        ("smoke.odata4.columns = 'Name'", ".smoke.odata4.columns", "a list"),
        ("smoke.odata4.expect = ['a', 1]", ".smoke.odata4.expect[1]", "a text"),
        ("smoke.dataservice.columns = []", ".smoke", "dataservice.columns must name at least one"),
        ("smoke.webservice.body = 'x'", ".smoke.webservice.body", "a table"),
        ("smoke.require = ['odata4', 'odata5']", ".smoke.require[1]", '"odata4", "odata3"'),
        ("smoke.skip = 'odata3'", ".smoke.skip", "a list"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_is_allowed(
    key: str, place: str, words: str, tmp_path: Path
) -> None:
    (mistake,) = _mistakes(tmp_path, f"[environments.prod]\n{key}")
    at, _, what = mistake.partition(": ")
    assert at == f"environments.prod{place}"
    assert words in what


def test_a_path_cannot_be_required_and_skipped(tmp_path: Path) -> None:
    text = "[environments.dev.smoke]\nrequire = ['odata3', 'odata4']\nskip = ['odata3']"
    assert _mistakes(tmp_path, text) == [
        "environments.dev.smoke: odata3 is both in require and in skip"
    ]


def test_a_client_is_named_once(tmp_path: Path) -> None:
    entry = "{ id = 'A1', secret = { env = 'A' } }"
    text = f"[environments.dev]\nclients = [{entry}, {entry}]"
    assert _mistakes(tmp_path, text) == [
        "environments.dev: clients names the id 'A1' more than once"
    ]


def test_an_environment_is_a_table(tmp_path: Path) -> None:
    assert _mistakes(tmp_path, "[environments]\nprod = 'x'") == [
        "environments.prod: expected a table, as in [environments.prod]."
    ]


def test_the_mistakes_of_all_environments_are_told_at_once(tmp_path: Path) -> None:
    text = """
        [environments.dev]
        protectd = true
        polcy = {}
        [environments.test]
        timeout = "soon"
        [environments.fine]
        [environments.prod.policy]
        min_lifetime = 0
    """
    places = [mistake.partition(": ")[0] for mistake in _mistakes(tmp_path, text)]
    assert places == [
        "environments.dev",
        "environments.dev",
        "environments.test.timeout",
        "environments.prod.policy",
    ]


# Secrets in plain sight


@pytest.mark.parametrize("key", ["database_password", "clients = [{ id = 'A', secret"])
def test_a_secret_written_as_text_is_refused_without_showing_it(key: str, tmp_path: Path) -> None:
    end = " }]" if "{" in key else ""
    (mistake,) = _mistakes(tmp_path, f"[environments.dev]\n{key} = '{PASSWORD}'{end}")
    assert REFERENCES in mistake
    assert PASSWORD not in mistake


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://opskit:{PASSWORD}@host/identity",
        f"postgres://opskit:{PASSWORD}@host:5432/identity",
        f"postgresql://:{PASSWORD}@host/identity",
        f"postgresql://opskit@host/identity?password={PASSWORD}",
        f"postgresql://opskit@host/identity?sslmode=require&password={PASSWORD}",
        f"postgresql://opskit:{PASSWORD}@one,two/identity",
        f"postgresql://opskit:{PASSWORD}@[::1]/identity",
        f"postgresql://opskit:a@{PASSWORD}@host/identity",
        f"postgresql://opskit:{PASSWORD}#1@host/identity",
        f"postgresql://opskit:{PASSWORD}?1@host/identity",
    ],
)
def test_a_password_in_the_address_is_refused_without_showing_it(url: str, tmp_path: Path) -> None:
    (mistake,) = _mistakes(tmp_path, f"[environments.prod]\ndatabase = '{url}'")
    assert mistake.startswith("environments.prod")
    assert "must not hold the password" in mistake
    assert "database_password = { env = " in mistake
    assert PASSWORD not in mistake


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://opskit@db.example:5432/identity?sslmode=verify-full&connect_timeout=3",
        "postgres://db.example/identity",
        "postgresql:///identity?host=/var/run/postgresql",
        "postgresql://opskit@[::1]:5432/identity",
        "postgresql://opskit%40realm@db.example/identity",
        "postgresql://opskit@one:5432,two:5433/identity?target_session_attrs=read-write",
    ],
)
def test_addresses_without_a_password(url: str, tmp_path: Path) -> None:
    dev = _load(tmp_path, f"[environments.dev]\ndatabase = '{url}'").environments["dev"]
    assert dev.require("database") == url


# Addresses


@pytest.mark.parametrize("url", ["mysql://host/db", "host/db", PASSWORD, "", "sqlite:///x"])
def test_another_database_is_refused_without_repeating_it(url: str, tmp_path: Path) -> None:
    (mistake,) = _mistakes(tmp_path, f"[environments.prod]\ndatabase = '{url}'")
    assert mistake.startswith("environments.prod")
    assert "postgresql://user@host:5432/name" in mistake
    assert not url or url not in mistake


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://opskit@host:port/identity",
        "postgresql://opskit@host:99999/identity",
        "postgresql://opskit@[::1/identity",
        f"postgresql://opskit:{PASSWORD}/1@host/identity",
    ],
)
def test_a_malformed_database_address_is_refused_without_repeating_it(
    url: str, tmp_path: Path
) -> None:
    (mistake,) = _mistakes(tmp_path, f"[environments.prod]\ndatabase = '{url}'")
    assert mistake.startswith("environments.prod")
    assert "database" in mistake
    assert PASSWORD not in mistake


@pytest.mark.parametrize("key", ["identity", "creatio"])
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("host:8090", "https://host"),
        ("host", "https://host"),
        ("", "https://host"),
        ("ftp://host", "https://host"),
        ("https://", "https://host"),
        ("https:///path", "https://host"),
        ("http://host:port", ""),
        ("http://host:99999", ""),
        ("http://[::1", ""),
        (f"https://admin:{PASSWORD}@host", "no user, query or fragment"),
        (f"https://:{PASSWORD}@host", "no user, query or fragment"),
        ("https://admin@host", "no user, query or fragment"),
        ("https://host/?a=b", "no user, query or fragment"),
        ("https://host/#a", "no user, query or fragment"),
    ],
)
def test_a_web_address_is_http_and_nothing_but_a_place(
    key: str, url: str, words: str, tmp_path: Path
) -> None:
    (mistake,) = _mistakes(tmp_path, f"[environments.prod]\n{key} = '{url}'")
    assert mistake.startswith("environments.prod")
    assert key in mistake
    assert words in mistake
    assert PASSWORD not in mistake


@pytest.mark.parametrize(
    "url", ["http://localhost:8090", "https://host", "https://host/a/b/", "http://[::1]:80"]
)
def test_web_addresses_that_are_fine(url: str, tmp_path: Path) -> None:
    dev = _load(tmp_path, f"[environments.dev]\nidentity = '{url}'").environments["dev"]
    assert dev.require("identity") == url


@pytest.mark.parametrize("key", ["database", "identity", "creatio"])
def test_a_command_that_needs_an_address_names_the_missing_key(key: str, tmp_path: Path) -> None:
    dev = _load(tmp_path, "[environments.dev]").environments["dev"]
    with pytest.raises(ConfigError, match=f"environments.dev.{key} is not set") as caught:
        dev.require(key)  # type: ignore[arg-type]
    assert f"{key} = …" in caught.value.remedy
    assert caught.value.environment == "dev"


def test_the_whole_address_may_be_a_secret(tmp_path: Path) -> None:
    url = f"postgresql://opskit:{PASSWORD}@host/identity"
    (tmp_path / "url").write_text(f"{url}\n")
    config = _load(tmp_path, '[environments.dev]\ndatabase = { file = "url" }')
    assert config.environments["dev"].require("database") == url


def test_an_address_from_a_reference_is_checked_without_repeating_it(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(PASSWORD)
    config = _load(tmp_path, '[environments.dev]\ndatabase = { file = "url" }')
    with pytest.raises(ConfigError, match=r"behind environments\.dev\.database") as caught:
        config.environments["dev"].require("database")
    assert PASSWORD not in caught.value.message


# Defaults


def test_defaults_hold_where_an_environment_says_nothing(tmp_path: Path) -> None:
    text = """
        [defaults]
        schema = "identity"
        timeout = "1m"
        [environments.dev]
        [environments.prod]
        timeout = 5
    """
    environments = _load(tmp_path, text).environments
    assert [e.schema for e in environments.values()] == ["identity", "identity"]
    assert [e.timeout for e in environments.values()] == [60, 5]


def test_a_section_is_merged_key_by_key(tmp_path: Path) -> None:
    text = """
        [defaults]
        policy = { min_lifetime = "5m", max_lifetime = "4h" }
        smoke.odata4 = { entity = "Contact", top = 3 }
        [environments.dev]
        policy.max_lifetime = "1h"
        smoke.odata4.top = 5
    """
    dev = _load(tmp_path, text).environments["dev"]
    assert (dev.policy.min_lifetime, dev.policy.max_lifetime) == (300, 3600)
    assert (dev.smoke.odata4.entity, dev.smoke.odata4.top) == ("Contact", 5)


def test_a_list_replaces_the_defaults_list(tmp_path: Path) -> None:
    text = """
        [defaults]
        clients = [{ id = "A", secret = { env = "A" } }, { id = "B", secret = { env = "B" } }]
        smoke.skip = ["odata3"]
        [environments.dev]
        clients = [{ id = "C", secret = { env = "C" } }]
        smoke.skip = []
        [environments.test]
    """
    environments = _load(tmp_path, text).environments
    assert [client.id for client in environments["dev"].clients] == ["C"]
    assert [client.id for client in environments["test"].clients] == ["A", "B"]
    assert environments["dev"].smoke.skip == ()


def test_a_reference_replaces_the_defaults_reference(tmp_path: Path) -> None:
    text = """
        [defaults]
        database = { env = "URL" }
        database_password = { env = "PASSWORD" }
        smoke.webservice.body = { password = "test" }
        [environments.dev]
        database = { file = "url" }
        database_password = { command = "vault read" }
        smoke.webservice.body = { text = "hi" }
    """
    dev = _load(tmp_path, text).environments["dev"]
    assert dev.database == SecretRef(file="url")
    assert dev.database_password == SecretRef(command="vault read")
    assert dev.smoke.webservice.body == {"text": "hi"}


@pytest.mark.parametrize("top", ["[defaults]", "[environments.dev]"])
def test_defaults_may_stand_before_or_after(top: str, tmp_path: Path) -> None:
    tables = ["[environments.dev]", '[defaults]\nschema = "identity"']
    text = "\n".join(sorted(tables, key=lambda table: not table.startswith(top)))
    assert _load(tmp_path, text).environments["dev"].schema == "identity"


def test_a_wrong_default_is_named_where_it_stands(tmp_path: Path) -> None:
    text = "[defaults]\nprotected = 'no'\n[environments.dev]\n[environments.test]"
    mistakes = _mistakes(tmp_path, text)
    assert mistakes
    assert all(mistake.startswith("defaults.protected: ") for mistake in mistakes)


# Choosing environments


@pytest.fixture
def config(tmp_path: Path) -> Config:
    names = ("dev", "test", "prod-eu", "prod-us", "weird[1]")
    return _load(tmp_path, "\n".join(f'[environments."{name}"]' for name in names))


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ([], ["dev", "test", "prod-eu", "prod-us", "weird[1]"]),
        (["*"], ["dev", "test", "prod-eu", "prod-us", "weird[1]"]),
        (["dev"], ["dev"]),
        (["prod-*"], ["prod-eu", "prod-us"]),
        (["test", "dev"], ["test", "dev"]),
        (["dev", "d*", "dev"], ["dev"]),
        (["prod-us", "prod-*"], ["prod-us", "prod-eu"]),
        (["????"], ["test"]),
        (["weird[1]"], ["weird[1]"]),
    ],
)
def test_select_takes_names_and_globs(
    config: Config, patterns: list[str], names: list[str]
) -> None:
    assert [environment.name for environment in config.select(patterns)] == names


@pytest.mark.parametrize(
    ("pattern", "remedy"),
    [
        ("tset", "Did you mean 'test'?"),
        ("prod-e", "Did you mean 'prod-eu'?"),
        ("DEV", "Known: dev, test, prod-eu, prod-us, weird[1]."),
        ("x*", "Known: dev, test, prod-eu, prod-us, weird[1]."),
        ("", "Known: dev, test, prod-eu, prod-us, weird[1]."),
    ],
)
def test_select_refuses_what_matches_none(config: Config, pattern: str, remedy: str) -> None:
    with pytest.raises(UsageError, match="There is no environment") as caught:
        config.select(["dev", pattern])
    error = caught.value
    assert f"{pattern!r} in {config.source}" in error.message
    assert error.remedy == remedy
    assert (error.code, error.exit_code) == ("unknown-environment", EXIT_USAGE)


# Clients whose secret is known


def test_the_first_client_is_taken_unless_one_is_named(tmp_path: Path) -> None:
    text = """
        [environments.dev]
        clients = [{ id = "A", secret = { env = "A" } }, { id = "B", secret = { env = "B" } }]
    """
    dev = _load(tmp_path, text).environments["dev"]
    assert dev.require_client().id == "A"
    assert dev.require_client("B").id == "B"
    with pytest.raises(ClientNotFound, match="No secret is known for client") as caught:
        dev.require_client("C")
    assert "[[environments.dev.clients]]" in caught.value.remedy


def test_no_client_at_all_says_where_to_add_one(tmp_path: Path) -> None:
    dev = _load(tmp_path, "[environments.dev]").environments["dev"]
    assert dev.token_client() is None
    with pytest.raises(ConfigError, match="dev has no client whose secret is known") as caught:
        dev.require_client()
    assert "[[environments.dev.clients]]" in caught.value.remedy
    assert caught.value.exit_code == EXIT_USAGE
