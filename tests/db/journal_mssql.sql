-- Copyright 2026 The opskit authors
-- SPDX-License-Identifier: Apache-2.0
-- The journal, as opskit's own migrations make it.
CREATE TABLE [opskit].[alembic_version] ([version_num] varchar(32) NOT NULL PRIMARY KEY);
INSERT INTO [opskit].[alembic_version] VALUES ('0001');
CREATE TABLE [opskit].[lifetime_change] (
    [id] bigint NOT NULL IDENTITY PRIMARY KEY,
    [change_set] nvarchar(40) NOT NULL,
    [changed_at] datetime2 NOT NULL DEFAULT SYSUTCDATETIME(),
    [environment] nvarchar(200) NOT NULL,
    [client_id] nvarchar(200) NOT NULL,
    [client_name] nvarchar(200) NULL,
    [old_lifetime] int NOT NULL,
    [new_lifetime] int NOT NULL,
    [actor] nvarchar(200) NOT NULL,
    [login] nvarchar(200) NOT NULL DEFAULT ORIGINAL_LOGIN(),
    [reason] nvarchar(1000) NULL,
    [tool_version] nvarchar(50) NOT NULL,
    [plan_hash] nvarchar(64) NULL,
    [reverts] nvarchar(40) NULL,
    [verification] nvarchar(20) NOT NULL DEFAULT 'pending'
);
