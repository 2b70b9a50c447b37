-- The lock that every change takes, while the journal's tables are made or removed. It ends with
-- the transaction, or with the connection if the process is killed. The answer is below 0 when it
-- was not had in time. The milliseconds are no parameter of the first statement in T-SQL: opskit
-- puts a whole number there and nothing else. Not under SET NOCOUNT ON, which would stay, and take
-- from Alembic the counts of rows that it relies on.
SET LOCK_TIMEOUT {milliseconds};
DECLARE @lock int;
EXEC @lock = sp_getapplock @Resource = N'opskit', @LockMode = N'Exclusive',
  @LockOwner = N'Transaction', @LockTimeout = {milliseconds};
SELECT @lock
