-- An empty table of this session's own for the rows that the next statement is about: however many
-- they are, it is one statement then. Its ids have the collation of the real ones.
IF OBJECT_ID(N'tempdb..#opskit_rows') IS NULL
  SELECT TOP (0) [ClientId] AS [client_id],
         CAST(NULL AS int) AS [has_name],
         CAST(NULL AS nvarchar(200)) AS [client_name],
         CAST(NULL AS int) AS [old],
         CAST(NULL AS int) AS [new],
         CAST(NULL AS nvarchar(20)) AS [verification]
  INTO #opskit_rows
  FROM {schema}.[Clients]
ELSE
  DELETE FROM #opskit_rows
