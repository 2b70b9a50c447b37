-- Copyright 2026 The opskit authors
-- SPDX-License-Identifier: Apache-2.0
-- What the two login roles may do in one environment's database: opskit the least that it needs;
-- the sandbox's own servers own the Identity Service's tables and read the rest, but for the few
-- things that a fault in the rows changes.

GRANT USAGE ON SCHEMA public TO opskit, sandbox;

GRANT SELECT ("Id", "ClientId", "ClientName", "Enabled", "AccessTokenLifetime", "AccessTokenType",
        "RequireClientSecret", "ProtocolType"),
    UPDATE ("AccessTokenLifetime")
    ON "Clients" TO opskit;
GRANT SELECT ("ClientId", "Type", "Value", "Expiration") ON "ClientSecrets" TO opskit;
GRANT SELECT ON "ClientScopes", "ClientGrantTypes" TO opskit;

-- Its own journal it may make and remove, as a DBA would prepare it.
CREATE SCHEMA opskit AUTHORIZATION opskit;

-- Where a fault moves the Identity Service's tables to.
CREATE SCHEMA identity;
GRANT USAGE ON SCHEMA identity TO opskit, sandbox;
GRANT CREATE ON SCHEMA public, identity TO sandbox;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO sandbox;
ALTER TABLE "Clients" OWNER TO sandbox;
ALTER TABLE "ClientSecrets" OWNER TO sandbox;
ALTER TABLE "ClientScopes" OWNER TO sandbox;
ALTER TABLE "ClientGrantTypes" OWNER TO sandbox;
GRANT UPDATE ("ClientId") ON "OAuthClientApp" TO sandbox;
GRANT UPDATE ("Active") ON "SysAdminUnit" TO sandbox;
