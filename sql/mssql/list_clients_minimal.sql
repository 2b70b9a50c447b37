-- The same for a login that may read nothing but these two columns.
SELECT [ClientId], NULL AS [ClientName], [AccessTokenLifetime], NULL AS [Enabled]
FROM {schema}.[Clients]
ORDER BY [ClientId]
