-- The present lifetimes of the clients to change, held until the transaction ends.
SELECT c.[ClientId], c.[AccessTokenLifetime]
FROM {schema}.[Clients] AS c WITH (UPDLOCK, ROWLOCK),
     #opskit_rows AS wanted
WHERE c.[ClientId] = wanted.[client_id]
ORDER BY c.[ClientId]
