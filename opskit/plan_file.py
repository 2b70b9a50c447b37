# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A plan as a file: made and reviewed now, carried out later, by another person perhaps."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from opskit import __version__
from opskit.errors import UsageError
from opskit.files import write_whole
from opskit.models import EnvironmentPlan, Plan
from opskit.plan import plan_hash
from opskit.policy import LARGEST

VERSION = 1
"""The version of the file's form that this opskit writes and reads."""

_ANEW = "Plan anew: opskit plan --out FILE"


class _Head(msgspec.Struct, kw_only=True):
    opskit_plan: int
    opskit: str = ""


class _PlanFile(_Head, kw_only=True):
    created: str
    hash: str
    environments: tuple[EnvironmentPlan, ...]
    policy_overridden: bool = False


def save_plan(plan: Plan, path: Path) -> Plan:
    """Write ``plan`` to ``path`` as a whole or not at all; return it with its path.

    Raises:
        UsageError: the file cannot be written.
    """
    text = "".join(_lines(plan))
    try:
        if path.exists() and not path.is_file():
            # A device or a pipe, which must not be replaced by a file; a folder refuses.
            with path.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        else:
            write_whole(path, text)
    except OSError as error:
        raise UsageError(
            f"The plan cannot be written to {path}: {error.strerror}. Nothing was saved.",
            remedy="Name another file, or check the folder and its permissions.",
            code="plan-file",
        ) from None
    return replace(plan, path=str(path))


def load_plan(path: Path, environments: Collection[str]) -> Plan:
    """Read a plan that was saved.

    Args:
        path: the file.
        environments: the names of those in opskit.toml.

    Raises:
        UsageError: it cannot be read, is no plan, was edited, comes from a newer opskit, or names
            an environment that opskit.toml lacks.
    """
    content = _read(path)
    try:
        head = msgspec.json.decode(content, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _no_plan(path) from None
    if head.opskit_plan < VERSION:
        raise _no_plan(path)
    if head.opskit_plan > VERSION:
        raise _refusal(
            f"{path} was written by opskit {head.opskit}, in a form that this one "
            f"({__version__}) does not know.",
            "Use that version of opskit, or plan anew with this one.",
        )
    try:
        saved = msgspec.json.decode(content, type=_PlanFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(f"{path} is not a whole plan: {error}.", _ANEW) from None
    if not _is_whole(saved):
        raise _refusal(f"{path} was edited after it was made.", _ANEW)
    lacking = [o.environment for o in saved.environments if o.environment not in environments]
    if lacking:
        raise _refusal(
            f"{path} is for {', '.join(lacking)}, and opskit.toml has no such environment.",
            f"Use the opskit.toml that the plan was made with. It has: {', '.join(environments)}.",
        )
    return Plan(saved.environments, saved.hash, saved.policy_overridden, str(path))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _refusal(
            f"{path} cannot be read: {error.strerror}.", "Check the path of the plan."
        ) from None


def _is_whole(saved: _PlanFile) -> bool:
    if plan_hash(saved.environments) != saved.hash:
        return False
    names = [one.environment for one in saved.environments]
    return len(names) == len(set(names)) and all(
        len({change.client_id for change in one.observed}) == len(one.observed)
        and all(0 < change.new <= LARGEST for change in one.observed)
        for one in saved.environments
    )


def _no_plan(path: Path) -> UsageError:
    return _refusal(f"{path} is not a plan.", f"Name a file that opskit wrote. {_ANEW}")


def _refusal(message: str, remedy: str) -> UsageError:
    return UsageError(message, remedy=remedy, code="plan-file")


def _lines(plan: Plan) -> Iterator[str]:
    """Write one client per line, so that a reviewer sees in a diff what has changed."""
    head = {
        "opskit_plan": VERSION,
        "opskit": __version__,
        "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "hash": plan.hash,
        "policy_overridden": plan.policy_overridden,
    }
    yield "{\n"
    for key, value in head.items():
        yield f'  "{key}": {_json(value)},\n'
    yield '  "environments": ['
    for number, one in enumerate(plan.environments):
        yield "\n" if number == 0 else ",\n"
        yield from _environment(one)
    yield "\n  ]\n}\n"


def _environment(one: EnvironmentPlan) -> Iterator[str]:
    yield f'    {{\n      "environment": {_json(one.environment)},\n      "wave": {one.wave},\n'
    yield from _list("observed", one.observed)
    yield ",\n"
    yield from _list("unmanaged", one.unmanaged)
    yield ",\n"
    yield from _list("missing", one.missing)
    yield ",\n"
    yield from _list("violations", one.violations)
    yield "\n    }"


def _list(key: str, items: Sequence[Any]) -> Iterable[str]:
    if not items:
        return [f'      "{key}": []']
    rows = ",\n".join(f"        {_json(item)}" for item in items)
    return [f'      "{key}": [\n{rows}\n      ]']


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
