# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The story that ``opskit demo`` tells: the commands' own functions, in a good order."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opskit.config import load_config
from opskit.fleet import check_all
from opskit.journal import Author, read_history
from opskit.lifetime import ChangeOptions, Wish, set_lifetimes
from opskit.listing import list_lifetimes
from opskit.models import ChangeSets
from opskit.results import Result
from opskit.revert import revert
from opskit.sandbox.faults import Fault
from opskit.sandbox.lifecycle import clear_faults, set_fault
from opskit.settings import Environment

CLIENT = "Data Mart Sync"
LIFETIME = 1800  # seconds
_BECAUSE = ChangeOptions(Author(reason="security review"))


@dataclass(frozen=True, slots=True)
class Step:
    """One scene.

    Attributes:
        title: what it is about.
        command: what one would type for it.
        result: what came of it.
        as_planned: whether it ended as the story wants; a failure can be what it wants.
    """

    title: str
    command: str
    result: Result
    as_planned: bool


def tell(folder: Path) -> Iterator[Step]:
    """Play the story on the sandbox in ``folder``, one step at a time."""
    config = load_config(folder / "opskit.toml")
    (dev,), (test,) = config.select(["dev"]), config.select(["test"])

    lifetimes, errors = list_lifetimes(config.select())
    yield _step(
        "Every client's token lifetime in three environments, in seconds.",
        "opskit lifetime list",
        Result("lifetime list", lifetimes, errors),
    )
    changes, errors = set_lifetimes([dev], Wish(CLIENT, LIFETIME), _BECAUSE)
    yield _step(
        "Tokens of one integration shall live half an hour in dev. Compared, committed, read "
        "back, and proved by a token that was issued just now.",
        f'opskit lifetime set "{CLIENT}" 30m -e dev --reason "security review"',
        Result("lifetime set", changes, errors),
    )
    history, errors = read_history([dev])
    yield _step(
        "Who changed what, and why? The journal was written in the same transaction.",
        "opskit history -e dev",
        Result("history", history, errors),
    )
    undone = revert([dev], history.entries[0].change_set, ChangeOptions())
    yield _step(
        "And back again, with one command: compared, journalled and proved like any change.",
        f"opskit revert {history.entries[0].change_set}",
        Result("revert", ChangeSets([undone])),
    )
    yield _verify("Is the Identity Service itself in order?", dev)
    yield _smoke("After a deploy: do sign-in and all four ways to read data work?", dev, test)

    set_fault(folder, [test.name], Fault.LOGIN_REDIRECT, on=True)
    yield _smoke(
        "Something breaks in test: Creatio ignores the token. What does opskit make of it?",
        test,
        should_pass=False,
    )
    clear_faults(folder, [test.name])
    yield _smoke("Mended, and checked again.", test)


def _step(title: str, command: str, result: Result, *, should_pass: bool = True) -> Step:
    return Step(title, command, result, result.ok is should_pass)


def _verify(title: str, environment: Environment) -> Step:
    from opskit.verify import verify

    report, errors = check_all([environment], verify)
    result = Result("verify", report, errors)
    return _step(title, f"opskit verify -e {environment.name}", result)


def _smoke(title: str, *environments: Environment, should_pass: bool = True) -> Step:
    from opskit.smoke import smoke

    report, errors = check_all(environments, smoke)
    where = " ".join(f"-e {one.name}" for one in environments)
    result = Result("smoke", report, errors)
    return _step(title, f"opskit smoke {where}", result, should_pass=should_pass)
