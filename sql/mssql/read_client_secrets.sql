-- A client's secrets, and whether one of them is the secret that opskit knows: its hashes are sent
-- and compared here, none is read. The right to do so is optional.
SELECT s.[Type],
       CASE WHEN s.[Value] IN (?, ?) THEN 1 ELSE 0 END AS matches,
       CASE WHEN LEN(s.[Value]) IN (44, 88) THEN 1 ELSE 0 END AS hashed,
       s.[Expiration],
       CASE WHEN s.[Expiration] <= SYSUTCDATETIME() THEN 1 ELSE 0 END AS expired
FROM {schema}.[ClientSecrets] AS s
JOIN {schema}.[Clients] AS c ON c.[Id] = s.[ClientId]
WHERE c.[ClientId] = ?
ORDER BY s.[Expiration], s.[Type]
