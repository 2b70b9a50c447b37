-- Makes the role that opskit's login needs day by day, which nobody can log in with. It belongs to
-- the whole server, its rights to one database; in another one somebody may be making it just now.
DO $opskit$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'opskit_operator') THEN
    CREATE ROLE "opskit_operator" NOLOGIN;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;
END
$opskit$
