-- Copyright 2026 The opskit authors
-- SPDX-License-Identifier: Apache-2.0
-- IdentityServer4's table of clients as EF Core makes it on SQL Server.
CREATE TABLE [__EFMigrationsHistory] (
    [MigrationId] nvarchar(150) NOT NULL PRIMARY KEY,
    [ProductVersion] nvarchar(32) NOT NULL
);
CREATE TABLE [Clients] (
    [Id] int NOT NULL IDENTITY PRIMARY KEY,
    [Enabled] bit NOT NULL DEFAULT 1,
    [ClientId] nvarchar(200) NOT NULL,
    [ProtocolType] nvarchar(200) NOT NULL DEFAULT 'oidc',
    [RequireClientSecret] bit NOT NULL DEFAULT 1,
    [ClientName] nvarchar(200) NULL,
    [Description] nvarchar(1000) NULL,
    [ClientUri] nvarchar(2000) NULL,
    [LogoUri] nvarchar(2000) NULL,
    [RequireConsent] bit NOT NULL DEFAULT 0,
    [AllowRememberConsent] bit NOT NULL DEFAULT 1,
    [AlwaysIncludeUserClaimsInIdToken] bit NOT NULL DEFAULT 0,
    [RequirePkce] bit NOT NULL DEFAULT 0,
    [AllowPlainTextPkce] bit NOT NULL DEFAULT 0,
    [RequireRequestObject] bit NOT NULL DEFAULT 0,
    [AllowAccessTokensViaBrowser] bit NOT NULL DEFAULT 0,
    [FrontChannelLogoutUri] nvarchar(2000) NULL,
    [FrontChannelLogoutSessionRequired] bit NOT NULL DEFAULT 1,
    [BackChannelLogoutUri] nvarchar(2000) NULL,
    [BackChannelLogoutSessionRequired] bit NOT NULL DEFAULT 1,
    [AllowOfflineAccess] bit NOT NULL DEFAULT 0,
    [IdentityTokenLifetime] int NOT NULL DEFAULT 300,
    [AllowedIdentityTokenSigningAlgorithms] nvarchar(100) NULL,
    [AccessTokenLifetime] int NOT NULL DEFAULT 3600,
    [AuthorizationCodeLifetime] int NOT NULL DEFAULT 300,
    [ConsentLifetime] int NULL,
    [AbsoluteRefreshTokenLifetime] int NOT NULL DEFAULT 2592000,
    [SlidingRefreshTokenLifetime] int NOT NULL DEFAULT 1296000,
    [RefreshTokenUsage] int NOT NULL DEFAULT 1,
    [UpdateAccessTokenClaimsOnRefresh] bit NOT NULL DEFAULT 0,
    [RefreshTokenExpiration] int NOT NULL DEFAULT 1,
    [AccessTokenType] int NOT NULL DEFAULT 0,
    [EnableLocalLogin] bit NOT NULL DEFAULT 1,
    [IncludeJwtId] bit NOT NULL DEFAULT 1,
    [AlwaysSendClientClaims] bit NOT NULL DEFAULT 0,
    [ClientClaimsPrefix] nvarchar(200) NULL,
    [PairWiseSubjectSalt] nvarchar(200) NULL,
    [Created] datetime2 NOT NULL DEFAULT SYSUTCDATETIME(),
    [Updated] datetime2 NULL,
    [LastAccessed] datetime2 NULL,
    [UserSsoLifetime] int NULL,
    [UserCodeType] nvarchar(100) NULL,
    [DeviceCodeLifetime] int NOT NULL DEFAULT 300,
    [NonEditable] bit NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX [IX_Clients_ClientId] ON [Clients] ([ClientId]);

-- What belongs to a client; without foreign keys, so that tests may break any table alone.
CREATE TABLE [ClientSecrets] (
    [Id] int NOT NULL IDENTITY PRIMARY KEY,
    [Description] nvarchar(2000) NULL,
    [Value] nvarchar(4000) NOT NULL,
    [Expiration] datetime2 NULL,
    [Type] nvarchar(250) NOT NULL,
    [Created] datetime2 NOT NULL DEFAULT SYSUTCDATETIME(),
    [ClientId] int NOT NULL
);
CREATE TABLE [ClientScopes] (
    [Id] int NOT NULL IDENTITY PRIMARY KEY,
    [Scope] nvarchar(200) NOT NULL,
    [ClientId] int NOT NULL
);
CREATE TABLE [ClientGrantTypes] (
    [Id] int NOT NULL IDENTITY PRIMARY KEY,
    [GrantType] nvarchar(250) NOT NULL,
    [ClientId] int NOT NULL
);
