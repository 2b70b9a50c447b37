-- What else in a client's row decides whether it gets a token; the right to read it is optional.
SELECT "RequireClientSecret", "ProtocolType"
FROM {schema}."Clients"
WHERE "ClientId" = %(client_id)s::text
