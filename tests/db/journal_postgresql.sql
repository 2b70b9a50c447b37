-- Copyright 2026 The opskit authors
-- SPDX-License-Identifier: Apache-2.0
-- The journal, as opskit's own migrations make it.
CREATE SCHEMA opskit;
CREATE TABLE opskit.alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO opskit.alembic_version VALUES ('0001');
CREATE TABLE opskit.lifetime_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    change_set varchar(40) NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    environment varchar(200) NOT NULL,
    client_id varchar(200) NOT NULL,
    client_name varchar(200),
    old_lifetime integer NOT NULL,
    new_lifetime integer NOT NULL,
    actor varchar(200) NOT NULL,
    login varchar(200) NOT NULL DEFAULT session_user,
    reason varchar(1000),
    tool_version varchar(50) NOT NULL,
    plan_hash varchar(64),
    reverts varchar(40),
    verification varchar(20) NOT NULL DEFAULT 'pending'
);
