-- What the journal holds, newest first.
SELECT change_set, changed_at, environment, client_id, client_name, old_lifetime, new_lifetime,
       actor, login, reason, tool_version, plan_hash, reverts, verification
FROM "opskit"."lifetime_change"
WHERE changed_at >= coalesce(%(since)s::timestamptz, '-infinity')
  AND change_set = coalesce(%(change_set)s::text, change_set)
ORDER BY id DESC
