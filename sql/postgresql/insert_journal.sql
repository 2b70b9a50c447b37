-- One row for each lifetime that this transaction changed; the server stamps time and login.
INSERT INTO "opskit"."lifetime_change"
  (change_set, environment, client_id, client_name, old_lifetime, new_lifetime,
   actor, reason, tool_version, plan_hash, reverts)
SELECT %(change_set)s, %(environment)s, change.client_id, change.client_name, change.old, change.new,
       %(actor)s, %(reason)s, %(tool_version)s, %(plan_hash)s, %(reverts)s
FROM unnest(%(client_ids)s::text[], %(client_names)s::text[], %(old)s::int[], %(new)s::int[])
  AS change (client_id, client_name, old, new)
WHERE change.old <> change.new
RETURNING client_id
