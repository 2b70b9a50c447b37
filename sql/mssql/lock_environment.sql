-- One change at a time in this database. The lock ends with the transaction, or with the
-- connection if the process is killed. A negative result means that it was not had in time.
-- The database's name is in it for servers whose databases have such locks in common.
DECLARE @result int, @resource nvarchar(255) = N'opskit ' + DB_NAME();
EXEC @result = sp_getapplock
    @Resource = @resource,
    @LockMode = 'Exclusive',
    @LockOwner = 'Transaction',
    @LockTimeout = ?;
SELECT @result AS [result]
