# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The story that ``opskit demo`` tells: the commands' own functions, in a good order."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from opskit.apply import ApplyOptions, apply_plan
from opskit.config import Config, load_config
from opskit.desired import load_desired
from opskit.fleet import check_all
from opskit.history import read_history
from opskit.journal import Author
from opskit.lifetime import ChangeOptions, Wish, set_lifetimes
from opskit.listing import list_lifetimes
from opskit.models import ChangeSets
from opskit.plan import make_plan
from opskit.plan_file import load_plan, save_plan
from opskit.results import Result
from opskit.revert import revert
from opskit.sandbox.faults import Fault
from opskit.sandbox.lifecycle import clear_faults, set_fault
from opskit.settings import Environment

CLIENT = "Data Mart Sync"
LIFETIME = 1800  # seconds
_REASON = "security review"
_BECAUSE = ChangeOptions(Author(reason=_REASON))


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
        f'opskit lifetime set "{CLIENT}" 30m -e dev --reason "{_REASON}"',
        Result("lifetime set", changes, errors),
    )
    yield from _rollout(config)
    history, errors = read_history(config.select())
    yield _step(
        "Who changed what, and why? Each journal was written in the transaction of its change.",
        "opskit history",
        Result("history", history, errors),
    )
    newest = history.entries[0]
    undone = revert(config.select([newest.environment]), newest.change_set, ChangeOptions())
    yield _step(
        f"{newest.environment} back again, with one command: compared, journalled and proved like "
        "any change.",
        f"opskit revert {newest.change_set} --yes",
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


def _rollout(config: Config) -> Iterator[Step]:
    """Plan what lifetimes.toml asks for in all environments, and carry it out."""
    environments = {one.name: one for one in config.select()}
    desired = load_desired(config.folder / "lifetimes.toml", environments.values())
    made, errors = make_plan(config.select(), desired)
    file = config.folder / "plan.json"
    plan = replace(save_plan(made, file), path=file.name)
    yield _step(
        "What lifetimes.toml asks for, against what three databases hold. Saved with what was "
        "seen there, to be reviewed.",
        "opskit plan --out plan.json",
        Result("plan", plan, errors),
    )
    plan = load_plan(file, environments)
    file.unlink()
    apply = f'opskit apply plan.json --smoke --yes --reason "{_REASON}"'
    applied, errors = apply_plan(plan, environments, ApplyOptions(_BECAUSE, smoke=True))
    yield _step(
        "Carried out wave by wave: each is proved by fresh tokens, and checked, before the next.",
        apply,
        Result("apply", applied, errors),
    )
    applied, errors = apply_plan(plan, environments, ApplyOptions(_BECAUSE))
    yield _step(
        "The same plan again? Its values have moved since, so it is refused as a whole.",
        apply,
        Result("apply", applied, errors),
        should_pass=False,
    )


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
