-- Every client with what `opskit lifetime list` shows.
SELECT [ClientId], [ClientName], [AccessTokenLifetime], [Enabled]
FROM {schema}.[Clients]
ORDER BY [ClientName], [ClientId]
