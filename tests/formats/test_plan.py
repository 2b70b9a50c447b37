# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""How a plan is shown, however long it is."""

from opskit.formats import FormatChoice
from opskit.models import Change, Client, EnvironmentPlan, Plan, Violation
from opskit.results import Result


def _shown(*environments: EnvironmentPlan, overridden: bool = False) -> str:
    plan = Plan(environments, "0123456789abcdef", policy_overridden=overridden)
    return FormatChoice.TABLE.to_format().render(Result("plan", plan))


def test_a_long_plan_is_shown_in_part() -> None:
    changes = [Change(f"{i:032X}", f"App {i}", 3600, 1800) for i in range(1000)]
    violations = [Violation(c.client_id, c.name, 1800, True, "too short") for c in changes]
    unmanaged = [Client(f"U{i}", f"Other {i}", 60, True) for i in range(12)]
    text = _shown(EnvironmentPlan("dev", 1, changes, unmanaged, ["x*"] * 11, violations))
    assert "App 19" in text
    assert "App 20" not in text
    assert "and 980 more to change" in text
    assert "and 980 more outside the policy" in text
    assert "Other 9 and 2 more" in text
    assert "no such client: x*" in text
    assert "1000 changes in 1 environment; 12 clients unmanaged" in text
    assert len(text.splitlines()) < 60


def test_names_steer_no_terminal() -> None:
    change = Change("A", "[bold]x[/bold] \x1b[31m :smile:", 3600, 1800)
    text = _shown(EnvironmentPlan("dev", 1, [change], [], ["\x1b[2J"]))
    assert "[bold]x[/bold] \N{REPLACEMENT CHARACTER}[31m :smile:" in text
    assert "\x1b" not in text


def test_nothing_to_do() -> None:
    text = _shown(EnvironmentPlan("dev", 1, [Change("A", "a", 60, 60)]))
    assert text.splitlines() == [
        "dev  wave 1",
        "  1 client as desired",
        "nothing to change",
        "plan 0123456789ab",
    ]


def test_no_environment() -> None:
    assert _shown() == ""


def test_violations_that_were_accepted() -> None:
    one = EnvironmentPlan(
        "dev", 1, [Change("A", "a", 60, 30)], [], [], [Violation("A", "a", 30, True, "too short")]
    )
    assert "✗ a: 30 s (30s), too short" in _shown(one)
    assert "! a: 30 s (30s), too short, accepted by --override-policy" in _shown(
        one, overridden=True
    )
