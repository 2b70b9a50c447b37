-- One change at a time in this database. The lock ends with the transaction, or with the
-- connection if the process is killed. A negative result means that it was not had in time.
SET NOCOUNT ON;
DECLARE @result int;
EXEC @result = sp_getapplock
    @Resource = N'opskit',
    @LockMode = 'Exclusive',
    @LockOwner = 'Transaction',
    @LockTimeout = ?;
SELECT @result AS [result]
