-- Makes opskit's own schema, unless somebody who may has made it for this login already. Not by
-- IF NOT EXISTS, which wants the right to create schemas even where there is nothing to create.
DO $opskit$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'opskit') THEN
    CREATE SCHEMA "opskit";
  END IF;
END
$opskit$
