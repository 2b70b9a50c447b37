# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The table format: every kind of data, names shown as they are, nothing said twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
import pytest

from opskit.checks import failed, from_error, passed, skipped
from opskit.cli import cli
from opskit.errors import UnreachableError
from opskit.explain import explain, finding
from opskit.formats import FormatChoice
from opskit.models import (
    Applied,
    Change,
    ChangeSet,
    ChangeSets,
    Check,
    Client,
    DbaScript,
    EnvironmentClients,
    EnvironmentPlan,
    EnvironmentReport,
    ExportedScript,
    ExportedScripts,
    History,
    JournalEntry,
    JournalMigration,
    JournalMigrations,
    JournalRevision,
    JournalRevisions,
    JournalState,
    JournalStates,
    JournalStatus,
    Lifetimes,
    OperatorRole,
    OperatorRoles,
    Outcome,
    Plan,
    PostmanExport,
    PostmanFiles,
    Report,
    Verification,
    Written,
)
from opskit.results import Result
from opskit.sandbox.faults import DESCRIPTIONS
from opskit.sandbox.lifecycle import SandboxEnvironment, SandboxStatus

ODD_NAMES = [
    "[bold]x[/bold]",
    "[/]",
    "[link=https://example.com]x[/link]",
    ":smile:",
    "Überweisung №1",
    "日本語の名前",
    "Ελληνικά",
]


def lifetimes(name: str, *environments: str) -> Lifetimes:
    return Lifetimes(
        [
            EnvironmentClients(environment, [Client("0123", name, 3600, True)], [])
            for environment in environments
        ],
        [],
    )


def change_sets(name: str, outcome: Outcome = Outcome.CHANGED) -> ChangeSets:
    return ChangeSets([ChangeSet("dev", outcome, [Change("0123", name, 3600, 1800)])])


def report(*checks: Check) -> Report:
    return Report([EnvironmentReport("dev", checks)])


def status(*, running: bool = True, name: str = "dev") -> SandboxStatus:
    one = SandboxEnvironment(name, "http://is", "http://creatio", "net", "postgresql://", ("slow",))
    return SandboxStatus("folder", "folder/opskit.toml", running, (one,) if running else ())


REPORT = report(passed("token.post", "obtained"), failed("odata4", finding("login-redirect")))
STEPS = (None, "0001", "0002")
ENTRY = JournalEntry(
    change_set="20260131-235959-0123abcd",
    changed_at=datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC),
    environment="dev",
    client_id="0123",
    client_name=None,
    old=3600,
    new=1800,
    actor="ada",
    login="opskit",
    reason="because",
    tool_version="1",
    plan_hash="abc",
    reverts="20260131-000000-0123abcd",
    verification=Verification.PENDING,
)

DATA: dict[str, list[Any]] = {
    "demo": [lifetimes("x", "dev", "test", "prod"), change_sets("x"), REPORT],
    "init": [Written("opskit.toml")],
    "doctor": [REPORT],
    "lifetime list": [Lifetimes([], []), lifetimes("x", "dev"), lifetimes("x", "dev", "test")],
    "lifetime set": [ChangeSets([]), *(change_sets("x", outcome) for outcome in Outcome)],
    "plan": [Plan([], "hash"), Plan([EnvironmentPlan("dev", 1, [Change("0", "x", 60, 30)])], "h")],
    "export sql": [
        ExportedScripts([ExportedScript("dev", 0), ExportedScript("prod", 2, "prod.sql", "id")])
    ],
    "export postman": [
        PostmanExport([PostmanFiles("dev", "opskit.json", "dev.json")]),
    ],
    "apply": [Applied("h", [], not_started=["dev"]), Applied("h", change_sets("x").change_sets)],
    "history": [History([ENTRY]), History([])],
    "revert": [change_sets("x")],
    "explain": [explain(), explain("web-page")],
    "verify": [REPORT],
    "smoke": [Report([])],
    "db upgrade": [
        JournalMigrations([]),
        JournalMigrations([JournalMigration("dev", b, a, 3) for b in STEPS for a in STEPS]),
        DbaScript("mssql", "SELECT 1;\nGO\n"),
    ],
    "db downgrade": [JournalMigrations([JournalMigration("dev", "0001", None, 1)])],
    "db current": [
        JournalStates([]),
        JournalStates([JournalState("dev", one, "0001", "0001") for one in JournalStatus]),
    ],
    "db role": [
        OperatorRoles([]),
        OperatorRoles([OperatorRole("dev", one, ["SELECT on x"]) for one in Outcome]),
        DbaScript("postgresql", "SELECT 1;\n"),
    ],
    "db history": [JournalRevisions([JournalRevision("0001", "The journal")])],
    "sandbox up": [status()],
    "sandbox down": [status(running=False)],
    "sandbox status": [status(), status(running=False)],
    "sandbox fault": [status(), DESCRIPTIONS],
}
CASES = [pytest.param(name, data, id=name) for name, several in DATA.items() for data in several]


def commands(group: click.Group, *names: str) -> Iterator[str]:
    """Name every command that is no group itself."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield " ".join([*names, name])


def table(data: object) -> str:
    return FormatChoice.TABLE.to_format().render(Result("any", data))


def test_the_data_of_every_command_is_known() -> None:
    assert set(commands(cli)) == set(DATA)


@pytest.mark.parametrize(("name", "data"), CASES)
@pytest.mark.parametrize("choice", FormatChoice)
def test_every_format_shows_the_data_of_every_command(
    choice: FormatChoice, name: str, data: object
) -> None:
    text = choice.to_format().render(Result(name, data))
    empty = (
        Lifetimes([], []),
        ChangeSets([]),
        Report([]),
        JournalMigrations([]),
        JournalStates([]),
        OperatorRoles([]),
        Plan([], "hash"),
    )
    is_empty = data in empty
    assert bool(text) is not (is_empty and choice is FormatChoice.TABLE)
    assert all(line == line.rstrip() for line in text.split("\n"))


def test_a_command_that_failed_before_it_had_data_shows_none() -> None:
    assert table(None) == ""


def test_unknown_data_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="no table for object"):
        table(object())


@pytest.mark.parametrize("name", ODD_NAMES)
def test_names_are_shown_as_they_are(name: str) -> None:
    for data in (
        lifetimes(name, "dev"),
        lifetimes(name, "dev", "test"),
        lifetimes("x", name, "test"),
        lifetimes("x", name),
        Lifetimes(lifetimes(name, "dev", "test").environments, [name]),
        change_sets(name),
        report(passed(name, "any")),
        report(failed("any", finding("web-page", name))),
        Report([EnvironmentReport(name, [])]),
        status(name=name),
        {name: "what it does"},
        {"name": name},
        Written(name),
    ):
        assert name in table(data), data


def test_wide_characters_keep_the_columns() -> None:
    clients = [Client("0123", "日本語", 3600, True), Client("4567", "plain", 3600, True)]
    lines = table(Lifetimes([EnvironmentClients("dev", clients, [])], [])).splitlines()
    wide = next(line for line in lines if "日本語" in line)
    plain = next(line for line in lines if "plain" in line)
    assert wide.index("0123") + len("日本語") == plain.index("4567")  # each takes two cells


def test_a_client_without_a_name() -> None:
    clients = [Client("0123", None, 3600, None)]
    one = EnvironmentClients("dev", clients, [])
    assert "–" in table(Lifetimes([one], []))
    both = table(Lifetimes([one, EnvironmentClients("test", clients, [])], []))
    assert both.splitlines()[2].startswith("0123 ")


@pytest.mark.parametrize("length", [32, 200])
def test_an_id_is_whole_unless_it_would_leave_the_others_no_room(length: int) -> None:
    other = "0" * length
    changes = [Change("A1", "Data Mart Sync", 3600, 1800), Change(other, "Odd One", 7200, 1200)]
    for data in (
        ChangeSets([ChangeSet("dev", Outcome.CHANGED, changes)]),
        Plan([EnvironmentPlan("dev", 1, changes)], "abc"),
        lifetimes("Data Mart Sync", "dev"),
        Lifetimes([EnvironmentClients("dev", [Client(other, "Odd One", 7200, True)], [])], []),
    ):
        text = table(data)
        assert "Data Mart Sync" in text or "Odd One" in text
        assert "(1h)" in text or "(2h)" in text
        assert (other in text) is (length == 32 and "Odd One" in text)


@pytest.mark.parametrize(("width", "lines"), [(80, 3), (110, 3), (200, 3)])
def test_history_keeps_ids_and_lifetimes_whole_at_any_width(
    width: int, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opskit.formats.table._PIPE_WIDTH", width)
    entries = [
        replace(ENTRY, client_name="Data Mart Sync", reverts=None),
        replace(ENTRY, client_name="Legacy Reporting", old=604800, new=14400, reverts=None),
    ]
    text = table(History(entries))
    assert ENTRY.change_set in text
    assert "2026-01-31 23:59:59" in text
    for words in ("Data Mart Sync", "604800 s (7d)", "14400 s (4h)", "ada", "dev", "because"):
        assert words in text
    assert len(text.splitlines()) == lines + 1


def test_a_long_reason_folds_and_leaves_history_a_table() -> None:
    text = table(History([replace(ENTRY, client_name="Data Mart Sync", reason="word " * 100)]))
    assert text.startswith("when (UTC)")
    assert len(text.splitlines()) > 3


def test_clients_of_one_name_share_a_row() -> None:
    clients = [Client("1", "Twin", 3600, True), Client("2", "Twin", 1800, False)]
    both = [EnvironmentClients("dev", clients, []), EnvironmentClients("test", [], [])]
    text = table(Lifetimes(both, ["Twin"]))
    assert text.count("Twin") == 2  # the row, and the note below
    assert "3600 (1h)" in text
    assert "1800 (30m) disabled" in text


def refused(check_id: str) -> Check:
    return failed(check_id, finding("login-redirect", f"302 for {check_id}"))


CAUSE = finding("login-redirect").cause


def test_neighbours_that_fail_alike_are_explained_once() -> None:
    text = table(report(refused("odata4"), refused("odata3"), refused("webservice")))
    assert text.count(CAUSE) == 1
    lines = text.splitlines()
    assert "302 for webservice" in lines[-4]
    assert "why  " in lines[-3]
    assert "do   " in lines[-2]
    assert "more opskit explain login-redirect" in lines[-1]


def test_what_was_seen_stands_below_a_failed_check() -> None:
    seen = finding("secret-wrong", "400 invalid_client", evidence=["One row.", "Another."])
    lines = table(report(failed("token", seen))).splitlines()
    assert [line.strip().partition("  ")[0] for line in lines[2:4]] == ["saw", "saw"]
    assert lines[2].endswith("One row.")
    assert "why  " in lines[4]


def test_what_no_page_explains_points_to_none() -> None:
    error = UnreachableError("It is gone.", remedy="Look for it.", code="not-explained")
    assert "more" not in table(report(from_error("database.login", error)))


def test_those_that_fail_alike_elsewhere_point_to_the_explanation() -> None:
    fine = passed("token", "expires in 3600 s")
    text = table(report(fine, refused("odata4"), passed("odata3", "4 rows"), refused("orders")))
    lines = [line.strip() for line in text.splitlines()]
    assert text.count(CAUSE) == 1
    assert text.count("why  ") == 2
    assert lines[3] == "why  as for orders below"
    assert CAUSE[:40] in lines[6]


def test_what_was_seen_of_one_of_them_only_stands_there() -> None:
    seen = finding("login-redirect", "302", evidence=["It asks for a cookie."])
    lines = table(report(failed("odata4", seen), refused("webservice"))).splitlines()
    assert lines[2].strip() == "saw  It asks for a cookie."
    assert "302 for webservice" in lines[3]
    assert "why  " in lines[4]


def test_others_are_explained_each() -> None:
    unlike = table(report(refused("odata4"), failed("odata3", finding("rows-empty"))))
    assert unlike.count("why  ") == 2


def test_many_neighbours_skipped_for_one_reason_are_one_line() -> None:
    few = [skipped("a", "no token"), skipped("b", "no token")]
    assert len(table(report(*few)).splitlines()) == 3
    text = table(report(*few, skipped("c", "no token"), skipped("d", "another reason")))
    assert "·  3 checks  no token" in text
    assert "·  d " in text
    assert "4 skipped" in text.splitlines()[0]
