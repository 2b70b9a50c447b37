# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Undoing all that a plan changed; undoing one change set is in test_journal.py."""

from collections.abc import Mapping
from dataclasses import replace

import msgspec
import pytest

from opskit.apply import ApplyOptions, apply_plan
from opskit.db.store import open_store
from opskit.errors import EXIT_CONFLICT, EXIT_USAGE, Interrupted, UsageError, ValueChanged
from opskit.history import read_history
from opskit.journal import Author
from opskit.lifetime import ChangeOptions
from opskit.models import Change, ChangeSets, EnvironmentPlan, Outcome, Plan, Status
from opskit.plan import plan_hash
from opskit.progress import Step
from opskit.revert import revert, revert_plan
from opskit.sandbox.catalog import INTEGRATIONS
from opskit.sandbox.faults import Fault
from opskit.settings import Environment
from tests.conftest import ENVIRONMENTS, Sandbox

SYNC = "Data Mart Sync"
IDS = {
    name: next(one.client_id(name) for one in INTEGRATIONS if one.name == SYNC)
    for name in ENVIRONMENTS
}
BY_EVE = ChangeOptions(Author("eve", "a month later"))
QUICK = replace(BY_EVE, verify=False)


@pytest.fixture
def environments(sandbox: Sandbox) -> Mapping[str, Environment]:
    return {name: sandbox.environment(name) for name in ENVIRONMENTS}


def _plan(lifetime: int = 1800) -> Plan:
    parts = [
        EnvironmentPlan(name, wave, [Change(IDS[name], SYNC, 3600, lifetime)])
        for wave, name in enumerate(ENVIRONMENTS, start=1)
    ]
    return Plan(parts, plan_hash(parts))


@pytest.fixture
def plan(environments: Mapping[str, Environment]) -> Plan:
    """One that was carried out in dev, test and prod."""
    plan = _plan()
    applied, errors = apply_plan(plan, environments, ApplyOptions(QUICK))
    assert (len(applied.change_sets), errors) == (3, [])
    return plan


def _present(sandbox: Sandbox) -> dict[str, int]:
    return {name: sandbox.lifetimes(name)[IDS[name]] for name in ENVIRONMENTS}


def test_all_that_a_plan_changed_is_put_back_newest_first_and_proved(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    made = {
        entry.environment: entry.change_set
        for entry in reversed(read_history(list(environments.values()))[0].entries)
    }
    undone, errors = revert_plan(list(environments.values()), plan.hash[:12], BY_EVE)
    assert errors == []
    assert _present(sandbox) == dict.fromkeys(ENVIRONMENTS, 3600)
    assert [one.environment for one in undone.change_sets] == ["prod", "test", "dev"]
    for one in undone.change_sets:
        assert one.reverts == made[one.environment]
        assert [check.status for check in one.checks] == [Status.PASS, Status.PASS]


def test_where_one_value_has_moved_nothing_is_put_back(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    with open_store(environments["dev"]) as store, store.change() as transaction:
        transaction.write([Change(IDS["dev"], SYNC, 1800, 600)])
    with pytest.raises(ValueChanged, match="had 1800 s and has 600 s now") as caught:
        revert_plan(list(environments.values()), plan.hash, QUICK)
    assert (caught.value.exit_code, caught.value.environment) == (EXIT_CONFLICT, "dev")
    assert _present(sandbox) == {"dev": 600, "test": 1800, "prod": 1800}
    undone, errors = revert_plan(list(environments.values()), plan.hash, QUICK, force=True)
    assert errors == []
    assert "overwritten (--force)" in str(undone.change_sets[-1].warnings)
    assert _present(sandbox) == dict.fromkeys(ENVIRONMENTS, 3600)


def test_a_plan_that_was_applied_again_is_undone_again(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    everywhere = list(environments.values())
    for _ in range(2):
        undone, errors = revert_plan(everywhere, plan.hash, QUICK)
        assert (len(undone.change_sets), errors) == (3, [])
        assert _present(sandbox) == dict.fromkeys(ENVIRONMENTS, 3600)
        assert revert_plan(everywhere, plan.hash, QUICK) == (ChangeSets([]), [])
        assert apply_plan(plan, environments, ApplyOptions(QUICK))[1] == []


def test_an_undo_that_ended_early_goes_on_where_it_ended(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    everywhere = list(environments.values())
    assert revert_plan([environments["prod"]], plan.hash, QUICK)[1] == []
    undone, errors = revert_plan(everywhere, plan.hash, QUICK)
    assert ([one.environment for one in undone.change_sets], errors) == (["test", "dev"], [])
    assert _present(sandbox) == dict.fromkeys(ENVIRONMENTS, 3600)


def test_an_undo_that_was_undone_can_be_repeated(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    everywhere = list(environments.values())
    undone, _ = revert_plan(everywhere, plan.hash, QUICK)
    for one in undone.change_sets:
        revert(everywhere, one.id or "", QUICK)
    assert _present(sandbox) == dict.fromkeys(ENVIRONMENTS, 1800)
    again, errors = revert_plan(everywhere, plan.hash, QUICK)
    assert (len(again.change_sets), errors) == (3, [])
    assert _present(sandbox) == dict.fromkeys(ENVIRONMENTS, 3600)


def test_after_a_wave_that_undid_itself_the_others_are_put_back(
    environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    sandbox.fault(Fault.SECRET_WRONG, "prod")
    plan = _plan()
    options = ApplyOptions(BY_EVE, revert_on_failure=True)
    applied, _ = apply_plan(plan, environments, options)
    assert [one.environment for one in applied.reverted] == ["prod"]
    assert _present(sandbox) == {"dev": 1800, "test": 1800, "prod": 3600}
    undone, errors = revert_plan(list(environments.values()), plan.hash, QUICK)
    assert ([one.environment for one in undone.change_sets], errors) == (["test", "dev"], [])


def test_the_first_that_cannot_be_proved_is_the_last(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    sandbox.fault(Fault.CACHE, "test")
    undone, errors = revert_plan(list(environments.values()), plan.hash, BY_EVE)
    assert errors == []
    assert [one.environment for one in undone.change_sets] == ["prod", "test"]
    assert _present(sandbox) == {"dev": 1800, "test": 3600, "prod": 3600}


def test_only_where_it_was_asked_for(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    undone, errors = revert_plan([environments["test"]], plan.hash, QUICK)
    assert ([one.environment for one in undone.change_sets], errors) == (["test"], [])
    assert _present(sandbox) == {"dev": 1800, "test": 3600, "prod": 1800}


def test_copies_of_the_journal_are_none_of_its_change_sets(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    copy = msgspec.structs.replace(environments["dev"], name="copy")
    with pytest.raises(UsageError) as caught:
        revert_plan([copy], plan.hash, QUICK)
    assert caught.value.code == "change-set-unknown"
    undone, errors = revert_plan([copy, *environments.values()], plan.hash, QUICK)
    assert errors == []
    assert [one.environment for one in undone.change_sets] == ["prod", "test", "dev"]


def test_all_are_confirmed_before_the_first_is_written(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    def confirm(environment: Environment, _: object) -> None:
        if environment.name == "dev":  # the last one
            raise Interrupted("no")

    with pytest.raises(Interrupted):
        revert_plan(list(environments.values()), plan.hash, QUICK, confirm=confirm)
    assert _present(sandbox) == dict.fromkeys(ENVIRONMENTS, 1800)


def test_an_interruption_says_what_was_done(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    def progress(step: Step) -> None:
        if (step.environment, step.words) == ("test", "committing"):
            raise KeyboardInterrupt

    undone, (error,) = revert_plan(list(environments.values()), plan.hash, QUICK, progress=progress)
    assert isinstance(error, Interrupted)
    assert (error.environment, "nothing was written" in error.message) == ("test", True)
    assert [(one.environment, one.outcome) for one in undone.change_sets] == [
        ("prod", Outcome.CHANGED)
    ]
    assert _present(sandbox) == {"dev": 1800, "test": 1800, "prod": 3600}


def test_a_dry_run_puts_nothing_back(
    plan: Plan, environments: Mapping[str, Environment], sandbox: Sandbox
) -> None:
    undone, errors = revert_plan(
        list(environments.values()), plan.hash, replace(QUICK, dry_run=True)
    )
    assert errors == []
    assert {one.outcome for one in undone.change_sets} == {Outcome.DRY_RUN}
    assert _present(sandbox) == dict.fromkeys(ENVIRONMENTS, 1800)


@pytest.mark.parametrize(
    ("begins", "code"), [("0" * 64, "change-set-unknown"), ("", "change-set-ambiguous")]
)
def test_a_plan_that_nobody_applied_or_that_is_not_the_only_one(
    begins: str, code: str, plan: Plan, environments: Mapping[str, Environment]
) -> None:
    everywhere = list(environments.values())
    revert_plan(everywhere, plan.hash, QUICK)
    assert apply_plan(_plan(900), environments, ApplyOptions(QUICK))[1] == []
    with pytest.raises(UsageError) as caught:
        revert_plan(everywhere, begins, QUICK)
    assert (caught.value.code, caught.value.exit_code) == (code, EXIT_USAGE)
