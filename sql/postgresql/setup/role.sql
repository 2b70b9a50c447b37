-- The role that opskit's login needs day by day: exactly these rights, and no more.
--
-- A DBA runs it once the journal is there (opskit db upgrade):
--   psql -v ON_ERROR_STOP=1 -d DATABASE -f role.sql
-- and then gives the role to a login, which keeps its own password:
--   GRANT opskit_operator TO "opskit";
--   GRANT CONNECT ON DATABASE "identity" TO "opskit";  -- where PUBLIC may not
-- It is safe to run again. The role belongs to the whole server, its rights to this database: run
-- it in each database of an Identity Service. If Clients is in another schema, replace "public".

BEGIN;

DO $opskit$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'opskit_operator') THEN
    CREATE ROLE "opskit_operator" NOLOGIN;
  END IF;
END
$opskit$;

-- Creatio's table: four columns and the key are read, one is written.
GRANT USAGE ON SCHEMA "public" TO "opskit_operator";
GRANT SELECT ("Id", "ClientId", "ClientName", "Enabled", "AccessTokenLifetime"),
      UPDATE ("AccessTokenLifetime")
  ON "public"."Clients" TO "opskit_operator";

-- Optional: lets opskit say why a client gets no token. The hash of the secret that it knows is
-- compared on the server, and none is read; whoever else has this login could read the hashes,
-- and cannot tell the secrets from them.
-- GRANT SELECT ("RequireClientSecret", "ProtocolType")
--   ON "public"."Clients" TO "opskit_operator";
-- GRANT SELECT ("ClientId", "Type", "Value", "Expiration")
--   ON "public"."ClientSecrets" TO "opskit_operator";
-- GRANT SELECT ("ClientId", "GrantType")
--   ON "public"."ClientGrantTypes" TO "opskit_operator";
-- GRANT SELECT ("ClientId", "Scope")
--   ON "public"."ClientScopes" TO "opskit_operator";

-- The journal: read and added to. Number, time and login are stamped by the server, and what became
-- of a change is the only thing that is noted later.
GRANT USAGE ON SCHEMA "opskit" TO "opskit_operator";
GRANT SELECT,
      INSERT (change_set, environment, client_id, client_name, old_lifetime, new_lifetime,
              actor, reason, tool_version, plan_hash, reverts),
      UPDATE (verification)
  ON "opskit"."lifetime_change" TO "opskit_operator";
GRANT SELECT ON "opskit"."alembic_version" TO "opskit_operator";

COMMIT;
