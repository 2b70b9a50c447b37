-- What opskit needs day by day: exactly these rights, and no more.

-- Creatio's table: four columns and the key are read, one is written.
GRANT SELECT ([Id], [ClientId], [ClientName], [Enabled], [AccessTokenLifetime])
  ON {schema}.[Clients] TO [opskit_operator];
GRANT UPDATE ([AccessTokenLifetime]) ON {schema}.[Clients] TO [opskit_operator];

-- The journal: read and added to; what became of a change is the only thing that is noted later.
-- SQL Server has no INSERT by column. Time and login are stamped by the server when opskit writes,
-- but whoever has this role's login and another tool could insert a row that names others. Rows
-- that are there can be neither changed nor removed.
GRANT SELECT, INSERT ON [opskit].[lifetime_change] TO [opskit_operator];
GRANT UPDATE ([verification]) ON [opskit].[lifetime_change] TO [opskit_operator];
GRANT SELECT ON [opskit].[alembic_version] TO [opskit_operator]
