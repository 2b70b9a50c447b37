# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What holds for any clients and any history: an undo undoes, and the journal tells all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from opskit.apply import ApplyOptions, apply_plan
from opskit.db.store import open_store
from opskit.desired import DesiredClient, DesiredState
from opskit.errors import OpskitError, ValueChanged
from opskit.journal import Author
from opskit.lifetime import ChangeOptions, Wish, set_lifetime
from opskit.models import Change, ChangeSet, EnvironmentPlan, Plan
from opskit.plan import make_plan, plan_hash
from opskit.plan_file import load_plan, save_plan
from opskit.policy import Duration
from opskit.revert import revert
from tests.db.installations import Installation, PostgresInstallation
from tests.names import TEXTS, fits

QUICK = ChangeOptions(Author("any"), verify=False)
Rows = Mapping[str, Mapping[str, Any]]


def _bounds(installation: Installation, examples: int, few: int, steps: int = 50) -> settings:
    """As many examples as take some seconds: each connection to a T-SQL server takes its time."""
    embedded = isinstance(installation, PostgresInstallation)
    return settings(
        max_examples=examples if embedded else few,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        phases=list(Phase) if embedded else [Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


# Any clients


def _with(rows: Rows, lifetimes: Mapping[str, int]) -> Rows:
    return {i: {**row, "AccessTokenLifetime": lifetimes[i]} for i, row in rows.items()}


def test_exactly_the_clients_named_are_changed_and_a_revert_leaves_no_trace(
    installation: Installation, tmp_path: Path
) -> None:
    """Every client is named by its id, whatever else that may mean: a glob, another's name."""

    @_bounds(installation, examples=15, few=2)
    @given(
        ids=st.lists(TEXTS, min_size=4, max_size=12, unique=True),
        names=st.data(),
        padding=st.sampled_from(["", " ", "   "]),
    )
    def holds(ids: Sequence[str], names: st.DataObject, padding: str) -> None:
        installation.clear()
        installation.make_journal()
        ids = [i for text in ids if fits(i := text + padding) or fits(i := text)]
        others = st.sampled_from([*ids, "*", "?*"]) | st.none()
        there = [i for i in ids if installation.add_client(i, names.draw(others), 3600)]
        before = installation.rows()
        assert set(before) == set(there)
        named = names.draw(st.lists(st.sampled_from(there), min_size=1, unique=True))
        wanted = {client_id: 60 + n for n, client_id in enumerate(named)}

        environment = installation.environment()
        entries = [DesiredClient(i, Duration(lifetime)) for i, lifetime in wanted.items()]
        desired = DesiredState(tmp_path / "lifetimes.toml", clients=entries)
        plan, errors = make_plan([environment], desired)
        assert errors == []
        saved = save_plan(plan, tmp_path / "plan.json").path
        assert saved is not None
        plan = load_plan(Path(saved), ["unit"])
        (part,) = plan.environments
        assert {change.client_id: change.new for change in part.observed} == wanted
        assert part.missing == []

        applied, errors = apply_plan(plan, {"unit": environment}, ApplyOptions(QUICK))
        assert errors == []
        after = installation.rows()
        assert after == _with(before, {**dict.fromkeys(there, 3600), **wanted})

        (done,) = applied.change_sets
        assert done.id is not None
        revert([environment], done.id, QUICK)
        assert installation.rows() == before

    holds()


# Any history

IDS = ("A1", "it's 100% [x]*", "Ümläut 🤖 x ")
LIFETIMES = st.sampled_from([60, 900, 3600, 86_400])
CLIENTS = st.sampled_from(IDS)
INITIAL = 1800


class History(RuleBasedStateMachine):
    """Change lifetimes by opskit and by hand, undo changes, meet conflicts.

    Attributes:
        installation: the database; set by the subclass of each test.
        expected: the lifetimes that must stand there, by client id.
        story: what happened, in order: the id of a change set, or what somebody did by hand.
    """

    installation: Installation

    def __init__(self) -> None:
        super().__init__()
        self.expected = dict.fromkeys(IDS, INITIAL)
        self.story: list[str | tuple[str, int]] = []
        self.changed: dict[str, list[Change]] = {}

    @initialize()
    def fill(self) -> None:
        self.installation.clear()
        self.installation.make_journal()
        for client_id in IDS:
            assert self.installation.add_client(client_id, "any", INITIAL)
        self.environment = self.installation.environment()

    def note(self, done: ChangeSet, changes: Sequence[Change]) -> None:
        """Take a change set into the story; one that changes nothing leaves no trace."""
        made = [change for change in changes if change.old != change.new]
        assert (done.id is not None) is bool(made)
        if done.id is not None:
            self.story.append(done.id)
            self.changed[done.id] = made
            self.expected.update({change.client_id: change.new for change in made})

    def apply(self, changes: Sequence[Change]) -> tuple[list[ChangeSet], list[OpskitError]]:
        parts = [EnvironmentPlan("unit", 1, changes)]
        plan = Plan(parts, plan_hash(parts))
        applied, errors = apply_plan(plan, {"unit": self.environment}, ApplyOptions(QUICK))
        return list(applied.change_sets), errors

    @rule(client_id=CLIENTS, lifetime=LIFETIMES, dry_run=st.booleans())
    def set(self, client_id: str, lifetime: int, dry_run: bool) -> None:
        options = replace(QUICK, dry_run=dry_run)
        done = set_lifetime(self.environment, Wish(client_id, lifetime), options)
        change = Change(client_id, "any", self.expected[client_id], lifetime)
        assert list(done.changes) == [change]
        if not dry_run:
            self.note(done, [change])

    @rule(wanted=st.dictionaries(CLIENTS, LIFETIMES, min_size=1))
    def apply_a_plan(self, wanted: Mapping[str, int]) -> None:
        changes = [Change(i, "any", self.expected[i], new) for i, new in wanted.items()]
        (done,), errors = self.apply(changes)
        assert errors == []
        self.note(done, changes)

    @rule(wanted=st.dictionaries(CLIENTS, LIFETIMES, min_size=1))
    def apply_a_stale_plan(self, wanted: Mapping[str, int]) -> None:
        changes = [Change(i, "any", self.expected[i], new) for i, new in wanted.items()]
        moved = replace(changes[-1], old=changes[-1].old + 1)
        done, (error,) = self.apply([*changes[:-1], moved])
        assert done == []
        assert error.code == "value-changed"

    @rule(client_id=CLIENTS, lifetime=LIFETIMES)
    def change_by_hand(self, client_id: str, lifetime: int) -> None:
        self.installation.set_lifetime(client_id, lifetime)
        self.story.append((client_id, lifetime))
        self.expected[client_id] = lifetime

    @precondition(lambda self: self.changed)
    @rule(back=st.integers(0, 3), force=st.booleans())
    def revert(self, back: int, force: bool) -> None:
        """Undo a change set of late, or what undid one: it may have been changed again since."""
        change_set = [*self.changed][-1 - back % len(self.changed)]
        made = self.changed[change_set]
        moved = any(self.expected[change.client_id] != change.new for change in made)
        if moved and not force:
            with pytest.raises(ValueChanged):
                revert([self.environment], change_set, QUICK)
            return
        done = revert([self.environment], change_set, QUICK, force=force)
        undone = [Change(c.client_id, c.name, self.expected[c.client_id], c.old) for c in made]
        assert done.reverts == (change_set if done.id else None)
        self.note(done, undone)

    def teardown(self) -> None:
        """Play the story again from the beginning, by what the journal says of each change set."""
        with open_store(self.environment) as store:
            entries = store.journal()[::-1]
        state = dict.fromkeys(IDS, INITIAL)
        told = iter(entries)
        for event in self.story:
            if isinstance(event, tuple):
                state[event[0]] = event[1]
                continue
            for _ in self.changed[event]:
                entry = next(told)
                assert entry.change_set == event
                assert state[entry.client_id] == entry.old
                state[entry.client_id] = entry.new
        assert list(told) == []
        rows = self.installation.rows()
        assert {i: row["AccessTokenLifetime"] for i, row in rows.items()} == state
        assert state == self.expected


def _history(installation: Installation) -> type[History]:
    return type("OfThisEngine", (History,), {"installation": installation})


def test_any_history_can_be_told_from_the_journal(installation: Installation) -> None:
    bounds = _bounds(installation, examples=15, few=2, steps=8)
    run_state_machine_as_test(_history(installation), settings=bounds)


def test_a_history_with_everything_in_it_can_be_told_from_the_journal(
    installation: Installation,
) -> None:
    """Few random ones get that far on a server where each connection takes its time."""
    first, second, third = IDS
    history = _history(installation)()
    history.fill()
    history.set(first, 900, dry_run=False)
    history.apply_a_plan({first: 60, second: 3600, third: 3600})
    history.revert(back=0, force=False)
    history.revert(back=0, force=False)  # the undoing
    history.change_by_hand(second, 86_400)
    history.apply_a_stale_plan({first: 900})
    history.revert(back=0, force=False)  # a conflict, because of the second
    history.revert(back=0, force=True)
    assert history.expected == {first: 900, second: INITIAL, third: INITIAL}
    history.teardown()
