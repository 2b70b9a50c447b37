-- Copyright 2026 The opskit authors
-- SPDX-License-Identifier: Apache-2.0
-- What else IdentityServer4 reads of a client before it issues a token, as EF Core makes it.
CREATE TABLE [ClientSecrets] (
    [Id] int NOT NULL IDENTITY PRIMARY KEY,
    [Description] nvarchar(2000) NULL,
    [Value] nvarchar(4000) NOT NULL,
    [Expiration] datetime2 NULL,
    [Type] nvarchar(250) NOT NULL,
    [Created] datetime2 NOT NULL DEFAULT SYSUTCDATETIME(),
    [ClientId] int NOT NULL REFERENCES [Clients] ([Id]) ON DELETE CASCADE
);
CREATE TABLE [ClientScopes] (
    [Id] int NOT NULL IDENTITY PRIMARY KEY,
    [Scope] nvarchar(200) NOT NULL,
    [ClientId] int NOT NULL REFERENCES [Clients] ([Id]) ON DELETE CASCADE
);
CREATE TABLE [ClientGrantTypes] (
    [Id] int NOT NULL IDENTITY PRIMARY KEY,
    [GrantType] nvarchar(250) NOT NULL,
    [ClientId] int NOT NULL REFERENCES [Clients] ([Id]) ON DELETE CASCADE
);
