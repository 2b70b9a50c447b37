# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit explain``: one finding, all of them, and one that there is not."""

from pathlib import Path

from opskit.explain import EXPLANATIONS
from tests.cli.conftest import assert_error_is_said, run, run_both

PAGE = Path(__file__).resolve().parents[2] / "docs" / "findings.md"


def test_one_finding() -> None:
    table, as_json = run_both("explain", "login-redirect")
    known = EXPLANATIONS["login-redirect"]
    assert (table.code, as_json.code) == (0, 0)
    for words in (known.symptom, known.cause, known.remedy, "sure  likely", "exit  code 1"):
        assert words in table.out
    (one,) = as_json.json()["data"]["findings"]
    assert one == {
        "id": "login-redirect",
        "symptom": known.symptom,
        "cause": known.cause,
        "remedy": known.remedy,
        "certainty": "likely",
        "exit_code": 1,
        "transient": False,
        "link": "docs/findings.md#login-redirect",
    }


def test_what_may_pass_and_what_ends_with_3() -> None:
    ran = run("explain", "connection-refused")
    assert "exit  code 3 where a check fails by it; it may pass" in ran.out
    assert "sure  known" in ran.out


def test_all_of_them_need_no_configuration(tmp_path: Path) -> None:
    ran = run("explain", "-o", "json", cwd=tmp_path)
    assert [one["id"] for one in ran.json()["data"]["findings"]] == list(EXPLANATIONS)
    listed = run("explain", cwd=tmp_path).out.splitlines()[2:]
    assert [line.split()[0] for line in listed] == list(EXPLANATIONS)


def test_each_link_leads_somewhere() -> None:
    sections = PAGE.read_text(encoding="utf-8")
    for one in run("explain", "-o", "json").json()["data"]["findings"]:
        assert f"\n## {one['link'].partition('#')[2]}\n" in sections


def test_an_unknown_one_has_neighbours() -> None:
    table, as_json = run_both("explain", "Secret-Expire")
    assert (table.code, as_json.code) == (2, 2)
    assert_error_is_said(table)
    assert "There is no finding 'Secret-Expire'." in table.err
    assert "Did you mean secret-expired" in table.err
    assert as_json.error_codes() == ["finding-unknown"]


def test_one_without_neighbours_points_to_the_list() -> None:
    ran = run("explain", "0123456789")
    assert_error_is_said(ran)
    assert "do: All of them: opskit explain" in ran.err
