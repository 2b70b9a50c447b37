-- Removes opskit's own schema with the last of its tables. It stays if it holds anything else, or
-- if this login could not make it anew.
IF SCHEMA_ID(N'opskit') IS NOT NULL
  AND HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'CREATE SCHEMA') = 1
  AND NOT EXISTS (SELECT 1 FROM sys.objects WHERE schema_id = SCHEMA_ID(N'opskit'))
  AND NOT EXISTS (SELECT 1 FROM sys.types WHERE schema_id = SCHEMA_ID(N'opskit'))
  EXEC (N'DROP SCHEMA [opskit]')
