# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The documents say what the code does."""

import dataclasses
import json
import re
import runpy
from pathlib import Path

import msgspec
import pytest

from opskit import desired, models, settings, smoke_settings
from opskit.conditions import Condition
from opskit.config import load_config
from opskit.errors import OpskitError
from opskit.explain.no_answer import FINDINGS as NO_ANSWER
from opskit.models import Plan
from opskit.plan import plan_hash
from opskit.plan_file import save_plan
from opskit.policy import Policy

ROOT = Path(__file__).resolve().parents[1]
JSON_PAGE = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
SOURCES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "opskit").rglob("*.py")}
# A ChangeRecord goes to the database only; what becomes of it is shown as a JournalEntry.
DATA_CLASSES = [
    kind
    for kind in vars(models).values()
    if dataclasses.is_dataclass(kind) and kind is not models.ChangeRecord
]


def _section(page: str, title: str) -> str:
    match = re.search(rf"(?ms)^(##+) `?{re.escape(title)}`?$(.*?)(?=^##|\Z)", page)
    assert match, f"no section {title}"
    return match[2]


def _first_column(section: str) -> list[str]:
    return re.findall(r"(?m)^\| `([^`]+)` \|", section)


@pytest.mark.parametrize("kind", DATA_CLASSES, ids=lambda kind: kind.__name__)
def test_each_data_class_is_documented_field_by_field(kind: type) -> None:
    documented = _first_column(_section(JSON_PAGE, kind.__name__))

    assert documented == [field.name for field in dataclasses.fields(kind)]


def test_each_error_code_is_documented_with_its_exit_code() -> None:
    rows = re.findall(r"(?m)^\| `([^`]+)` \| (\d+) \|", _section(JSON_PAGE, "Error codes"))
    classes = [OpskitError]
    for kind in classes:
        classes += kind.__subclasses__()
    used = {kind.code: kind.exit_code for kind in classes if kind.__module__ == "opskit.errors"}
    literal = {
        code
        for text in SOURCES.values()
        for code in re.findall(r'\bcode="([a-z-]+)"', text)
        if code not in {"help", *NO_ANSWER}
    }

    assert {code for code, _ in rows} == literal | set(used)
    documented = {code: int(number) for code, number in rows}
    assert used.items() <= {**documented}.items()


def test_the_page_of_findings_is_up_to_date() -> None:
    generator = runpy.run_path(str(ROOT / "docs" / "generate.py"))

    written = generator["PAGE"].read_text(encoding="utf-8")
    assert written == generator["page"](), "run: make docs"


def test_each_check_is_documented() -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    documented = set(_first_column(page))
    in_source = {
        check_id
        for text in SOURCES.values()
        for check_id in re.findall(
            r'"((?:discovery|keys|token|lifetime|config|secrets|database|policy|identity|creatio|health)'
            r'\.[a-z_]+)"',
            text,
        )
    }

    assert in_source - {"creatio.com"} <= documented
    assert {"odata4", "odata3", "dataservice", "webservice", "runtime", "token"} <= documented
    assert documented - in_source <= {
        *("token", "runtime", "odata4", "odata3", "dataservice", "webservice"),
        *("token.post", "token.basic"),
    }


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Environment", settings.Settings),
        ("[[environments.NAME.clients]]", settings.KnownClient),
        ("[environments.NAME.policy]", Policy),
        ("[environments.NAME.smoke]", smoke_settings.Smoke),
        ("[environments.NAME.smoke]", smoke_settings.Query),
        ("[environments.NAME.smoke]", smoke_settings.WebService),
        ("[[environments.NAME.smoke.checks]]", smoke_settings.OwnCheck),
        ("[[environments.NAME.smoke.checks]]", Condition),
        ("[defaults]", desired.Defaults),
        ("[[clients]]", desired.DesiredClient),
        ("[environments.NAME]` in lifetimes.toml", desired.DesiredEnvironment),
    ],
)
def test_each_key_of_the_configuration_is_documented(
    title: str, kind: type[msgspec.Struct]
) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")

    assert set(kind.__struct_encode_fields__) <= set(_first_column(_section(page, title)))


def test_the_example_of_the_desired_state_is_right(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"(?s)```toml\n(?=[^`]*\[\[clients\]\])(.*?)```", page)
    (tmp_path / "lifetimes.toml").write_text(example, encoding="utf-8")
    (tmp_path / "opskit.toml").write_text("[environments.test-1]\n[environments.prod]\n")
    environments = load_config(tmp_path / "opskit.toml").environments.values()

    state = desired.load_desired(tmp_path / "lifetimes.toml", environments)
    assert [entry.lifetime_in("prod") for entry in state.clients] == [900, 7200]


def test_the_plan_file_is_documented_field_by_field(tmp_path: Path) -> None:
    save_plan(Plan([], plan_hash([])), tmp_path / "plan.json")
    fields = list(json.loads((tmp_path / "plan.json").read_text(encoding="utf-8")))

    assert _first_column(_section(JSON_PAGE, "The plan file")) == fields


def test_each_command_is_in_the_readme() -> None:
    from opskit.cli import COMMANDS

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`opskit {name}" in readme


def test_nobody_is_told_to_install_the_other_opskit() -> None:
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md"), *SOURCES]
    for page in pages:
        assert not re.search(r"pipx? install \"?opskit\b", page.read_text(encoding="utf-8")), page


def test_the_example_of_own_checks_is_right(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"(?s)```toml\n(\[\[environments\.prod\.smoke\.checks\]\].*?)```", page)
    (tmp_path / "opskit.toml").write_text(example, encoding="utf-8")

    checks = load_config(tmp_path / "opskit.toml").environments["prod"].smoke.checks
    assert [(check.name, len(check.expect)) for check in checks] == [
        ("orders", 3),
        ("no-salaries", 0),
    ]
