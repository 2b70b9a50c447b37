-- The present lifetimes of the clients to change, held until the transaction ends.
SELECT "ClientId", "AccessTokenLifetime"
FROM {schema}."Clients"
WHERE "ClientId" = ANY(%(client_ids)s::text[])
ORDER BY "ClientId"
FOR UPDATE
