-- The grants that a client may use; the right to read them is optional.
SELECT g.[GrantType]
FROM {schema}.[ClientGrantTypes] AS g
JOIN {schema}.[Clients] AS c ON c.[Id] = g.[ClientId]
WHERE c.[ClientId] = ?
ORDER BY g.[GrantType]
