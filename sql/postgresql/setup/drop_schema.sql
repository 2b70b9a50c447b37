-- Removes opskit's own schema with the last of its tables. It stays if it holds anything else, or
-- if this login could not make it anew.
DO $opskit$
BEGIN
  IF has_database_privilege(current_database(), 'CREATE') THEN
    DROP SCHEMA IF EXISTS "opskit" RESTRICT;
  END IF;
EXCEPTION WHEN dependent_objects_still_exist THEN
  RAISE NOTICE 'The schema opskit stays: it holds something that is not opskit''s.';
END
$opskit$
