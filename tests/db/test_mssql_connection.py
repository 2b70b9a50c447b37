# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Addresses of SQL Servers, and the drivers to reach them by; no server is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from opskit.address import engine_of
from opskit.db import mssql_connection
from opskit.db.mssql_driver import find_driver, is_freetds, library_of_package
from opskit.errors import ConfigError, OpskitError, UnreachableError
from opskit.settings import Environment
from tests.conftest import environment

PASSWORD = "geheim;{}=1"


def _parts(where: Environment) -> dict[str, str]:
    text = mssql_connection.connection_string(where, where.require("database")).reveal()
    return mssql_connection.address_parts(text, where)


@pytest.mark.parametrize(
    "address",
    [
        "mssql://opskit@db.example:1433/identity?DRIVER=X",
        "DRIVER=X;SERVER=db.example,1433;DATABASE=identity;UID=opskit",
        " driver = {X} ;Data Source=db.example,1433; Initial Catalog={identity};User ID=opskit; ",
    ],
)
def test_all_forms_of_an_address_say_the_same(address: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    where = environment(tmp_path, database=address, database_password={"file": "password"})
    assert engine_of(address) == "mssql"
    assert _parts(where) == {
        "driver": "X",
        "server": "db.example,1433",
        "database": "identity",
        "uid": "opskit",
        "pwd": PASSWORD,
        "app": "opskit",
        "encrypt": "yes",
    }


def test_names_in_a_url_may_hold_anything(tmp_path: Path) -> None:
    address = "mssql://dom%5Cops%40x@db%5Cinstance/my%20db?DRIVER=X&APP=a%3Bb"
    parts = _parts(environment(tmp_path, database=address))
    assert (parts["uid"], parts["server"]) == ("dom\\ops@x", "db\\instance")
    assert (parts["database"], parts["app"]) == ("my db", "a;b")


def test_without_a_user_the_systems_own_login_is_used(tmp_path: Path) -> None:
    where = environment(tmp_path, database="mssql://db.example/identity?DRIVER=X")
    assert _parts(where)["trusted_connection"] == "yes"


def test_an_authentication_of_the_address_stays(tmp_path: Path) -> None:
    address = "mssql://db/identity?DRIVER=X&Authentication=ActiveDirectoryMsi"
    parts = _parts(environment(tmp_path, database=address))
    assert parts["authentication"] == "ActiveDirectoryMsi"
    assert "trusted_connection" not in parts


def test_what_the_address_says_goes_before_the_defaults(tmp_path: Path) -> None:
    address = "mssql://u@db/identity?DRIVER=X&Encrypt=strict&TrustServerCertificate=no"
    parts = _parts(environment(tmp_path, database=address, insecure=True))
    assert (parts["encrypt"], parts["trustservercertificate"]) == ("strict", "no")


def test_insecure_trusts_any_certificate(tmp_path: Path) -> None:
    address = "mssql://opskit@db/identity?DRIVER=X"
    assert "trustservercertificate" not in _parts(environment(tmp_path, database=address))
    parts = _parts(environment(tmp_path, database=address, insecure=True))
    assert (parts["encrypt"], parts["trustservercertificate"]) == ("yes", "yes")


def test_freetds_is_told_in_its_own_words(tmp_path: Path) -> None:
    address = "mssql://u@db:1444/identity?DRIVER=FreeTDS&TrustServerCertificate=yes"
    parts = _parts(environment(tmp_path, database=address))
    assert (parts["server"], parts["port"]) == ("db", "1444")
    assert (parts["tds_version"], parts["clientcharset"]) == ("7.4", "UTF-8")
    assert parts["encryption"] == "require"
    assert not parts.keys() & {"encrypt", "trustservercertificate"}


def test_freetds_may_be_told_not_to_encrypt(tmp_path: Path) -> None:
    address = "DRIVER={FreeTDS};SERVER=tcp:db,1444;UID=u;Encrypt=no"
    parts = _parts(environment(tmp_path, database=address))
    assert (parts["server"], parts["encryption"]) == ("db", "off")


def test_freetds_verifies_nothing_and_must_be_allowed_to(tmp_path: Path) -> None:
    address = "mssql://u@db/identity?DRIVER=FreeTDS"
    with pytest.raises(UnreachableError, match="verifies no certificate") as caught:
        _parts(environment(tmp_path, database=address))
    assert caught.value.code == "database-tls"
    assert "TrustServerCertificate=yes" in caught.value.remedy
    assert "insecure = true" in caught.value.remedy
    assert _parts(environment(tmp_path, database=address, insecure=True))["encryption"] == "require"


def test_freetds_knows_no_entra(tmp_path: Path) -> None:
    address = "mssql://db/identity?DRIVER=FreeTDS&Authentication=ActiveDirectoryMsi"
    with pytest.raises(ConfigError, match="FreeTDS does not know"):
        _parts(environment(tmp_path, database=address))


def _for_freetds(password: str, folder: Path) -> str:
    (folder / "password").write_text(password, encoding="utf-8")
    address = "mssql://u@db/identity?DRIVER=FreeTDS&TrustServerCertificate=yes"
    where = environment(folder, database=address, database_password={"file": "password"})
    return mssql_connection.connection_string(where, address).reveal()


@pytest.mark.parametrize(
    ("password", "written"),
    [
        ("plain", "plain"),
        ("a}b", "a}b"),
        ("a}}b}", "a}}b}"),
        ("a b{}", "a b{}"),
        ("a;b", "{a;b}"),
        ("{a;b", "{{a;b}"),
    ],
)
def test_freetds_is_told_a_password_as_it_reads_it(
    password: str, written: str, tmp_path: Path
) -> None:
    assert f";pwd={written};" in _for_freetds(password, tmp_path)


@pytest.mark.parametrize("password", ["Op;sk}it-3!x", "Op};skit", "{Op}skit", PASSWORD])
def test_a_password_that_freetds_cannot_be_told_is_refused(password: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="FreeTDS cannot be told the password") as caught:
        _for_freetds(password, tmp_path)
    assert "Microsoft's driver" in caught.value.remedy
    assert password not in caught.value.message + caught.value.remedy
    assert caught.value.environment == "unit"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mssql://u@db.example:1444/x?DRIVER=X", "db.example,1444"),
        ("mssql://u@db.example:1444/x?DRIVER=FreeTDS&Encrypt=no", "db.example,1444"),
        ("mssql://u@db.example/x?DRIVER=FreeTDS&Encrypt=no", "db.example"),
        ("DSN=identity;UID=u", "identity"),
    ],
)
def test_the_place_has_its_port_whatever_the_driver(
    address: str, said: str, tmp_path: Path
) -> None:
    assert mssql_connection.place(_parts(environment(tmp_path, database=address))) == said


@pytest.mark.parametrize(
    "address",
    [
        f"mssql://opskit:{PASSWORD}@db/identity",
        "mssql://opskit:geheim@db/identity",
        "mssql://opskit@db/identity?PWD=geheim",
        "mssql://opskit@db/identity?p%57d=geheim",
        "mssql://opskit@db/identity?Password=geheim",
        "SERVER=db;UID=opskit;PWD=geheim",
        "server=db;uid=opskit;Password = geheim",
        "Server=db;Uid=opskit;pwd={geheim;x}",
        "DSN=x;PWD=geheim",
    ],
)
def test_a_password_in_the_address_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must not hold the password") as caught:
        environment(tmp_path, database=address)
    assert "geheim" not in caught.value.message + caught.value.remedy


@pytest.mark.parametrize(
    "address", ["mssql://u:geheim@db:port/x", "SERVER=db;PWD={geheim", "SERVER=db;geheim"]
)
def test_a_malformed_address_shows_nothing_of_its_password(address: str, tmp_path: Path) -> None:
    (tmp_path / "address").write_text(address)
    where = environment(tmp_path, database={"file": "address"})
    with pytest.raises(ConfigError) as caught:
        _parts(where)
    assert "geheim" not in caught.value.message + caught.value.remedy
    assert caught.value.environment == "unit"


@pytest.mark.parametrize(
    "address", ["mssql+pyodbc://u@db/x", "sqlserver://db;database=x", "host=db dbname=x", "db"]
)
def test_other_addresses_are_refused_with_the_forms(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mssql://user@host:1433/name"):
        environment(tmp_path, database=address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("mssql://u@db/x?TrustServerCertificate=yes", "TrustServerCertificate=yes"),
        ("SERVER=db;UID=u;Encrypt=no", "Encrypt=no"),
        ("postgresql://u@db/x?sslmode=require", "sslmode=require"),
    ],
)
def test_tls_that_is_left_out_is_known(address: str, shown: str, tmp_path: Path) -> None:
    assert environment(tmp_path, database=address).plain_channels() == [f"database ({shown})"]


def test_verified_tls_is_no_plain_channel(tmp_path: Path) -> None:
    address = "mssql://u@db/x?Encrypt=strict&TrustServerCertificate=no"
    assert environment(tmp_path, database=address).plain_channels() == []


# Drivers


def test_a_driver_that_verifies_goes_before_freetds(tmp_path: Path) -> None:
    driver = find_driver(environment(tmp_path))
    assert driver
    if library_of_package() is not None:
        assert not is_freetds(driver)


_OPEN = """
import sys
from pathlib import Path
from opskit.config import load_config
from opskit.db.store import open_store
from opskit.errors import OpskitError

try:
    open_store(load_config(Path(sys.argv[1])).environments["unit"]).__enter__()
except OpskitError as error:
    print(error.code, error.message, error.remedy, sep="|")
"""


@pytest.mark.parametrize(
    ("error", "words", "remedy"),
    [
        ("ModuleNotFoundError('pyodbc')", "not installed", 'pip install "creatio-opskit[mssql]"'),
        ("ImportError('libltdl.so.7: no such file')", "libltdl.so.7", "--force-reinstall"),
    ],
)
def test_a_pyodbc_that_is_not_there_or_does_not_load(
    error: str, words: str, remedy: str, tmp_path: Path
) -> None:
    environment(tmp_path, database="mssql://u@127.0.0.1:9/identity")
    (tmp_path / "pyodbc.py").write_text(f"raise {error}")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{_OPEN}"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "opskit.toml")],
        capture_output=True,
        text=True,
        check=True,
    )
    code, message, told = done.stdout.strip().split("|")
    assert code == "driver-missing"
    assert words in message
    assert remedy in told


def test_a_strange_value_is_quoted_so_that_it_comes_back(tmp_path: Path) -> None:
    where = environment(tmp_path)
    for value in ("a;b", "}", "{x}", "a}};PWD=b", " blank ", "é", ""):
        text = f"UID={mssql_connection.quoted(value)};PWD=x"
        assert mssql_connection.address_parts(text, where) == {"uid": value, "pwd": "x"}


def test_every_failure_has_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(OpskitError) as caught:
        _parts(environment(tmp_path, database="SERVER=db;nonsense"))
    assert "braces" in caught.value.remedy
