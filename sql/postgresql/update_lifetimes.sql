-- The one statement that writes to Creatio's own tables: only the rows that still hold the
-- lifetime that was planned for.
UPDATE {schema}."Clients" AS c
SET "AccessTokenLifetime" = change.new
FROM unnest(%(client_ids)s::text[], %(old)s::int[], %(new)s::int[]) AS change (client_id, old, new)
WHERE c."ClientId" = change.client_id
  AND c."AccessTokenLifetime" = change.old
  AND change.old <> change.new
RETURNING c."ClientId"
