-- Makes the role that opskit's login needs day by day. It counts for this database only.
IF DATABASE_PRINCIPAL_ID(N'opskit_operator') IS NULL
  CREATE ROLE [opskit_operator]
