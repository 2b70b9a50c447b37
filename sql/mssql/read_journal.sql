-- What the journal holds, the last that was written first, and no more than the newest so many; an
-- empty change set stands for all of them. The plan is made for the values given, since what is
-- quick for one change set is slow for all.
SELECT [change_set], [changed_at], [environment], [client_id], [client_name], [old_lifetime],
       [new_lifetime], [actor], [login], [reason], [tool_version], [plan_hash], [reverts],
       [verification]
FROM (SELECT TOP (?) *
      FROM [opskit].[lifetime_change]
      WHERE [changed_at] >= CAST(? AS datetime2)
        AND CAST(? AS nvarchar(40)) IN (N'', [change_set])
      ORDER BY [changed_at] DESC, [id] DESC) AS newest
ORDER BY [id] DESC
OPTION (RECOMPILE)
