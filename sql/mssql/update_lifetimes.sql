-- The one statement that writes to Creatio's own tables: only the rows that still hold the
-- lifetime that was planned for. It goes through a table variable because SQL Server lets OUTPUT
-- answer directly only where a table has no trigger. The id is compared as it is, since by most
-- collations a client has it too whose own differs in case or in blanks at the end.
SET NOCOUNT ON;
DECLARE @written TABLE ([client_id] nvarchar(200));
UPDATE {schema}.[Clients]
SET [AccessTokenLifetime] = change.[new]
OUTPUT inserted.[ClientId] INTO @written
FROM #opskit_rows AS change
WHERE [Clients].[ClientId] = change.[client_id]
  AND [Clients].[ClientId] = change.[client_id] COLLATE Latin1_General_BIN2
  AND DATALENGTH([Clients].[ClientId]) = DATALENGTH(change.[client_id])
  AND [Clients].[AccessTokenLifetime] = change.[old]
  AND change.[old] <> change.[new];
SELECT [client_id] FROM @written
