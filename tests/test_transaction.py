# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever ends a change, and whenever: it took effect as a whole or not at all, and is told so."""

import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from opskit.db.store import open_store
from opskit.errors import Interrupted, LockHeld, ValueChanged
from opskit.journal import Author
from opskit.lifetime import ChangeOptions, change_lifetimes
from opskit.models import Change, ChangeSet, JournalEntry, Outcome, Verification
from opskit.progress import Step
from opskit.transaction import write_changes
from tests.db.installations import Installation

CHANGES = [Change("A1", "Sync", 3600, 900), Change("B2", "Export", 1800, 900)]
OLD, NEW = {"A1": 3600, "B2": 1800}, {"A1": 900, "B2": 900}
QUICK = ChangeOptions(Author("alice"), verify=False, lock_timeout=30)

BEFORE_THE_COMMIT = [
    "connecting",
    "waiting for the lock",
    "comparing with what was planned",
    "writing 2 lifetimes",
    "writing the journal",
    "committing",
]
AFTER_THE_COMMIT = ["reading back", "noting the proof in the journal"]
STEPS = [*BEFORE_THE_COMMIT, *AFTER_THE_COMMIT]


@pytest.fixture
def filled(installation: Installation) -> Installation:
    """A database with two clients and an empty journal, on each engine."""
    installation.add_client("A1", "Sync", 3600)
    installation.add_client("B2", "Export", 1800)
    installation.make_journal()
    return installation


def _present(database: Installation) -> tuple[dict[str, int], list[JournalEntry]]:
    """Return the lifetimes by client id, and the journal, newest first."""
    with open_store(database.environment()) as store:
        return {client.client_id: client.lifetime for client in store.clients()}, store.journal()


def _change(database: Installation, stop_at: str, with_error: type[BaseException]) -> ChangeSet:
    def progress(step: Step) -> None:
        if step.words == stop_at:
            raise with_error("stop")

    environment = database.environment()
    record = QUICK.author.record("unit")
    return change_lifetimes(environment, CHANGES, record, QUICK, progress=progress)


def test_the_steps_are_told_in_order(filled: Installation) -> None:
    told: list[Step] = []
    record = QUICK.author.record("unit")
    change_lifetimes(filled.environment(), CHANGES, record, QUICK, progress=told.append)
    assert [step.words for step in told] == STEPS
    assert {step.environment for step in told} == {"unit"}


@pytest.mark.parametrize("with_error", [KeyboardInterrupt, Interrupted])
@pytest.mark.parametrize("step", BEFORE_THE_COMMIT[1:])
def test_an_interruption_before_the_commit_leaves_nothing(
    step: str, with_error: type[BaseException], filled: Installation
) -> None:
    with pytest.raises(Interrupted, match="nothing was written") as caught:
        _change(filled, step, with_error)
    assert caught.value.done is None
    assert _present(filled) == (OLD, [])


@pytest.mark.parametrize("with_error", [KeyboardInterrupt, Interrupted])
@pytest.mark.parametrize("step", AFTER_THE_COMMIT)
def test_an_interruption_after_the_commit_keeps_all_and_says_so(
    step: str, with_error: type[BaseException], filled: Installation
) -> None:
    with pytest.raises(Interrupted, match="the change is committed") as caught:
        _change(filled, step, with_error)
    done = caught.value.done
    assert isinstance(done, ChangeSet)
    assert done.outcome is Outcome.CHANGED
    lifetimes, entries = _present(filled)
    assert lifetimes == NEW
    assert {entry.change_set for entry in entries} == {done.id}


_CHILD = """
import sys, time
from pathlib import Path
from opskit.config import load_config
from opskit.lifetime import ChangeOptions, change_lifetimes
from opskit.journal import Author
from opskit.models import Change

def progress(step):
    if step.words == sys.argv[2]:
        print("there", flush=True)
        time.sleep(60)

options = ChangeOptions(Author("killed"), verify=False)
changes = [Change("A1", "Sync", 3600, 900), Change("B2", "Export", 1800, 900)]
environment = load_config(Path(sys.argv[1])).environments["unit"]
change_lifetimes(environment, changes, options.author.record("unit"), options, progress=progress)
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_process_leaves_all_or_nothing(step: str, filled: Installation) -> None:
    config = filled.environment().folder / "opskit.toml"
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(config), step], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "there\n"
        child.kill()
    committed = step in AFTER_THE_COMMIT
    # Behind its lock, so that the server has noticed the death.
    with open_store(filled.environment()) as store, store.change(lock_timeout=10) as transaction:
        assert transaction.lock_clients(CHANGES) == (NEW if committed else OLD)
        entries = store.journal()
    assert {(e.client_id, e.old, e.new) for e in entries} == (
        {("A1", 3600, 900), ("B2", 1800, 900)} if committed else set()
    )
    assert {entry.verification for entry in entries} <= {Verification.PENDING}


def test_one_of_two_that_start_from_the_same_state_finds_it_moved(filled: Installation) -> None:
    environment = filled.environment()
    outcomes: list[ChangeSet | Exception] = []
    at_the_start = threading.Barrier(2)

    def change() -> None:
        at_the_start.wait()
        record = QUICK.author.record("unit")
        try:
            outcomes.append(change_lifetimes(environment, CHANGES, record, QUICK))
        except ValueChanged as error:
            outcomes.append(error)

    threads = [threading.Thread(target=change) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (done,) = (one for one in outcomes if isinstance(one, ChangeSet))
    (error,) = (one for one in outcomes if isinstance(one, ValueChanged))
    assert "Nothing was written." in error.message
    lifetimes, entries = _present(filled)
    assert lifetimes == NEW
    assert {entry.change_set for entry in entries} == {done.id}


def test_the_lock_is_waited_for_no_longer_than_said(filled: Installation) -> None:
    options = replace(QUICK, lock_timeout=0.2)
    with (
        open_store(filled.environment()) as store,
        store.change(),
        pytest.raises(LockHeld),
    ):
        change_lifetimes(filled.environment(), CHANGES, options.author.record("unit"), options)
    assert _present(filled) == (OLD, [])


def test_a_client_that_is_only_compared_is_held_until_the_commit(filled: Installation) -> None:
    if not filled.holds_rows:
        pytest.skip("Babelfish locks no rows that are only read")
    written = threading.Event()

    def write() -> None:
        filled.set_lifetime("B2", 60)
        written.set()

    other = threading.Thread(target=write)

    def progress(step: Step) -> None:
        if step.words == "committing":
            other.start()
            assert not written.wait(0.5)

    changes = [CHANGES[0], Change("B2", "Export", 1800, 1800)]
    environment, record = filled.environment(), QUICK.author.record("unit")
    with open_store(environment) as store:
        write_changes(store, environment, changes, record, lock_timeout=2, progress=progress)
    other.join(10)
    assert _present(filled)[0] == {"A1": 900, "B2": 60}


def test_a_deadlock_is_tried_again(filled: Installation) -> None:
    """Two sessions that wait for each other: the server ends one of them, and we go on.

    In which order an engine takes the rows is its own affair, so both are tried: in one of them
    nobody has to give in. Whom the server ends is its own affair too, and mostly whoever began to
    wait first; where the other one is late, it may be that one, and says nothing of us.
    """
    tries = [_tries_against_a_session_that_takes(order, filled) for order in ("A1 B2", "B2 A1")]
    assert sorted(tries) == [1, 2]
    lifetimes, entries = _present(filled)
    assert lifetimes == NEW
    assert len(entries) >= 4


def _tries_against_a_session_that_takes(order: str, database: Installation) -> int:
    for _ in range(5):
        tries, had = _crossed(order, database)
        if had:
            return tries
    pytest.fail("the server ended the other session each time")


def _crossed(order: str, database: Installation) -> tuple[int, bool]:
    """Change both rows while another session takes them; tell our tries, and whether it had both.

    It takes its second row when we wait for its first.
    """
    for client_id, lifetime in OLD.items():
        database.set_lifetime(client_id, lifetime)
    first, second = order.split()
    held, comparing, crossed = threading.Event(), threading.Event(), threading.Event()
    tries: list[Step] = []

    def cross() -> None:
        with database.hold_row(first) as hold_too:
            held.set()
            comparing.wait(10)
            while not database.somebody_waits():
                time.sleep(0.02)
            if hold_too(second):
                crossed.set()

    def progress(step: Step) -> None:
        if step.words.startswith("comparing"):
            tries.append(step)
            comparing.set()

    crossing = threading.Thread(target=cross)
    crossing.start()
    assert held.wait(10)
    environment, record = database.environment(), QUICK.author.record("unit")
    with open_store(environment) as store:
        write_changes(store, environment, CHANGES, record, lock_timeout=10, progress=progress)
    crossing.join()
    return len(tries), crossed.is_set()
