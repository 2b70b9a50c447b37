# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The statements of ``sql/``, which the adapters execute as they stand there."""

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
# In a wheel they lie inside the package, in a checkout beside it.
_FOLDERS = (_PACKAGE / "sql", _PACKAGE.parent / "sql")


@cache
def statement(engine: str, name: str) -> str:
    """Return the text of ``sql/ENGINE/NAME.sql``; ``{schema}`` stands for the schema's name."""
    folder = next(folder for folder in _FOLDERS if folder.is_dir())
    return (folder / engine / f"{name}.sql").read_text(encoding="utf-8")


def role_steps(*, diagnosis: bool) -> list[str]:
    """Return the statements of ``setup/`` that make the role opskit_operator, in their order."""
    optional = ["grant_diagnosis"] if diagnosis else []
    return ["create_role", "grant_daily_rights", *optional]


def locking(engine: str, milliseconds: int) -> str:
    """Return the statement that takes a change's lock, for scripts that a DBA runs.

    In T-SQL the answer is left in ``@result``: below 0 when it was not had in that time. In
    PostgreSQL the transaction's ``lock_timeout`` is what limits the wait.
    """
    text = statement(engine, "lock_environment").replace("?", str(milliseconds)).strip()
    return text.removesuffix("SELECT @result AS [result]").rstrip("\n; ")
