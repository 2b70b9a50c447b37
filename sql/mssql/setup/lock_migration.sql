-- The lock that every change takes, while the journal's tables are made or removed. It ends with
-- the transaction, or with the connection if the process is killed. The answer is below 0 when
-- somebody else held it all the time.
DECLARE @lock int;
EXEC @lock = sp_getapplock @Resource = N'opskit', @LockMode = N'Exclusive',
  @LockOwner = N'Transaction', @LockTimeout = ?;
SELECT @lock
