-- What fresh tokens said of a change: the only column of the journal that is ever updated.
UPDATE "opskit"."lifetime_change" AS entry
SET verification = result.verification
FROM unnest(%(client_ids)s::text[], %(verifications)s::text[])
  AS result (client_id, verification)
WHERE entry.change_set = %(change_set)s
  AND entry.client_id = result.client_id
RETURNING entry.client_id
