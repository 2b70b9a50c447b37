-- The lifetimes of some clients, read anew after a change.
SELECT c.[ClientId], c.[AccessTokenLifetime]
FROM {schema}.[Clients] AS c,
     (VALUES {rows}) AS wanted ([client_id])
WHERE c.[ClientId] = wanted.[client_id]
