-- Gives the role to a login, which keeps its own password and becomes a user of this database unless
-- it is one.
IF DATABASE_PRINCIPAL_ID({name}) IS NULL
  CREATE USER {login} FOR LOGIN {login};
ALTER ROLE [opskit_operator] ADD MEMBER {login}
