-- What the role may do in this database, and which users have it: a line of text for each.
-- Babelfish does not list the rights: there a run is told to have changed something only when it made
-- the role or gave it to somebody.
SELECT N'the role opskit_operator'
FROM sys.database_principals
WHERE name = N'opskit_operator'
UNION ALL
SELECT CONCAT(N'the role for ', u.name)
FROM sys.database_role_members AS given
JOIN sys.database_principals AS u ON u.principal_id = given.member_principal_id
WHERE given.role_principal_id = DATABASE_PRINCIPAL_ID(N'opskit_operator')
UNION ALL
SELECT CONCAT(p.permission_name, N' on ', SCHEMA_NAME(o.schema_id), N'.', o.name,
              N' (' + COL_NAME(p.major_id, NULLIF(p.minor_id, 0)) + N')')
FROM sys.database_permissions AS p
JOIN sys.objects AS o ON o.object_id = p.major_id
WHERE p.class = 1
  AND p.state IN (N'G', N'W')
  AND p.grantee_principal_id = DATABASE_PRINCIPAL_ID(N'opskit_operator')
