# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Plans on real databases: what they observe, what they want, and what stands against them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from opskit.config import load_config
from opskit.desired import DesiredState, load_desired
from opskit.errors import EXIT_CONFLICT, EXIT_UNREACHABLE, EXIT_USAGE, OpskitError
from opskit.models import Change, Client, EnvironmentPlan, Plan, Violation
from opskit.plan import check_observed, make_plan, plan_hash
from opskit.settings import Environment
from tests.conftest import Database, Sandbox

DATA_MART = '[[clients]]\nclient = "Data Mart Sync"\nlifetime = "30m"\n'


def _desired(folder: Path, text: str, environments: Mapping[str, Environment]) -> DesiredState:
    path = folder / "lifetimes.toml"
    path.write_text(text, encoding="utf-8")
    return load_desired(path, environments.values())


def _plan(
    sandbox: Sandbox, folder: Path, text: str, *, override_policy: bool = False
) -> tuple[Plan, list[OpskitError]]:
    environments = load_config(sandbox.config).environments
    desired = _desired(folder, text, environments)
    return make_plan(list(environments.values()), desired, override_policy=override_policy)


def _of(plan: Plan, name: str) -> EnvironmentPlan:
    return next(one for one in plan.environments if one.environment == name)


def test_what_is_observed_wanted_and_left_alone(sandbox: Sandbox, tmp_path: Path) -> None:
    text = DATA_MART + '[[clients]]\nclient = "Tele*"\nenvironments = { prod = "2h" }\n'
    plan, errors = _plan(sandbox, tmp_path, text)
    assert errors == []
    assert [(one.environment, one.wave) for one in plan.environments] == [
        ("dev", 1),
        ("test", 2),
        ("prod", 3),
    ]
    observed = {o.name: (o.old, o.new) for o in _of(plan, "prod").observed}
    assert observed == {"Data Mart Sync": (3600, 1800), "Telephony Bridge": (7200, 7200)}
    assert [change.name for change in _of(plan, "prod").changes] == ["Data Mart Sync"]
    assert [change.name for change in _of(plan, "dev").observed] == ["Data Mart Sync"]
    assert len(_of(plan, "dev").unmanaged) == 6
    assert all(isinstance(client, Client) for client in _of(plan, "dev").unmanaged)
    assert plan.pending
    assert plan.path is None


def test_nothing_is_written(sandbox: Sandbox, tmp_path: Path) -> None:
    before = sandbox.lifetimes("dev")
    _plan(sandbox, tmp_path, DATA_MART)
    assert sandbox.lifetimes("dev") == before


def test_selectors_without_a_client_are_told_for_each_environment(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    text = '[[clients]]\nclient = "Load Test Probe"\nlifetime = "15m"\n'
    plan, errors = _plan(sandbox, tmp_path, text)
    assert errors == []
    missing = {one.environment: list(one.missing) for one in plan.environments}
    assert missing == {"dev": [], "test": ["Load Test Probe"], "prod": ["Load Test Probe"]}
    assert not plan.pending


def test_environments_come_by_wave_then_as_they_stand_in_the_file(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    dev = sandbox.environment("dev")
    copies = {name: _renamed(dev, name, wave) for name, wave in [("z", 2), ("b", 1), ("a", 1)]}
    plan, _ = make_plan(list(copies.values()), _desired(tmp_path, DATA_MART, copies))
    assert [one.environment for one in plan.environments] == ["b", "a", "z"]


def _renamed(environment: Environment, name: str, wave: int) -> Environment:
    return msgspec.structs.replace(environment, name=name, wave=wave)


# The policies


def test_planned_lifetimes_outside_the_policy_are_errors(sandbox: Sandbox, tmp_path: Path) -> None:
    text = DATA_MART + '[environments.prod]\npolicy = { min_lifetime = "40m" }\n'
    plan, errors = _plan(sandbox, tmp_path, text)
    (error,) = errors
    assert (error.exit_code, error.code, error.environment) == (EXIT_USAGE, "policy", "prod")
    assert "Data Mart Sync: 1800 s (30m) is under the minimum of 2400 s (40m)" in error.message
    assert "--override-policy" in error.remedy
    planned = [violation for violation in _of(plan, "prod").violations if violation.planned]
    assert [violation.lifetime for violation in planned] == [1800]
    assert _of(plan, "dev").changes


def test_both_policies_must_hold(sandbox: Sandbox, tmp_path: Path) -> None:
    text = """
        [[clients]]
        client = "Data Mart Sync"
        lifetime = "25h"
        [[clients]]
        client = "Billing Export"
        lifetime = "3h"
        [environments.dev]
        policy = { max_lifetime = "2h" }
    """
    plan, _ = _plan(sandbox, tmp_path, text)
    reasons = {v.name: v.reason for v in _of(plan, "dev").violations if v.planned}
    assert "2h) in lifetimes.toml" in reasons["Data Mart Sync"]
    assert "2h) in lifetimes.toml" in reasons["Billing Export"]
    reasons = {v.name: v.reason for v in _of(plan, "test").violations if v.planned}
    assert list(reasons) == ["Data Mart Sync"]
    assert "1d) in opskit.toml" in reasons["Data Mart Sync"]


def test_the_policy_can_be_overridden(sandbox: Sandbox, tmp_path: Path) -> None:
    text = '[[clients]]\nclient = "Data Mart Sync"\nlifetime = "25h"\n'
    plan, errors = _plan(sandbox, tmp_path, text, override_policy=True)
    assert errors == []
    assert plan.policy_overridden
    assert any(violation.planned for violation in _of(plan, "dev").violations)


def test_what_is_outside_already_and_stays_is_no_error(sandbox: Sandbox, tmp_path: Path) -> None:
    managed = '[[clients]]\nclient = "Legacy Reporting"\nlifetime = "7d"\n'
    for text in (DATA_MART, managed):
        plan, errors = _plan(sandbox, tmp_path, text)
        assert errors == []
        (violation,) = _of(plan, "dev").violations
        assert isinstance(violation, Violation)
        assert (violation.name, violation.lifetime) == ("Legacy Reporting", 604_800)
        assert not violation.planned


def test_many_violations_are_told_in_short(database: Database, tmp_path: Path) -> None:
    for number in range(12):
        database.add_client(f"{number:032X}", f"App {number}")
    environment = database.environment(policy={"max_lifetime": "2h"})
    desired = _desired(tmp_path, '[defaults]\nlifetime = "3h"', {"unit": environment})
    plan, (error,) = make_plan([environment], desired)
    assert len(plan.environments[0].violations) == 12
    assert error.message.count("is over the maximum") == 10
    assert "and 2 more" in error.message


# Environments that cannot be read


def test_one_that_fails_does_not_hide_the_others(sandbox: Sandbox, tmp_path: Path) -> None:
    environments = load_config(sandbox.config).environments
    dead = msgspec.structs.replace(
        environments["test"], database="postgresql://opskit@127.0.0.1:1/identity"
    )
    without = msgspec.structs.replace(environments["prod"], database=None)
    desired = _desired(tmp_path, DATA_MART, environments)
    plan, errors = make_plan([environments["dev"], dead, without], desired)
    assert [one.environment for one in plan.environments] == ["dev"]
    assert [(e.environment, e.exit_code) for e in errors] == [
        ("test", EXIT_UNREACHABLE),
        ("prod", EXIT_USAGE),
    ]


# The hash


PLAN = EnvironmentPlan("dev", 1, [Change("A", None, 1, 2), Change("B", "b", 3, 3)])


def test_the_same_state_gives_the_same_hash_in_any_order() -> None:
    other = EnvironmentPlan("prod", 1, [Change("C", "c", 1, 1)])
    turned = replace(PLAN, observed=list(reversed(PLAN.observed)))
    assert plan_hash([PLAN, other]) == plan_hash([other, turned])
    assert plan_hash([replace(PLAN, unmanaged=[Client("X", "x", 1, True)])]) == plan_hash([PLAN])


@pytest.mark.parametrize(
    "changed",
    [
        replace(PLAN, environment="prod"),
        replace(PLAN, wave=2),
        replace(PLAN, observed=PLAN.observed[:1]),
        replace(PLAN, observed=[Change("A", None, 1, 3), PLAN.observed[1]]),
        replace(PLAN, observed=[Change("A", None, 2, 2), PLAN.observed[1]]),
        replace(PLAN, observed=[Change("A", "", 1, 2), PLAN.observed[1]]),
        replace(PLAN, observed=[Change("Z", None, 1, 2), PLAN.observed[1]]),
        replace(PLAN, violations=[Violation("A", None, 2, True, "too short")]),
    ],
)
def test_another_state_gives_another_hash(changed: EnvironmentPlan) -> None:
    assert plan_hash([changed]) != plan_hash([PLAN])


# Has anything moved since?


def test_nothing_has_moved(sandbox: Sandbox, tmp_path: Path) -> None:
    plan, _ = _plan(sandbox, tmp_path, DATA_MART)
    assert check_observed(plan, list(load_config(sandbox.config).environments.values())) == []


def test_every_value_that_has_moved_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    # Partner Portal is only observed: it has the lifetime that is wanted.
    text = DATA_MART + '[[clients]]\nclient = "Partner Portal"\nlifetime = "1h"\n'
    plan, _ = _plan(sandbox, tmp_path, text)
    ids = {o.name: o.client_id for o in _of(plan, "test").observed}
    sandbox.put_back("test", {ids["Data Mart Sync"]: 100, ids["Partner Portal"]: 200})
    (error,) = check_observed(plan, list(load_config(sandbox.config).environments.values()))
    assert (error.code, error.exit_code) == ("value-changed", EXIT_CONFLICT)
    assert error.environment == "test"
    assert "test: Data Mart Sync, planned from 3600 s, has 100 s now" in error.message
    assert "test: Partner Portal, planned from 3600 s, has 200 s now" in error.message
    assert "Nothing was written." in error.message


def test_a_plan_that_was_carried_out_already_blames_nobody(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    plan, _ = _plan(sandbox, tmp_path, DATA_MART)
    (change,) = _of(plan, "test").changes
    sandbox.put_back("test", {change.client_id: change.new})
    (error,) = check_observed(plan, list(load_config(sandbox.config).environments.values()))
    assert (error.code, error.environment) == ("value-changed", "test")
    assert "carried out already" in error.message
    assert "others" not in error.message


def test_a_client_that_is_gone_has_moved_and_ten_are_named(
    database: Database, tmp_path: Path
) -> None:
    for number in range(12):
        database.add_client(f"{number:032X}", f"App {number}")
    environment = database.environment()
    desired = _desired(tmp_path, '[defaults]\nlifetime = "2h"', {"unit": environment})
    plan, _ = make_plan([environment], desired)
    with database.connect() as connection:
        connection.execute('DELETE FROM "Clients"')
    (error,) = check_observed(plan, [environment])
    assert error.message.count("planned from 3600 s, is gone") == 10
    assert "and 2 more" in error.message


def test_an_environment_that_does_not_answer_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    plan, _ = _plan(sandbox, tmp_path, DATA_MART)
    environments = load_config(sandbox.config).environments
    dead = msgspec.structs.replace(
        environments["test"], database="postgresql://opskit@127.0.0.1:1/identity"
    )
    (error,) = check_observed(plan, [environments["dev"], dead, environments["prod"]])
    assert (error.environment, error.exit_code) == ("test", EXIT_UNREACHABLE)
