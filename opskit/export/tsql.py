# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A plan as one batch for SQL Server.

One batch without GO, so that no client program goes on after a part of it failed. Nothing that
sqlcmd replaces or obeys can stand in it: literals hold neither line breaks nor ``$(``.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from textwrap import indent

from opskit.db.statements import locking
from opskit.db.store import LOCK_TIMEOUT
from opskit.export.sql import Job, header
from opskit.models import Change
from opskit.words import counted

_CHUNK = 1000  # rows of one VALUES list: SQL Server takes no more
_COLUMNS = "([client_id], [client_name], [old], [new])"

_READ_AS_UTF8 = """\
-- Client programs read files in the code page of the machine unless they are told.
IF UNICODE(N'\N{LATIN SMALL LETTER E WITH ACUTE}') <> 233
BEGIN;
  THROW 51000, N'opskit: this file was not read as UTF-8: run it with sqlcmd -f 65001.', 1;
END;
"""

_BODY = """\
SET NOCOUNT ON;
SET XACT_ABORT ON;
SET QUOTED_IDENTIFIER ON;
{read_as_utf8}
DECLARE @count int, @words nvarchar(2000);
BEGIN TRY
  BEGIN TRANSACTION;
  SET LOCK_TIMEOUT {milliseconds};
{lock};
  IF @result < 0
  BEGIN;
    THROW 51000, N'opskit: another change is under way. Nothing was written.', 1;
  END;

  IF OBJECT_ID({table_name}) IS NULL
  BEGIN;
    SET @words = N'opskit: there is no table ' + {table_name}
      + N', or this login may not see it. Nothing was written.';
    THROW 51000, @words, 1;
  END;
  IF OBJECT_ID(N'[opskit].[lifetime_change]') IS NULL
  BEGIN;
    SET @words = N'opskit: this database has no journal, or this login may not see it. '
      + N'Make one with: opskit db upgrade. Nothing was written.';
    THROW 51000, @words, 1;
  END;
  IF EXISTS (SELECT 1 FROM [opskit].[lifetime_change] WHERE [change_set] = {change_set})
  BEGIN;
    SET @words = N'opskit: this script was run before: the journal has its change set. '
      + N'Nothing was written.';
    THROW 51000, @words, 1;
  END;

  -- ClientId, ClientName, the lifetime that the plan saw, the one that is wanted. Ids are compared
  -- as they are: by most collations a client has one too whose own differs in case or in blanks.
  -- The ids have the collation of the real ones, so that both can be compared.
  SELECT TOP (0) [ClientId] AS [client_id], CAST(NULL AS nvarchar(200)) AS [client_name],
         CAST(NULL AS int) AS [old], CAST(NULL AS int) AS [new]
  INTO #opskit_plan
  FROM {table};
{inserts}

  SELECT @count = COUNT(*)
  FROM #opskit_plan AS planned
  LEFT JOIN {table} AS c WITH (UPDLOCK, ROWLOCK)
    ON c.[ClientId] = planned.[client_id]
    AND c.[ClientId] = planned.[client_id] COLLATE Latin1_General_BIN2
    AND DATALENGTH(c.[ClientId]) = DATALENGTH(planned.[client_id])
  WHERE c.[AccessTokenLifetime] IS NULL OR c.[AccessTokenLifetime] <> planned.[old];
  IF @count > 0
  BEGIN;
    -- Which ones, the first ten of them, as a table of its own.
    SELECT TOP (10) planned.[client_id], planned.[client_name], planned.[old] AS [planned_from],
           c.[AccessTokenLifetime] AS [now]
    FROM #opskit_plan AS planned
    LEFT JOIN {table} AS c
      ON c.[ClientId] = planned.[client_id]
      AND c.[ClientId] = planned.[client_id] COLLATE Latin1_General_BIN2
      AND DATALENGTH(c.[ClientId]) = DATALENGTH(planned.[client_id])
    WHERE c.[AccessTokenLifetime] IS NULL OR c.[AccessTokenLifetime] <> planned.[old]
    ORDER BY planned.[client_id];
    SET @words = N'opskit: ' + CAST(@count AS nvarchar(20))
      + N' of the planned lifetimes have moved since. Find out who changed them; then plan anew. '
      + N'Nothing was written.';
    THROW 51000, @words, 1;
  END;

  -- The one statement that writes to Creatio's own tables, and only where the old value stands.
  UPDATE c
  SET [AccessTokenLifetime] = planned.[new]
  FROM {table} AS c
  INNER JOIN #opskit_plan AS planned
    ON c.[ClientId] = planned.[client_id]
    AND c.[ClientId] = planned.[client_id] COLLATE Latin1_General_BIN2
    AND DATALENGTH(c.[ClientId]) = DATALENGTH(planned.[client_id])
  WHERE c.[AccessTokenLifetime] = planned.[old] AND planned.[old] <> planned.[new];
  SET @count = @@ROWCOUNT;
  IF @count <> {changes}
  BEGIN;
    SET @words = N'opskit: ' + CAST(@count AS nvarchar(20))
      + N' lifetimes would change instead of {changes}. Plan anew. Nothing was written.';
    THROW 51000, @words, 1;
  END;

  INSERT INTO [opskit].[lifetime_change]
    ([change_set], [environment], [client_id], [client_name], [old_lifetime], [new_lifetime],
     [actor], [reason], [tool_version], [plan_hash], [reverts])
  SELECT {change_set}, {environment}, [client_id], [client_name], [old], [new],
         {actor}, {reason}, {tool_version}, {plan_hash}, {reverts}
  FROM #opskit_plan
  WHERE [old] <> [new];

  DROP TABLE #opskit_plan;
  COMMIT TRANSACTION;
  SET @words = N'opskit: changed {changed} in ' + {environment}
    + N'; the journal has it as change set ' + {change_set} + N'.';
  PRINT @words;
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
  THROW;
END CATCH;
"""


def script(job: Job) -> str:
    """Return the whole script."""
    record = job.record
    table = f"{identifier('dbo' if job.schema is None else job.schema)}.[Clients]"
    milliseconds = round(LOCK_TIMEOUT * 1000)
    values = {
        "milliseconds": str(milliseconds),
        "lock": indent(locking("mssql", milliseconds), "  "),
        "table": table,
        "table_name": literal(table),
        "change_set": literal(record.change_set),
        "environment": literal(record.environment),
        "actor": literal(record.actor),
        "reason": literal(record.reason),
        "tool_version": literal(record.tool_version),
        "plan_hash": literal(record.plan_hash),
        "reverts": literal(record.reverts),
        "changed": counted(len(job.plan.changes), "lifetime"),
        "changes": str(len(job.plan.changes)),
        "inserts": "\n".join(_inserts(job.plan.observed)),
    }
    plain = "".join(values.values()).isascii()
    values["read_as_utf8"] = "" if plain else _READ_AS_UTF8
    pages = "" if plain else "-f 65001 "
    run = f"sqlcmd -b {pages}-i {job.file} -d DATABASE"
    # In one go, so that what was put in is not read again.
    return header(job, run) + re.sub(r"\{(\w+)\}", lambda hit: values[hit[1]], _BODY)


def literal(text: str | None) -> str:
    """Return a text as SQL that no client program takes for its own: nothing to replace or obey."""
    if text is None:
        return "NULL"
    parts, plain = [], ""
    for char in text:
        category = unicodedata.category(char)
        if category in {"Cc", "Cf", "Zl", "Zp"} and ord(char) < 0x10000:
            parts += [_quoted(plain)] if plain else []
            parts.append(f"NCHAR({ord(char)})")
            plain = ""
        elif char == "(" and plain.endswith("$"):
            parts.append(_quoted(plain))
            plain = char
        else:
            plain += "\N{REPLACEMENT CHARACTER}" if category == "Cs" else char
    if plain or not parts:
        parts.append(_quoted(plain))
    return parts[0] if len(parts) == 1 else f"({' + '.join(parts)})"


def identifier(name: str) -> str:
    """Return a name as SQL."""
    doubled = name.replace("]", "]]")
    return f"[{doubled}]"


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"N'{doubled}'"


def _inserts(changes: Sequence[Change]) -> Iterator[str]:
    for start in range(0, len(changes), _CHUNK):
        rows = ",\n".join(
            f"    ({literal(change.client_id)}, {literal(change.name)}, {change.old}, {change.new})"
            for change in changes[start : start + _CHUNK]
        )
        yield f"  INSERT INTO #opskit_plan {_COLUMNS} VALUES\n{rows};"
