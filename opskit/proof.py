# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""What proves a change: the database read back, and fresh tokens; the journal notes it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from opskit.checks import failed, from_error, passed
from opskit.db.store import open_store
from opskit.errors import Interrupted, OpskitError
from opskit.explain import finding
from opskit.interruption import Stop
from opskit.models import Change, ChangeSet, Check, Status, Verification
from opskit.progress import Progress, Step
from opskit.settings import Environment
from opskit.threads import Threads

READ_BACK = "lifetime.read_back"


def prove_change_set(
    environment: Environment,
    done: ChangeSet,
    *,
    tokens: bool,
    wait: float,
    progress: Progress,
) -> ChangeSet:
    """Return a committed change set with the checks that prove it, which the journal notes too.

    Args:
        environment: where it was made.
        done: the change set.
        tokens: ask for fresh tokens; without them, only the database is read back.
        wait: seconds to keep asking while a cache still gives the old lifetime.
        progress: told each step.
    """
    progress(Step(environment.name, "reading back"))
    checks = [_read_back(environment, done.changes, progress)]
    results = {change.client_id: Verification.SKIPPED for change in done.changes}
    if tokens:
        progress(Step(environment.name, "obtaining fresh tokens"))
        proofs, proved = _fresh_tokens(environment, done.changes, wait, progress)
        checks += proofs
        results |= proved
    if checks[0].status is Status.FAIL:
        results = dict.fromkeys(results, Verification.FAILED)
    done = replace(done, checks=checks)
    if done.id is None:
        return done
    progress(Step(environment.name, "noting the proof in the journal"))
    written = {c.client_id: results[c.client_id] for c in done.changes if c.old != c.new}
    try:
        _note(environment, done.id, written, progress)
    except Interrupted:
        raise
    except OpskitError as error:
        words = f"the journal could not note what was proved: {error.message}"
        return replace(done, warnings=[*done.warnings, words])
    return done


def _note(
    environment: Environment,
    change_set: str,
    results: Mapping[str, Verification],
    progress: Progress,
) -> None:
    def note() -> None:
        with open_store(environment) as store:
            store.record_verification(change_set, results)

    Stop.of(progress).run(environment.name, note)


def _read_back(environment: Environment, changes: Sequence[Change], progress: Progress) -> Check:
    """Look at what other sessions see now; the change stands, whatever becomes of this."""
    try:
        wrong = _differing(environment, changes, progress)
    except Interrupted:
        raise
    except OpskitError as error:
        return from_error(READ_BACK, error)
    if wrong:
        change, present = wrong[0]
        words = f"{change.client_id} has {present} s after the commit."
        return failed(READ_BACK, finding("read-back-differs", words))
    if len(changes) == 1:
        return passed(READ_BACK, f"the database holds {changes[0].new} s")
    return passed(READ_BACK, f"the database holds all {len(changes)} lifetimes")


def _differing(
    environment: Environment, changes: Sequence[Change], progress: Progress
) -> list[tuple[Change, int | None]]:
    """Return the changes whose new lifetime is not there, with what is."""

    def read() -> Mapping[str, int]:
        with open_store(environment) as store:
            return store.lifetimes([change.client_id for change in changes])

    present = Stop.of(progress).run(environment.name, read)
    now = [(change, present.get(change.client_id)) for change in changes]
    return [(change, lifetime) for change, lifetime in now if lifetime != change.new]


def _fresh_tokens(
    environment: Environment, changes: Sequence[Change], wait: float, progress: Progress
) -> tuple[Sequence[Check], dict[str, Verification]]:
    from opskit.verify.lifetime import FRESH_TOKEN, Proof, prove

    async def ask() -> Proof:
        asyncio.get_running_loop().set_default_executor(Threads())
        return await prove(environment, changes, wait=wait, progress=progress)

    try:
        proof = Stop.of(progress).run(environment.name, lambda: asyncio.run(ask()))
    except Interrupted:
        raise
    except OpskitError as error:
        # The change stands; say so together with why it is not proved.
        return [from_error(FRESH_TOKEN, error)], {}
    if Verification.FAILED in proof.results.values():
        checks = _unless_overtaken(environment, changes, proof.checks, progress)
        return checks, dict(proof.results)
    return proof.checks, dict(proof.results)


def _unless_overtaken(
    environment: Environment,
    changes: Sequence[Change],
    checks: Sequence[Check],
    progress: Progress,
) -> Sequence[Check]:
    """Blame no cache for a lifetime that somebody has changed again in the meantime."""
    from opskit.verify.lifetime import FRESH_TOKEN

    try:
        overtaken = _differing(environment, changes, progress)
    except Interrupted:
        raise
    except OpskitError:
        return checks
    if not overtaken:
        return checks
    change, present = overtaken[0]
    words = f"{change.name or change.client_id} has {present} s by now, not {change.new} s."
    later = failed(FRESH_TOKEN, finding("lifetime-overtaken", words))
    return [check for check in checks if check.status is not Status.FAIL] + [later]
