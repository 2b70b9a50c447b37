-- Copyright 2026 The opskit authors
-- SPDX-License-Identifier: Apache-2.0
-- One integration as Creatio registers it: its client, and the app with its system user.

WITH client AS (
    INSERT INTO "Clients" (
        "Enabled", "ClientId", "ProtocolType", "RequireClientSecret", "ClientName",
        "RequireConsent", "AllowRememberConsent", "AlwaysIncludeUserClaimsInIdToken",
        "RequirePkce", "AllowPlainTextPkce", "RequireRequestObject", "AllowAccessTokensViaBrowser",
        "FrontChannelLogoutSessionRequired", "BackChannelLogoutSessionRequired",
        "AllowOfflineAccess", "IdentityTokenLifetime", "AccessTokenLifetime",
        "AuthorizationCodeLifetime", "AbsoluteRefreshTokenLifetime", "SlidingRefreshTokenLifetime",
        "RefreshTokenUsage", "UpdateAccessTokenClaimsOnRefresh", "RefreshTokenExpiration",
        "AccessTokenType", "EnableLocalLogin", "IncludeJwtId", "AlwaysSendClientClaims",
        "ClientClaimsPrefix", "Created", "DeviceCodeLifetime", "NonEditable"
    ) VALUES (
        %(enabled)s, %(client_id)s, 'oidc', true, %(name)s,
        false, true, false,
        false, false, false, false,
        true, true,
        false, 300, %(lifetime)s,
        300, 2592000, 1296000,
        1, false, 1,
        0, true, true, false,
        'client_', timestamp '2025-03-10 08:00:00', 300, false
    )
    RETURNING "Id"
), secret AS (
    INSERT INTO "ClientSecrets" ("Value", "Type", "Created", "ClientId")
    SELECT %(secret_hash)s, 'SharedSecret', timestamp '2025-03-10 08:00:00', "Id" FROM client
), scope AS (
    INSERT INTO "ClientScopes" ("Scope", "ClientId")
    SELECT %(scope)s, "Id" FROM client
), grant_type AS (
    INSERT INTO "ClientGrantTypes" ("GrantType", "ClientId")
    SELECT unnest(%(grants)s::text[]), "Id" FROM client
), creatio_user AS (
    INSERT INTO "SysAdminUnit" ("Name") VALUES (%(user)s) RETURNING "Id"
)
INSERT INTO "OAuthClientApp" ("Name", "ClientId", "SystemUserId")
SELECT %(name)s, %(client_id)s, "Id" FROM creatio_user;
