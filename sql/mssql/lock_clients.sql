-- The present lifetimes of the clients to change, held until the transaction ends.
SELECT c.[ClientId], c.[AccessTokenLifetime]
FROM {schema}.[Clients] AS c WITH (UPDLOCK, ROWLOCK),
     (VALUES {rows}) AS wanted ([client_id])
WHERE c.[ClientId] = wanted.[client_id]
ORDER BY c.[ClientId]
