-- The lifetimes of some clients, read anew after a change.
SELECT "ClientId", "AccessTokenLifetime"
FROM {schema}."Clients"
WHERE "ClientId" = ANY(%(client_ids)s::text[])
