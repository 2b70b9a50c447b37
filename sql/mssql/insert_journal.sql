-- One row for each lifetime that this transaction changed; the server stamps time and login.
-- An empty text stands for none: a parameter that is NULL has no type.
INSERT INTO [opskit].[lifetime_change]
  ([change_set], [environment], [client_id], [client_name], [old_lifetime], [new_lifetime],
   [actor], [reason], [tool_version], [plan_hash], [reverts])
SELECT common.[change_set], common.[environment], change.[client_id],
       CASE change.[has_name] WHEN 1 THEN change.[client_name] END, change.[old], change.[new],
       common.[actor], NULLIF(common.[reason], N''), common.[tool_version],
       NULLIF(common.[plan_hash], N''), NULLIF(common.[reverts], N'')
FROM (VALUES (?, ?, ?, ?, ?, ?, ?))
       AS common ([change_set], [environment], [actor], [reason], [tool_version], [plan_hash],
                  [reverts]),
     #opskit_rows AS change
WHERE change.[old] <> change.[new]
