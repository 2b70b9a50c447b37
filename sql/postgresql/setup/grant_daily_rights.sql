-- What opskit needs day by day: exactly these rights, and no more.

-- Only where PUBLIC may not connect.
DO $opskit$
BEGIN
  IF NOT has_database_privilege('opskit_operator', current_database(), 'CONNECT') THEN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO "opskit_operator"', current_database());
  END IF;
END
$opskit$;

-- Creatio's table: four columns and the key are read, one is written.
GRANT USAGE ON SCHEMA {schema} TO "opskit_operator";
GRANT SELECT ("Id", "ClientId", "ClientName", "Enabled", "AccessTokenLifetime"),
      UPDATE ("AccessTokenLifetime")
  ON {schema}."Clients" TO "opskit_operator";

-- The journal: read and added to. Number, time and login are stamped by the server, and what became
-- of a change is the only thing that is noted later.
GRANT USAGE ON SCHEMA "opskit" TO "opskit_operator";
GRANT SELECT,
      INSERT (change_set, environment, client_id, client_name, old_lifetime, new_lifetime,
              actor, reason, tool_version, plan_hash, reverts),
      UPDATE (verification)
  ON "opskit"."lifetime_change" TO "opskit_operator";
GRANT SELECT ON "opskit"."alembic_version" TO "opskit_operator"
