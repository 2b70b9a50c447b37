# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A plan as one DO block for PostgreSQL, made of the statements in sql/postgresql.

A DO block is one statement: no client program can run half of it, and psql looks neither for
variables nor for commands inside its dollar quotes.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from opskit.db.statements import statement
from opskit.db.store import LOCK_TIMEOUT
from opskit.export.sql import Job, header
from opskit.models import Change
from opskit.words import counted

_RUN = "psql -X -v ON_ERROR_STOP=1 -f {file} DATABASE"

_BODY = """\
DECLARE
  v_planned_ids text[]; v_planned_names text[]; v_planned_old int[];
  v_ids text[]; v_names text[]; v_old int[]; v_new int[];
  v_present_ids text[]; v_present_lifetimes int[];
  v_count bigint; v_words text;
BEGIN
{set_lock_timeout};
{lock_environment};

  IF to_regclass({table}) IS NULL THEN
    RAISE EXCEPTION USING
      MESSAGE = {no_table},
      HINT = 'Is this the Identity Service''s database? Nothing was written.';
  END IF;
  IF to_regclass('"opskit"."lifetime_change"') IS NULL THEN
    RAISE EXCEPTION USING
      MESSAGE = 'opskit: this database has no journal.',
      HINT = 'Make one with: opskit db upgrade. Nothing was written.';
  END IF;
  IF EXISTS (SELECT FROM "opskit"."lifetime_change" WHERE change_set = {change_set}) THEN
    RAISE EXCEPTION USING
      MESSAGE = 'opskit: this script was run before: the journal has its change set.',
      HINT = 'Plan anew if there is more to change. Nothing was written.';
  END IF;

  -- ClientId, ClientName, the lifetime that the plan saw, the one that is wanted
  SELECT array_agg(planned.client_id::text), array_agg(planned.client_name::text),
         array_agg(planned.old),
         array_agg(planned.client_id::text) FILTER (WHERE planned.old <> planned.new),
         array_agg(planned.client_name::text) FILTER (WHERE planned.old <> planned.new),
         array_agg(planned.old) FILTER (WHERE planned.old <> planned.new),
         array_agg(planned.new) FILTER (WHERE planned.old <> planned.new)
  INTO v_planned_ids, v_planned_names, v_planned_old, v_ids, v_names, v_old, v_new
  FROM (VALUES
{rows}
  ) AS planned (client_id, client_name, old, new);

  SELECT array_agg(present."ClientId"::text), array_agg(present."AccessTokenLifetime")
  INTO v_present_ids, v_present_lifetimes
  FROM (
{lock_clients}
  ) AS present;

  SELECT count(*), string_agg(moved.words, '; ') FILTER (WHERE moved.place <= 10)
  INTO v_count, v_words
  FROM (
    SELECT row_number() OVER (ORDER BY planned.client_id) AS place,
           coalesce(planned.client_name, planned.client_id) || ', planned from ' || planned.old
             || ' s, ' || coalesce('has ' || present.lifetime || ' s now', 'is gone') AS words
    FROM unnest(v_planned_ids, v_planned_names, v_planned_old)
           AS planned (client_id, client_name, old)
    LEFT JOIN unnest(v_present_ids, v_present_lifetimes) AS present (client_id, lifetime)
      ON present.client_id = planned.client_id
    WHERE present.lifetime IS DISTINCT FROM planned.old
  ) AS moved;
  IF v_count > 0 THEN
    RAISE EXCEPTION USING
      MESSAGE = 'opskit: ' || v_count || ' of the planned lifetimes have moved since.',
      DETAIL = v_words,
      HINT = 'Find out who changed them; then plan anew. Nothing was written.';
  END IF;

  WITH written AS (
{update_lifetimes}
  )
  SELECT count(*) INTO v_count FROM written;
  IF v_count <> cardinality(v_ids) THEN
    RAISE EXCEPTION USING
      MESSAGE = 'opskit: only ' || v_count || ' of ' || cardinality(v_ids) || ' could be changed.',
      HINT = 'Plan anew. Nothing was written.';
  END IF;

  WITH recorded AS (
{insert_journal}
  )
  SELECT count(*) INTO v_count FROM recorded;

  RAISE NOTICE USING MESSAGE = 'opskit: changed {changed} in ' || {environment}
    || '; the journal has it as change set ' || {change_set} || '.';
END
"""

_VARIABLES = {"client_ids": "v_ids", "client_names": "v_names", "old": "v_old", "new": "v_new"}


def script(job: Job) -> str:
    """Return the whole script."""
    milliseconds = literal(str(round(LOCK_TIMEOUT * 1000)))
    record = job.record
    common = {
        "change_set": literal(record.change_set),
        "environment": literal(record.environment),
        "actor": literal(record.actor),
        "reason": literal(record.reason),
        "tool_version": literal(record.tool_version),
        "plan_hash": literal(record.plan_hash),
        "reverts": literal(record.reverts),
    }
    table = f'{identifier(_schema(job))}."Clients"'
    values = {
        **common,
        "table": literal(table),
        "no_table": literal(f"opskit: there is no table {table}."),
        "changes": counted(len(job.plan.changes), "lifetime"),
        "changed": counted(len(job.plan.changes), "lifetime"),
        "rows": ",\n".join(_rows(job.plan.observed)),
        "set_lock_timeout": _performed(_filled(job, "set_lock_timeout", milliseconds=milliseconds)),
        "lock_environment": _performed(_filled(job, "lock_environment")),
        "lock_clients": _filled(job, "lock_clients", client_ids="v_planned_ids"),
        "update_lifetimes": _filled(job, "update_lifetimes", **_VARIABLES),
        "insert_journal": _filled(job, "insert_journal", **common, **_VARIABLES),
    }
    body = _replaced(r"\{(\w+)\}", _BODY, values)
    quote = _dollar_quote(body)
    # The comment may hold any letter, so the encoding is said first.
    lines = [
        "SET client_encoding = 'UTF8';\n",
        header(job, _RUN.format(file=job.file)),
        f"\nDO {quote}\n{body}{quote};\n",
    ]
    return "".join(lines)


def _schema(job: Job) -> str:
    return "public" if job.schema is None else job.schema


def literal(text: str | None) -> str:
    """Return a text as SQL, readable where it can be, the same under every server setting."""
    if text is None:
        return "NULL"
    doubled = text.replace("'", "''")
    escaped = "".join(_escape(char) for char in doubled)
    return f"'{doubled}'" if escaped == doubled else f"E'{escaped}'"


def identifier(name: str) -> str:
    """Return a name as SQL."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def _escape(char: str) -> str:
    category = unicodedata.category(char)
    if char == "\\":
        return "\\\\"
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    if category in {"Cc", "Cf", "Zl", "Zp"}:
        return f"\\u{ord(char):04X}" if ord(char) < 0x10000 else f"\\U{ord(char):08X}"
    return char


def _rows(changes: Sequence[Change]) -> Iterator[str]:
    for change in changes:
        words = f"{literal(change.client_id)}, {literal(change.name)}"
        yield f"    ({words}, {change.old}, {change.new})"


def _filled(job: Job, name: str, **values: str) -> str:
    """Return a statement of sql/postgresql with SQL in the place of its parameters."""
    text = statement("postgresql", name).rstrip()
    return _replaced(
        r"\{(schema)\}|%\((\w+)\)s", text, {"schema": identifier(_schema(job)), **values}
    )


def _performed(query: str) -> str:
    """Return a query as PL/pgSQL wants it when nobody looks at its result."""
    return re.sub(r"(?m)^SELECT\b", "PERFORM", query, count=1)


def _replaced(pattern: str, text: str, values: Mapping[str, str]) -> str:
    # In one go, so that what was put in is not read again.
    return re.sub(pattern, lambda hit: values[next(filter(None, hit.groups()))], text)


def _dollar_quote(body: str) -> str:
    number, quote = 0, "$opskit$"
    while quote in body:
        number += 1
        quote = f"$opskit{number}$"
    return quote
