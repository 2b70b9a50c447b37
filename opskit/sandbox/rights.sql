-- Copyright 2026 The opskit authors
-- SPDX-License-Identifier: Apache-2.0
-- What the two login roles may do in one environment's database: opskit the least that it needs,
-- the sandbox's own servers read only.

GRANT USAGE ON SCHEMA public TO opskit, sandbox;

GRANT SELECT ("Id", "ClientId", "ClientName", "Enabled", "AccessTokenLifetime", "AccessTokenType"),
    UPDATE ("AccessTokenLifetime")
    ON "Clients" TO opskit;
GRANT SELECT ("ClientId", "Type", "Value", "Expiration") ON "ClientSecrets" TO opskit;
GRANT SELECT ON "ClientScopes", "ClientGrantTypes" TO opskit;

-- Its own journal it may make and remove, as a DBA would prepare it.
CREATE SCHEMA opskit AUTHORIZATION opskit;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO sandbox;
