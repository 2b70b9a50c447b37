-- What the journal holds, the last that was written first, and no more than the newest so many.
SELECT change_set, changed_at, environment, client_id, client_name, old_lifetime, new_lifetime,
       actor, login, reason, tool_version, plan_hash, reverts, verification
FROM (SELECT *
      FROM "opskit"."lifetime_change"
      WHERE changed_at >= coalesce(%(since)s::timestamptz, '-infinity')
        AND change_set = coalesce(%(change_set)s::text, change_set)
      ORDER BY changed_at DESC, id DESC
      LIMIT %(limit)s::bigint) AS newest
ORDER BY id DESC
