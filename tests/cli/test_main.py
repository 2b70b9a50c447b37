# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Exit codes, error messages, the JSON envelope, and secrets that appear nowhere."""

import re
import shlex
import shutil
import subprocess
import traceback
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from opskit.errors import internal_error
from opskit.sandbox.faults import Fault
from tests.cli.conftest import (
    altered,
    assert_error_is_said,
    command,
    posix_only,
    run,
    run_both,
    secrets_of,
    surroundings,
)
from tests.conftest import Sandbox
from tests.scripted_server import (
    ODATA4,
    TOKEN,
    ScriptedServer,
    script_creatio,
    script_identity,
    text_reply,
    token,
)

CLIENT = "Data Mart Sync"
SET = ("lifetime", "set", CLIENT)
DEAD_PORT = ":1"  # nothing listens there
SQL = Path(__file__).parents[2] / "sql" / "postgresql"

# What was typed, the exit code, the error's stable name.
FAILING = {
    "unknown command": (["nonsense"], 2, "usage"),
    "unknown option": (["lifetime", "list", "--nope"], 2, "usage"),
    "missing argument": (["lifetime", "set"], 2, "usage"),
    "bad duration": ([*SET, "3x", "-e", "dev"], 2, "usage"),
    "config missing": (["lifetime", "list", "-c", "nowhere.toml"], 2, "config-missing"),
    "config wrong": (["lifetime", "list", "-c", "wrong.toml"], 2, "config"),
    "unknown environment": (["smoke", "-e", "nope"], 2, "unknown-environment"),
    "no environment": ([*SET, "30m"], 2, "environment-missing"),
    "policy": ([*SET, "3d", "-e", "dev"], 2, "policy"),
    "zero": ([*SET, "0", "-e", "dev"], 2, "lifetime-not-positive"),
    "negative": ([*SET, "-e", "dev", "--", "-5"], 2, "lifetime-not-positive"),
    "ambiguous client": (["lifetime", "set", "*", "30m", "-e", "dev"], 2, "client-ambiguous"),
    "unknown client": (["lifetime", "list", "Data Mart Stink"], 2, "client-not-found"),
    "client without secret": (["verify", "--client", "Nobody", "-e", "dev"], 2, "client-not-found"),
    "protected": ([*SET, "30m", "-e", "prod"], 2, "protected"),
    "negative wait": ([*SET, "30m", "-e", "dev", "--wait=-5"], 2, "usage"),
    "endless lock": ([*SET, "30m", "-e", "dev", "--lock-timeout", "99999999999"], 2, "usage"),
    "unexpected value": ([*SET, "30m", "-e", "dev", "--expect", "5m"], 4, "value-changed"),
}


@pytest.mark.parametrize(("arguments", "exit_code", "code"), FAILING.values(), ids=FAILING)
def test_every_error_names_its_remedy(
    untouched: Sandbox, tmp_path: Path, arguments: Sequence[str], exit_code: int, code: str
) -> None:
    (tmp_path / "wrong.toml").write_text("[environments.dev]\nprotectd = true\n")
    table, in_json = run_both(*arguments, config=untouched.config, cwd=tmp_path)
    assert table.code == exit_code
    assert_error_is_said(table)
    assert in_json.code == exit_code
    assert in_json.error_codes() == [code]
    assert in_json.json()["errors"][0]["remedy"]
    assert "error: " not in in_json.err
    assert "Traceback" not in in_json.err


@posix_only
@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize(
    ("streams", "code", "heard"),
    [
        ("<&-", 2, "is protected"),
        ("2>/dev/full", 2, ""),
        (">/dev/full", 2, ""),
        ("<&- >&- 2>&-", 2, ""),
    ],
)
def test_streams_that_are_closed_or_full(
    untouched: Sandbox, output: str, streams: str, code: int, heard: str
) -> None:
    if "/dev/full" in streams and not Path("/dev/full").is_char_device():
        pytest.skip("this system has no device that is always full")
    line = shlex.join(command(*SET, "30m", "-e", "prod", "-o", output))
    done = subprocess.run(
        ["sh", "-c", f"{line} {streams}"],
        capture_output=True,
        encoding="utf-8",
        env=surroundings(untouched.config),
        check=False,
    )
    assert done.returncode == code
    assert heard in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "opskit itself failed" not in done.stdout + done.stderr


@pytest.mark.parametrize("spelling", ["-ojson", "--output=json", "--output json", "-yo json"])
def test_every_spelling_asks_for_json(untouched: Sandbox, spelling: str) -> None:
    ran = run(*SET, "3x", "-e", "dev", *spelling.split(), config=untouched.config)
    assert ran.code == 2
    assert ran.json()["command"] == "lifetime set"


def test_help_and_version() -> None:
    assert "lifetime" in run("--help").out
    assert re.fullmatch(r"opskit \d+\.\d+\S*\n", run("--version").out)
    bare = run()
    assert (bare.code, bare.out) == (2, "")
    assert "Usage: opskit" in bare.err


def test_where_a_configuration_is_looked_for(untouched: Sandbox, tmp_path: Path) -> None:
    assert "opskit init" in run("lifetime", "list", cwd=tmp_path).err
    altered(untouched, tmp_path)
    below = tmp_path / "some" / "where"
    below.mkdir(parents=True)
    assert run("lifetime", "list", "-e", "dev", cwd=below).code == 0
    assert run("lifetime", "list", "-e", "dev", "-c", "../../opskit.toml", cwd=below).code == 0


def test_a_configuration_from_standard_input(untouched: Sandbox, tmp_path: Path) -> None:
    shutil.copytree(untouched.folder / "secrets", tmp_path / "secrets")
    text = untouched.config.read_text("utf-8")
    ran = run("lifetime", "list", "-e", "dev", "-o", "json", "-c", "-", stdin=text, cwd=tmp_path)
    assert ran.code == 0, ran.all
    (dev,) = ran.json()["data"]["environments"]
    assert len(dev["clients"]) == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "standard input: no environment is described."),
        ("[environments.dev", "standard input is not valid TOML: "),
        (
            "[environments.dev]\nwaves = 1",
            "standard input:\n  environments.dev: unknown key 'waves'",
        ),
        ("[environments.dev]", "There is no environment 'prod' in standard input."),
    ],
)
def test_a_wrong_configuration_from_standard_input(text: str, said: str) -> None:
    ran = run("lifetime", "list", "-e", "prod", "-c", "-", stdin=text)
    assert ran.code == 2
    assert_error_is_said(ran)
    assert said in ran.err


def test_traceback_on_request_only(tmp_path: Path) -> None:
    missing = ("lifetime", "list", "-c", str(tmp_path / "no.toml"))
    assert "Traceback" not in run(*missing).err
    shown = run("--traceback", *missing)
    assert shown.code == 2
    assert shown.out == ""
    assert "Traceback (most recent call last)" in shown.err
    assert "ConfigError" in shown.err
    assert "   do: " in shown.err


def test_the_traceback_of_one_environment_out_of_several(tmp_path: Path) -> None:
    address = 'database = "postgresql://opskit@127.0.0.1:9/identity"'
    (tmp_path / "opskit.toml").write_text(
        f"[environments.a]\n{address}\n[environments.b]\n{address}"
    )
    for ran in run_both("--traceback", "lifetime", "list", cwd=tmp_path):
        assert ran.code == 3
        assert ran.err.count("Traceback (most recent call last)") == 2
        assert ran.err.count("opskit.errors.UnreachableError") == 2
    assert "Traceback" not in run("lifetime", "list", cwd=tmp_path).err


def test_a_defect_shows_where_it_arose() -> None:
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as defect:
        error = internal_error(defect, "dev")
    shown = "".join(traceback.format_exception(error))
    assert "test_a_defect_shows_where_it_arose" in shown
    assert "ZeroDivisionError: division by zero" in shown


def test_a_failed_check(sandbox: Sandbox) -> None:
    sandbox.fault(Fault.LOGIN_REDIRECT)
    ran = run("smoke", "-e", "dev", config=sandbox.config)
    assert ran.code == 1
    assert "✗" in ran.out
    assert ran.err == ""


def test_a_dead_database(untouched: Sandbox, tmp_path: Path) -> None:
    url = str(untouched.environment().database)
    config = altered(untouched, tmp_path, (url, re.sub(r":\d+/", f"{DEAD_PORT}/", url)))
    ran = run("lifetime", "list", "-e", "dev", config=config)
    assert ran.code == 3
    assert_error_is_said(ran)


def test_a_dead_identity_service(untouched: Sandbox, tmp_path: Path) -> None:
    url = str(untouched.environment().identity)
    config = altered(untouched, tmp_path, (url, f"http://127.0.0.1{DEAD_PORT}"))
    ran = run("verify", "-e", "dev", config=config)
    assert ran.code == 3
    assert "why  " in ran.out
    assert "do   " in ran.out


def test_a_wrong_password(untouched: Sandbox, tmp_path: Path) -> None:
    config = altered(untouched, tmp_path, ("/dev-database", "/dev-billing-export"))
    ran = run("lifetime", "list", "-o", "json", config=config)
    assert ran.code == 3
    assert ran.error_codes() == ["login-refused"]
    assert [one["environment"] for one in ran.json()["data"]["environments"]] == ["test", "prod"]


def test_a_lock_that_somebody_holds(untouched: Sandbox) -> None:
    number = re.search(r"lock\((\d+)\)", (SQL / "lock_environment.sql").read_text("utf-8"))
    assert number is not None
    environment = untouched.environment()
    assert environment.database_password is not None
    password = environment.resolve(environment.database_password).reveal()
    before = untouched.lifetimes("dev")
    with psycopg.connect(str(environment.database), password=password) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [int(number[1])])
        change = (*SET, "30m", "-e", "dev", "--lock-timeout", "1s", "-o", "json")
        ran = run(*change, config=untouched.config)
    assert ran.code == 4
    assert ran.error_codes() == ["lock-held"]
    assert untouched.lifetimes("dev") == before


def test_the_worst_of_several_environments_decides(sandbox: Sandbox, tmp_path: Path) -> None:
    # dev: a failed check (1); test: nobody answers (3); prod: a secret is missing (2).
    sandbox.fault(Fault.LOGIN_REDIRECT)
    test = str(sandbox.environment("test").identity)
    config = altered(
        sandbox,
        tmp_path,
        (test, f"http://127.0.0.1{DEAD_PORT}"),
        ("/prod-data-mart-sync", "/nothing"),
    )
    assert run("smoke", "-e", "dev", "-e", "test", config=config).code == 3
    ran = run("smoke", "-o", "json", config=config)
    assert ran.code == 2
    assert ran.error_codes() == ["secret"]
    assert [one["environment"] for one in ran.json()["data"]["environments"]] == ["dev", "test"]


# Commands with the fault that is on in dev meanwhile; tables and JSON are tried of each.
SECRETIVE = {
    "list": (None, ["lifetime", "list"]),
    "set": (None, [*SET, "40m", "-e", "dev"]),
    "set, refused": (Fault.INVALID_SCOPE, [*SET, "50m", "-e", "dev"]),
    "verify": (Fault.WRONG_KEY, ["verify", "-e", "dev"]),
    "smoke": (None, ["smoke", "-e", "test"]),
    "smoke, refused": (Fault.UNAUTHORIZED, ["smoke", "-e", "dev"]),
    "smoke, a page": (Fault.HTML_GATEWAY, ["smoke", "-e", "dev"]),
    "doctor": (None, ["doctor", "-e", "dev"]),
}


def assert_no_secret(sandbox: Sandbox, text: str) -> None:
    assert not [secret for secret in secrets_of(sandbox) if secret in text]
    assert "eyJ" not in text  # how every JWT begins


@pytest.mark.parametrize(("fault", "arguments"), SECRETIVE.values(), ids=SECRETIVE)
def test_secrets_appear_nowhere(
    sandbox: Sandbox, fault: Fault | None, arguments: Sequence[str]
) -> None:
    if fault is not None:
        sandbox.fault(fault)
    for ran in run_both("--traceback", *arguments, config=sandbox.config):
        assert ran.all
        assert_no_secret(sandbox, ran.all)


@pytest.mark.parametrize("arguments", [["status"], ["fault", "--off", "-e", "dev"]])
def test_the_sandbox_keeps_its_secrets(untouched: Sandbox, arguments: Sequence[str]) -> None:
    for ran in run_both("sandbox", *arguments, "--dir", str(untouched.folder)):
        assert ran.code == 0
        assert_no_secret(untouched, ran.all)


@pytest.mark.parametrize("command", ["verify", "doctor"])
def test_a_refused_password_is_not_told(untouched: Sandbox, tmp_path: Path, command: str) -> None:
    config = altered(untouched, tmp_path, ("/dev-database", "/dev-billing-export"))
    for ran in run_both("--traceback", command, "-e", "dev", config=config):
        assert ran.code == 3
        assert_no_secret(untouched, ran.all)


MISPLACED = """
[environments.one]
database = "a-misplaced-secret"
[environments.two]
database = "postgresql://opskit:a-misplaced-secret@db.example.com/identity"
[environments.three]
database_password = "a-misplaced-secret"
[environments.four]
identity = "https://opskit:a-misplaced-secret@is.example.com"
[[environments.five.clients]]
id = "0123"
secret = "a-misplaced-secret"
[environments.six]
database = "postgresql://opskit@db.example.com/identity?password=a-misplaced-secret"
"""


def test_secrets_in_the_wrong_place_are_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "opskit.toml").write_text(MISPLACED)
    for ran in run_both("--traceback", "lifetime", "list", cwd=tmp_path):
        assert ran.code == 2
        for name in ("one", "two", "three", "four", "five", "six"):
            assert f"environments.{name}" in ran.all
        assert "misplaced" not in ran.all


@pytest.mark.parametrize("command", ["verify", "smoke"])
def test_what_a_server_echoes_is_not_repeated(tmp_path: Path, command: str) -> None:
    """A careless server may repeat the client's secret and its own token in any field."""
    secret = "a-secret-that-is-echoed"
    (tmp_path / "secret").write_text(secret)
    with ScriptedServer() as server:
        script_identity(server)
        script_creatio(server)
        server.script("POST", TOKEN, lambda _: token(scope=secret, token_type=secret))
        server.script("GET", ODATA4, lambda got: text_reply(f"no {got.authorization}", 500))
        (tmp_path / "opskit.toml").write_text(
            f'[environments.dev]\nidentity = "{server.url}"\ncreatio = "{server.url}"\n'
            '[[environments.dev.clients]]\nid = "0123"\nsecret = { file = "secret" }\n'
        )
        for ran in run_both(command, cwd=tmp_path):
            assert ran.code == 1
            assert secret not in ran.all
            assert "eyJ" not in ran.all
