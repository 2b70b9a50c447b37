# Copyright 2026 The opskit authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What archives, settings and runtimes of the Identity Service are taken for."""

from __future__ import annotations

import json
import zipfile

import pytest
from ansible_collections.opskit.creatio.plugins.plugin_utils._identity_service import (
    Unusable,
    merge,
    missing_runtimes,
    parse_settings,
    read_archive,
)

ASPNET = "Microsoft.AspNetCore.App"


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "x"}',
        '\ufeff{"a": "x"}',
        '// first\n{"a": /* why */ "x", // last\n}',
        '{"a": "x",\r\n /* , } */ }',
    ],
)
def test_settings_are_read_as_dotnet_does(text):
    assert parse_settings(text) == {"a": "x"}


def test_strings_are_left_alone():
    value = {"url": "http://a//b", "text": 'a "quoted", /* no */ comment\\', "list": "[1,]"}
    assert parse_settings(json.dumps(value)) == value


@pytest.mark.parametrize("text", ["", "[]", '{"Password": hunter2}', "{'a': 1}"])
def test_settings_that_are_none_are_not_quoted(text):
    with pytest.raises(Unusable, match="Creatio's installation files") as raised:
        parse_settings(text)
    assert "hunter2" not in str(raised.value)


def test_keys_are_alike_whatever_their_case():
    shipped = {"dbProvider": "a", "Logging": {"Level": {"Default": "x", "Other": "y"}}, "L": [1]}
    wanted = {"DbProvider": "b", "logging": {"level": {"default": "z"}}, "L": [2], "New": 1}
    assert merge(shipped, wanted) == {
        "dbProvider": "b",
        "Logging": {"Level": {"Default": "z", "Other": "y"}},
        "L": [2],
        "New": 1,
    }
    assert shipped["Logging"]["Level"]["Default"] == "x"


@pytest.mark.parametrize(
    ("required", "forward", "installed", "found"),
    [
        ("8.0.0", "Minor", "8.0.11", True),
        ("8.0.0", "Minor", "8.1.0", True),
        ("8.0.5", "Minor", "8.0.3", False),
        ("6.0.0", "Minor", "8.0.11", False),
        ("8.0.0", "Minor", "6.0.36", False),
        ("6.0.0", "Major", "8.0.11", True),
        ("8.0.0", "LatestPatch", "8.1.0", False),
        ("8.0.5", "Disable", "8.0.6", False),
        ("2.2.0", "Minor", "2.2.8", True),
        ("8.0", "Minor", "8.0.0", True),
    ],
)
def test_which_runtime_will_do(required, forward, installed, found):
    need = {"name": ASPNET, "version": required, "roll_forward": forward}
    listed = [
        f"Microsoft.NETCore.App {required} [/usr/share/dotnet]",
        f"{ASPNET} {installed} [/x y]",
    ]
    assert missing_runtimes([need], listed) == ([] if found else [need])


def test_nothing_is_installed():
    assert missing_runtimes([{"name": ASPNET, "version": "8.0.0"}], [])


def pack(path, **files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return str(path)


def test_an_archive_with_a_folder_of_its_own(tmp_path):
    runtime = {"runtimeOptions": {"framework": {"name": ASPNET, "version": "6.0.0"}}}
    files = {
        "Identity/tools/Service.dll": "",
        "Identity/Service.dll": "",
        "Identity/Service.runtimeconfig.json": json.dumps(runtime),
        "Identity/appsettings.json": "{}",
    }
    read = read_archive(pack(tmp_path / "a.zip", **files), "Service.dll")
    assert (read["root"], read["settings"], len(read["sha256"])) == ("Identity", {}, 64)
    assert read["runtimes"] == [{"name": ASPNET, "version": "6.0.0", "roll_forward": "Minor"}]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"appsettings.json": "{}"}, "holds no Service.dll"),
        ({"Service.dll": ""}, "holds no appsettings.json"),
        ({"Service.dll": "", "appsettings.json": b"\xff\xfe{\x00}\x00"}, "is not UTF-8"),
        ({"Service.dll": "", "appsettings.json": "{"}, "is not JSON"),
        ({"Service.dll": "", "../evil": ""}, "pack it anew"),
        ({"Service.dll": "", "a\\b": ""}, "pack it anew"),
    ],
)
def test_archives_that_are_none(tmp_path, files, said):
    with pytest.raises(Unusable, match=said):
        read_archive(pack(tmp_path / "a.zip", **files), "Service.dll")


def test_what_is_no_zip_file(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK no")
    with pytest.raises(Unusable, match="cannot be read as a zip file"):
        read_archive(str(tmp_path / "a.zip"), "Service.dll")
