# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The modules against the sandbox: what they return is what they document, and no secret."""

import json
import stat
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from opskit.sandbox.faults import Fault
from tests.ansible.conftest import ANSIBLE_KEYS, MODULES, OPSKIT, Collection
from tests.cli.conftest import secrets_of
from tests.conftest import Database, Sandbox
from tests.test_operator_role import drop_role

CLIENT = "Data Mart Sync"
NAMED = {"client": CLIENT, "lifetime": "30m"}
ALWAYS = ("always", "when the database could be asked", "when the checks could be made")
TYPES: Mapping[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "bool": bool,
    "list": list,
    "dict": dict,
}


def task(module: str, options: Mapping[str, Any] | None = None, **keywords: Any) -> dict[str, Any]:
    """A task as it stands in a playbook: a module with its options, and keywords of the task."""
    return {f"opskit.creatio.{module}": options or {}, **keywords}


def inline(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """The options that describe an environment of the sandbox without its opskit.toml."""
    table = tomllib.loads(sandbox.config.read_text("utf-8"))["environments"][name]

    def secret(reference: Mapping[str, str]) -> str:
        return (sandbox.folder / reference["file"]).read_text("utf-8")

    table["database_password"] = secret(table["database_password"])
    table["clients"] = [{**one, "secret": secret(one["secret"])} for one in table["clients"]]
    del table["wave"]
    return {**table, "environment": name}


def compare(result: Mapping[str, Any], documented: Mapping[str, Any], where: str = "") -> None:
    """Each value is documented, and is of the documented type or null where the text says so."""
    for name, value in result.items():
        field = documented[name]
        if value is None:
            assert "Null" in str(field["description"]), f"{where}{name} is null"
            continue
        assert isinstance(value, TYPES[field["type"]]), f"{where}{name} is {value!r}"
        if not field.get("contains"):
            continue
        entries: Sequence[Any] = value if field["type"] == "list" else [value]  # type: ignore[assignment]
        for entry in entries:
            assert set(entry) == set(field["contains"]), f"{where}{name}"
            compare(entry, field["contains"], f"{where}{name}.")


def own(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name not in ANSIBLE_KEYS}


def assert_documented(module: str, result: Mapping[str, Any], fields: Any, *when: str) -> None:
    """The result holds exactly what is said to be returned then, and of the types said."""
    expected = {name for name, field in fields.items() if field["returned"] in when}
    assert set(own(result)) == expected, module
    compare(own(result), fields)


def test_what_is_returned_is_documented(
    collection: Collection, sandbox: Sandbox, documentation: Any
) -> None:
    options = {
        "client_lifetime": NAMED,
        "revert": {"change_set": "{{ result_1.change_set }}"},
    }
    assert MODULES[1] == "client_lifetime"
    # That one wants a DBA's login, which nobody has in the sandbox.
    modules = [module for module in MODULES if module != "operator_role"]
    played = collection.play(
        *(task(module, options.get(module)) for module in modules),
        config=str(sandbox.config),
        environment="dev",
    )
    for module, result in zip(modules, played.results, strict=True):
        assert not result["failed"], result
        assert_documented(module, result, documentation[module]["return"], *ALWAYS, "success")


def test_what_a_failure_returns_is_documented(
    collection: Collection, sandbox: Sandbox, documentation: Any
) -> None:
    sandbox.fault(Fault.WRONG_KEY)
    sandbox.fault(Fault.LOGIN_REDIRECT)
    sandbox.fault(Fault.CACHE, "test")
    cached = {"environment": "test"}
    tasks = [
        task("identity_verify", cached),  # for the cache to know the client
        task("identity_verify"),
        task("data_path_smoke"),
        task("client_lifetime", {**NAMED, **cached}),
        task("revert", {"change_set": "{{ result_3.change_set }}", "reason": "no", **cached}),
        task("client_lifetime", {**NAMED, "expect": "2h"}),
    ]
    played = collection.play(*tasks, config=str(sandbox.config), environment="dev")
    before, *failed, undone, unexpected = played.results
    assert not before["failed"]
    for module, result in zip(
        ("identity_verify", "data_path_smoke", "client_lifetime"), failed, strict=True
    ):
        assert result["failed"]
        assert result["code"] == "check-failed"
        assert result["msg"].count("  do: ") == 1
        assert result["errors"] == []
        when = (*ALWAYS, "failure", "when a check failed")
        assert_documented(module, result, documentation[module]["return"], *when)

    # The cache still has the lifetime that is put back.
    assert (undone["failed"], undone["verification"]) == (False, "proved")
    assert unexpected["code"] == "value-changed"
    assert unexpected["document"]["errors"]

    # What was committed has changed, whatever a cache still says.
    hidden = failed[-1]
    assert hidden["changed"]
    assert (hidden["old"], hidden["new"], hidden["verification"]) == (3600, 1800, "failed")
    assert hidden["failed_checks"] == ["lifetime.fresh_token"]
    assert hidden["change_set"]


def test_samples_are_of_their_types(documentation: Any) -> None:
    for module in MODULES:
        for name, field in documentation[module]["return"].items():
            if "sample" in field:
                compare({name: field["sample"]}, {name: {**field, "contains": None}})


def test_an_environment_without_any_file(collection: Collection, sandbox: Sandbox) -> None:
    before = sorted(collection.folder.rglob("*"))
    played = collection.play(
        task("client_info", {"client": CLIENT}),
        task("client_lifetime", {**NAMED, "reason": "--yes $HOME ~ “quoted”"}, diff=True),
        task("client_lifetime", NAMED, diff=True),
        task("identity_verify", {"client": "Billing Export"}),
        task("data_path_smoke", {"smoke": {"skip": ["odata3"]}}),
        task("journal"),
        task("client_info", {"insecure": True, "policy": {"max_lifetime": "10m"}}),
        arguments=["-vvvv"],
        **inline(sandbox, "dev"),
    )
    assert played.code == 0, played.text
    info, changed, again, verified, smoke, journal, strict = played.results
    assert info["clients"][0]["lifetime"] == 3600
    assert (changed["changed"], changed["old"], changed["new"]) == (True, 3600, 1800)
    assert changed["verification"] == "proved"
    assert (again["changed"], again["verification"]) == (False, "proved")
    assert verified["failed_checks"] == []
    statuses = {check["id"]: check["status"] for check in smoke["checks"]}
    assert (statuses["odata3"], statuses["odata4"]) == ("skipped", "pass")
    assert journal["before"] == journal["after"]
    assert not any(client["within_policy"] for client in strict["clients"])
    assert "TLS certificates of dev are not verified" in played.text

    left = [path for path in collection.folder.rglob("*") if path not in before and path.is_file()]
    said = played.text + json.dumps(played.results)
    for secret in secrets_of(sandbox):
        assert secret not in said
        for path in left:
            assert secret.encode() not in path.read_bytes()


def test_no_secret_is_an_argument(collection: Collection, sandbox: Sandbox, tmp_path: Path) -> None:
    spy = tmp_path / "opskit"
    spy.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo opskit 99.0.0 && exit\n'
        f'echo "$@" > {tmp_path}/arguments\nexport -p > {tmp_path}/variables\n'
        f"cat > {tmp_path}/input\n"
    )
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    options = inline(sandbox, "dev")
    played = collection.play(task("client_lifetime", NAMED), **options | {"opskit_path": str(spy)})
    assert played.results[0]["code"] == "internal"
    secrets = [options["database_password"], *(one["secret"] for one in options["clients"])]
    variables = (tmp_path / "variables").read_text("utf-8")
    plain = (tmp_path / "arguments").read_text("utf-8") + (tmp_path / "input").read_text("utf-8")
    for secret in secrets:
        assert secret in variables
        assert secret not in plain


def test_an_opskit_that_is_not_the_right_one(collection: Collection, tmp_path: Path) -> None:
    programs = {
        "There is no program ": None,
        "is opskit 0.0.9, and 0.1.0 or newer is needed.": "#!/bin/sh\necho opskit 0.0.9",
        "is not the opskit that is meant.": "#!/bin/sh\necho 'usage: opskit [deploy]'",
        "opskit3 is not the opskit that is meant.": "#!/bin/sh\nexit 1",
        "opskit4 cannot be started: No such file or directory. ": "#!/nowhere/bin/python3",
        "opskit5 cannot be started: Exec format error. ": "no first line with a program",
    }
    tasks = []
    for number, program in enumerate(programs.values()):
        path = tmp_path / f"opskit{number}"
        if program:
            path.write_text(f"{program}\n")
            path.chmod(0o700)
        tasks.append(task("client_info", {"opskit_path": str(path)}))
    played = collection.play(*tasks, config="opskit.toml", environment="dev")
    for said, result in zip(programs, played.results, strict=True):
        assert result["code"] == "opskit-missing"
        assert said in result["msg"]
        assert "pipx install creatio-opskit" in result["msg"]


def test_the_journal_of_a_database_of_its_own(collection: Collection, database: Database) -> None:
    database.add_client("A" * 32, "Grüße aus $HOME", 3600)
    url = database.environment().database
    named = {"client": "Grüße*", "lifetime": 1800, "verify": False}
    played = collection.play(
        task("client_lifetime", named),
        task("journal", check_mode=True),
        task("journal", diff=True),
        task("journal"),
        task("client_lifetime", named),
        task("journal", {"state": "absent", "confirm_removal": True}),
        task("journal", {"state": "absent", "confirm_removal": True}),
        environment="own",
        database=url,
        database_password=database.server.password,
    )
    refused, predicted, made, again, changed, removed, gone = played.results
    assert refused["code"] == "journal-missing"
    assert "journal: false" in refused["msg"]
    assert (predicted["changed"], predicted["before"]) == (True, None)
    assert (made["changed"], made["before"], made["after"]) == (True, None, predicted["after"])
    assert made["diff"]["after"] == {"revision": made["after"]}
    assert not again["changed"]
    assert (changed["changed"], changed["changes"][0]["name"]) == (True, "Grüße aus $HOME")
    assert (removed["changed"], removed["removed"], removed["after"]) == (True, 1, None)
    assert not gone["changed"]


def test_the_role_of_a_database_of_its_own(
    collection: Collection, database: Database, documentation: Any
) -> None:
    drop_role(database)
    described: dict[str, Any] = {
        "environment": "own",
        "database": database.environment().database,
        "database_password": database.server.password,
        "protected": True,
    }
    confirmed = {"confirm_protected": True}
    given = {"logins": ["postgres"], "diagnosis": True, **confirmed}
    played = collection.play(
        task("operator_role", confirmed),
        task("journal", confirmed),
        task("operator_role"),
        task("operator_role", check_mode=True, diff=True),
        task("operator_role", confirmed),
        task("operator_role"),
        task("operator_role", given, diff=True),
        task("operator_role", {"logins": ["nobody at all"], **confirmed}),
        **described,
    )
    drop_role(database)
    missing, journal, refused, predicted, made, again, given_away, nobody = played.results
    assert missing["code"] == "journal-missing"
    assert journal["changed"]
    assert (refused["code"], refused["changed"]) == ("protected", False)
    assert "confirm_protected: true" in refused["msg"]
    assert predicted["changed"]
    assert "the role opskit_operator" in predicted["gained"]
    assert predicted["diff"]["after"] == {"gained": predicted["gained"]}
    assert (made["changed"], made["gained"]) == (True, predicted["gained"])
    assert (again["changed"], again["gained"]) == (False, [])
    assert "the role for postgres" in given_away["gained"]
    assert any("ClientSecrets" in line for line in given_away["gained"])
    assert nobody["code"] == "login-unknown"
    fields = documentation["operator_role"]["return"]
    assert_documented("operator_role", made, fields, *ALWAYS, "success")
    assert database.server.password not in played.text


REFUSED: Sequence[tuple[Mapping[str, Any], str | None, str]] = [
    ({"lifetime": "3d"}, "policy", "override_policy: true"),
    ({"client": "*"}, "client-ambiguous", "all_matches: true"),
    ({"lifetime": "3x"}, "usage", "is not a duration"),
    ({"lifetime": "-5"}, "lifetime-not-positive", "invalid_client"),
    ({"environment": "d*"}, "usage", "not a pattern"),
    ({"environment": "prod"}, "protected", "confirm_protected: true"),
    ({"config": "/nowhere.toml"}, "config-missing", "/nowhere.toml"),
    ({"database": "mssql://db/x"}, None, "mutually exclusive"),
]


def test_refusals(collection: Collection, untouched: Sandbox) -> None:
    played = collection.play(
        *(task("client_lifetime", {**NAMED, **options}) for options, _, _ in REFUSED),
        config=str(untouched.config),
        environment="dev",
    )
    for (_, code, said), result in zip(REFUSED, played.results, strict=True):
        assert result["failed"]
        assert not result.get("changed")
        assert result.get("code") == code
        assert said in result["msg"]


def test_what_an_error_returns_is_documented(
    collection: Collection, untouched: Sandbox, documentation: Any
) -> None:
    options = {"client_lifetime": NAMED, "revert": {"change_set": "2026"}}
    played = collection.play(
        *(task(module, options.get(module)) for module in MODULES),
        config=str(untouched.config),
        environment="nowhere",
    )
    when = ("always", "failure", "failure other than of a check")
    for module, result in zip(MODULES, played.results, strict=True):
        assert result["code"] == "unknown-environment"
        assert_documented(module, result, documentation[module]["return"], *when)


def test_what_explains_several_checks_is_said_once(
    collection: Collection, sandbox: Sandbox
) -> None:
    sandbox.fault(Fault.LOGIN_REDIRECT)
    played = collection.play(task("data_path_smoke"), config=str(sandbox.config), environment="dev")
    (result,) = played.results
    first, seen, why, do = result["msg"].splitlines()
    assert first == "dev: 4 of 8 checks failed."
    assert seen.startswith("odata4, odata3, dataservice, webservice: 302 to the login page")
    assert why.startswith("  why: ")
    assert do == f"  do: {result['remedy']}"
    assert "document" not in result


DATABASE = "database is not set, and this command needs it.\nAdd the option database."
# What is wrong where the options describe the environment, and what is said then.
MISTAKEN: Sequence[tuple[str, Mapping[str, Any], str, str]] = [
    ("client_lifetime", NAMED, "config", DATABASE),
    ("data_path_smoke", {}, "config", "Add clients with id and secret."),
    ("data_path_smoke", {"client": "Nobody"}, "client-not-found", "under clients in the task."),
    ("client_info", {"timeout": "3x"}, "config", "timeout: "),
    ("client_info", {"timeout": "3x"}, "config", "Correct these options."),
    ("client_lifetime", {**NAMED, "wait": "3x"}, "usage", "ansible-doc opskit.creatio.client_l"),
]


def test_mistakes_are_told_in_the_words_of_the_modules(collection: Collection) -> None:
    played = collection.play(
        *(task(module, options) for module, options, _, _ in MISTAKEN),
        task("client_info", {"config": "/nowhere.toml", "identity": "{{ omit }}"}),
        environment="dev",
        identity="http://127.0.0.1:9",
    )
    *mistaken, missing = played.results
    for (module, _, code, said), result in zip(MISTAKEN, mistaken, strict=True):
        assert result["code"] == code, result["msg"]
        assert said in result["msg"], module
        assert said.splitlines()[-1] in json.dumps(result["errors"], ensure_ascii=False)
        for foreign in ("opskit.toml", "standard input", "environments.dev", "--"):
            assert foreign not in result["msg"]
    assert missing["remedy"] == "Check config."


def test_findings_are_told_in_the_words_of_the_modules(
    collection: Collection, sandbox: Sandbox
) -> None:
    sandbox.fault(Fault.SECRET_WRONG)
    played = collection.play(task("identity_verify"), **inline(sandbox, "dev"))
    (result,) = played.results
    assert result["code"] == "check-failed"
    for said in (result["msg"], result["remedy"]):
        assert "then correct what the task refers to" in said
        assert "opskit.toml" not in said


def test_an_undo_is_journalled(collection: Collection, sandbox: Sandbox) -> None:
    applied = subprocess.run(
        [OPSKIT, "apply", "--config", sandbox.config, "-e", "test", "--output=json"],
        capture_output=True,
        check=True,
    )
    plan = json.loads(applied.stdout)["data"]["plan_hash"]
    change_set = "{{ result_0.change_set }}"
    played = collection.play(
        task("client_lifetime", NAMED),
        task("revert", {"change_set": change_set, "reason": "why not"}, check_mode=True, diff=True),
        task("revert", {"change_set": change_set, "reason": "why not"}, diff=True),
        task("revert", {"change_set": change_set}),
        task("revert", {"change_set": change_set}, check_mode=True),
        task("client_lifetime", {**NAMED, "lifetime": "2h"}),
        task("revert", {"change_set": change_set}),
        task("revert", {"change_set": change_set, "force": True}),
        task("revert", {"plan": plan[:12], "environment": "test"}),
        task("revert", {"plan": plan, "environment": "test"}),
        task("revert", {"change_set": "19"}),
        task("revert", {"change_set": "2", "plan": "3"}),
        task("revert"),
        config=str(sandbox.config),
        environment="dev",
    )
    changed, predicted, undone, again, predicted_again, *played_on = played.results
    assert predicted["changed"]
    assert (predicted["outcome"], predicted["change_set"]) == ("dry-run", None)
    assert predicted["diff"] == undone["diff"]
    assert predicted["changes"] == undone["changes"]
    assert undone["changed"]
    assert undone["diff"]["after"]["clients"][0]["lifetime"] == 3600
    assert (undone["reverts"], undone["verification"]) == (changed["change_set"], "proved")
    for nothing in (again, predicted_again):
        assert not nothing["failed"], nothing
        assert not nothing["changed"]
        assert (nothing["outcome"], nothing["change_set"]) == ("unchanged", None)
        assert [(one["old"], one["new"]) for one in nothing["changes"]] == [(3600, 3600)]

    _, conflict, forced, by_plan, by_plan_again, unknown, both, neither = played_on
    assert (conflict["failed"], conflict["code"]) == (True, "value-changed")
    assert "force: true" in conflict["msg"]
    assert (forced["changed"], forced["changes"][0]["new"]) == (True, 3600)
    assert (by_plan["changed"], by_plan_again["changed"]) == (True, False)
    assert by_plan_again["outcome"] == "unchanged"
    assert [one["client_id"] for one in by_plan_again["changes"]] == [
        one["client_id"] for one in by_plan["changes"]
    ]
    assert unknown["code"] == "change-set-unknown"
    assert "mutually exclusive" in both["msg"]
    assert "one of the following is required" in neither["msg"]

    undo = undone["change_set"]
    seen = subprocess.run(
        [OPSKIT, "history", "--config", sandbox.config, "-e", "dev", "--output=json", undo],
        capture_output=True,
        check=True,
    )
    (entry,) = json.loads(seen.stdout)["data"]["entries"]
    assert (entry["reverts"], entry["reason"]) == (changed["change_set"], "why not")


def test_checks_wait_for_what_may_heal(collection: Collection, sandbox: Sandbox) -> None:
    sandbox.fault(Fault.UNAVAILABLE)
    sandbox.fault(Fault.LOGIN_REDIRECT, "test")
    sandbox.fault(Fault.SLOW, "prod", seconds=5)
    played = collection.play(
        task("data_path_smoke", {"environment": "dev", "wait": "5s"}),
        task("data_path_smoke", {"environment": "test", "wait": "5m"}),
        task("data_path_smoke", {"environment": "prod", "time_limit": "2s"}),
        task("identity_verify", {"environment": "dev", "wait": "5m", "time_limit": "5m"}),
        config=str(sandbox.config),
    )
    warming, hopeless, late, fine = played.results
    assert warming["attempts"] > 1
    assert "5s are over" in warming["msg"].splitlines()[0]
    assert hopeless["attempts"] == 1
    assert "waiting cannot mend odata4" in hopeless["msg"].splitlines()[0]
    assert (late["failed"], late["code"]) == (True, "time-limit")
    assert (fine["failed"], fine["attempts"], fine["gave_up"]) == (False, 1, None)
    # What the command says meanwhile is no warning, and disturbs no result.
    assert not [result for result in played.results if result.get("warnings")]
