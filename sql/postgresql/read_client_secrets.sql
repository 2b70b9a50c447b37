-- A client's secrets, and whether one of them is the secret that opskit knows: its hashes are sent
-- and compared here, none is read. The right to do so is optional.
SELECT s."Type",
       s."Value" = ANY(%(hashes)s::text[]) AS matches,
       length(s."Value") IN (44, 88) AS hashed,
       s."Expiration",
       coalesce(s."Expiration" <= (now() AT TIME ZONE 'utc'), false) AS expired
FROM {schema}."ClientSecrets" AS s
JOIN {schema}."Clients" AS c ON c."Id" = s."ClientId"
WHERE c."ClientId" = %(client_id)s::text
ORDER BY s."Expiration", s."Type"
