-- What the journal holds, newest first; an empty change set stands for all of them.
SELECT [change_set], [changed_at], [environment], [client_id], [client_name], [old_lifetime],
       [new_lifetime], [actor], [login], [reason], [tool_version], [plan_hash], [reverts],
       [verification]
FROM [opskit].[lifetime_change]
WHERE [changed_at] >= CAST(? AS datetime2)
  AND CAST(? AS nvarchar(40)) IN (N'', [change_set])
ORDER BY [id] DESC
