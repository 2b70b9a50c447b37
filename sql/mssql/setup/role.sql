-- The role that opskit's login needs day by day: exactly these rights, and no more.
--
-- A DBA runs it once the journal is there (opskit db upgrade):
--   sqlcmd -b -d DATABASE -i role.sql
-- and then gives the role to a login, which keeps its own password:
--   CREATE USER [opskit] FOR LOGIN [opskit];
--   ALTER ROLE [opskit_operator] ADD MEMBER [opskit];
-- It is safe to run again, and counts for this database only. If Clients is in another schema,
-- replace [dbo].

SET XACT_ABORT ON;
BEGIN TRANSACTION;

IF DATABASE_PRINCIPAL_ID(N'opskit_operator') IS NULL
  CREATE ROLE [opskit_operator];

-- Creatio's table: four columns and the key are read, one is written.
GRANT SELECT ([Id], [ClientId], [ClientName], [Enabled], [AccessTokenLifetime])
  ON [dbo].[Clients] TO [opskit_operator];
GRANT UPDATE ([AccessTokenLifetime]) ON [dbo].[Clients] TO [opskit_operator];

-- Optional: lets opskit say why a client gets no token. The hash of the secret that it knows is
-- compared on the server, and none is read; whoever else has this login could read the hashes,
-- and cannot tell the secrets from them.
-- GRANT SELECT ([RequireClientSecret], [ProtocolType])
--   ON [dbo].[Clients] TO [opskit_operator];
-- GRANT SELECT ([ClientId], [Type], [Value], [Expiration])
--   ON [dbo].[ClientSecrets] TO [opskit_operator];
-- GRANT SELECT ([ClientId], [GrantType])
--   ON [dbo].[ClientGrantTypes] TO [opskit_operator];
-- GRANT SELECT ([ClientId], [Scope])
--   ON [dbo].[ClientScopes] TO [opskit_operator];

-- The journal: read and added to; what became of a change is the only thing that is noted later.
-- SQL Server has no INSERT by column. Time and login are stamped by the server when opskit writes,
-- but whoever has this role's login and another tool could insert a row that names others. Rows
-- that are there can be neither changed nor removed.
GRANT SELECT, INSERT ON [opskit].[lifetime_change] TO [opskit_operator];
GRANT UPDATE ([verification]) ON [opskit].[lifetime_change] TO [opskit_operator];
GRANT SELECT ON [opskit].[alembic_version] TO [opskit_operator];

COMMIT;
GO
