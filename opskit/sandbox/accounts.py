# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Reading rows of Creatio's objects; the sandbox exposes one of them, Account."""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

EXPOSED = frozenset({"Account"})
MAX_ROWS = 20_000
"""What Creatio gives at most in one answer."""

Row = dict[str, object]


class UnknownObject(LookupError):
    """There is no such object, or it is not exposed."""


class UnknownColumn(LookupError):
    """The object has no such column; the message is the column's name."""


@dataclass(frozen=True)
class Question:
    """Which rows to read.

    Attributes:
        entity: the object's name.
        equals: column and text pairs that a row must match, all of them.
        limit: the most rows to return.
    """

    entity: str
    equals: Sequence[tuple[str, str]] = ()
    limit: int = MAX_ROWS


class Objects:
    """Reads the objects of one Creatio."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def columns(self, entity: str) -> tuple[str, ...]:
        """Return the names of an object's columns.

        Raises:
            UnknownObject: there is no such object.
        """
        statement = sql.SQL("SELECT * FROM {} LIMIT 0").format(_table(entity))
        with self._pool.connection() as connection:
            description = connection.execute(statement).description or ()
        return tuple(column.name for column in description)

    def read(self, question: Question) -> list[Row]:
        """Return the rows in question with all their columns, by name.

        Raises:
            UnknownObject: there is no such object.
            UnknownColumn: it is asked for by a column that it does not have.
        """
        known = self.columns(question.entity)
        for column, _ in question.equals:
            if column not in known:
                raise UnknownColumn(column)
        conditions = [
            sql.SQL("{}::text = {}").format(sql.Identifier(column), text)
            for column, text in question.equals
        ]
        statement = sql.SQL('SELECT * FROM {} WHERE {} ORDER BY "Name" LIMIT {}').format(
            _table(question.entity),
            sql.SQL(" AND ").join([sql.SQL("true"), *conditions]),
            question.limit,
        )
        with self._pool.connection() as connection:
            return connection.cursor(row_factory=dict_row).execute(statement).fetchall()


def _table(entity: str) -> sql.Identifier:
    if entity not in EXPOSED:
        raise UnknownObject(entity)
    return sql.Identifier(entity)
