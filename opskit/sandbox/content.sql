-- Copyright 2026 The opskit authors
-- SPDX-License-Identifier: Apache-2.0
-- The rows of every environment that do not depend on it.

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion") VALUES
    ('20200703120427_InitialIdentityServerConfigurationDb', '3.1.5'),
    ('20200703120438_InitialIdentityServerPersistedGrantDb', '3.1.5');

INSERT INTO "Account"
    ("Id", "CreatedOn", "ModifiedOn", "Name", "Code", "Phone", "Web", "EmployeesNumber")
VALUES
    ('405947d0-2ffb-4ded-8675-0475f19f5a81', '2024-02-12 09:30:00', '2025-01-20 14:05:11',
     'Accom (sample)', 'A-17', '+1 617 555 0142', 'www.accom.example', 120),
    ('e308b781-3c5b-4ecb-89ef-5c1ed4da488e', '2010-09-22 12:54:53', '2024-11-03 07:41:30',
     'Our company', 'A-1', '', '', 0),
    ('7a3d5f0e-94b1-4c60-a1f9-3be2c1d0a6f4', '2024-05-06 16:20:00', '2025-02-18 10:12:45',
     'Alpha Logistics (sample)', 'A-23', '+44 20 5550 0187', 'alpha-logistics.example', 45),
    ('c2f8a9b4-6d1e-4f37-8b5c-90e7d4a3b215', '2024-08-19 11:00:00', '2024-12-09 13:37:02',
     'O''Hara & Sons (sample)', 'A-31', '+353 1 555 0199', 'ohara.example', 12);
