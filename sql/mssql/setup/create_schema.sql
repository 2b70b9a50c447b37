-- Makes opskit's own schema, unless somebody who may has made it for this login already. By EXEC,
-- because CREATE SCHEMA must stand alone in its batch.
IF SCHEMA_ID(N'opskit') IS NULL
  EXEC (N'CREATE SCHEMA [opskit]')
