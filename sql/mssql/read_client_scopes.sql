-- The scopes that a client may have; the right to read them is optional.
SELECT s.[Scope]
FROM {schema}.[ClientScopes] AS s
JOIN {schema}.[Clients] AS c ON c.[Id] = s.[ClientId]
WHERE c.[ClientId] = ?
ORDER BY s.[Scope]
