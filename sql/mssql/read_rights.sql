-- What this login may do with the columns that opskit reads and writes. A table that it may do
-- nothing with is hidden from it, as if there were none: the first and the last value are NULL.
-- Babelfish hides one too on which there are rights by column only, but tells of those.
SET NOCOUNT ON;
DECLARE @table nvarchar(300) = ?, @journal nvarchar(300) = N'[opskit].[lifetime_change]';
SELECT CASE WHEN HAS_PERMS_BY_NAME(@table, 'OBJECT', 'SELECT', 'ClientId', 'COLUMN') = 1
             AND HAS_PERMS_BY_NAME(@table, 'OBJECT', 'SELECT', 'AccessTokenLifetime', 'COLUMN') = 1
         THEN 1
         WHEN OBJECT_ID(@table) IS NOT NULL THEN 0
       END AS may_read,
       HAS_PERMS_BY_NAME(@table, 'OBJECT', 'SELECT', 'ClientName', 'COLUMN')
         * HAS_PERMS_BY_NAME(@table, 'OBJECT', 'SELECT', 'Enabled', 'COLUMN') AS may_read_names,
       HAS_PERMS_BY_NAME(@table, 'OBJECT', 'UPDATE', 'AccessTokenLifetime', 'COLUMN') AS may_write,
       CASE WHEN 1 IN (HAS_PERMS_BY_NAME(@table, 'OBJECT', 'INSERT'),
                       HAS_PERMS_BY_NAME(@table, 'OBJECT', 'DELETE'),
                       HAS_PERMS_BY_NAME(@table, 'OBJECT', 'ALTER'))
         THEN 1 ELSE 0
       END AS may_do_more,
       CASE WHEN HAS_PERMS_BY_NAME(@journal, 'OBJECT', 'SELECT') = 1
             AND HAS_PERMS_BY_NAME(@journal, 'OBJECT', 'INSERT') = 1
             AND HAS_PERMS_BY_NAME(@journal, 'OBJECT', 'UPDATE', 'verification', 'COLUMN') = 1
         THEN 1
         WHEN OBJECT_ID(@journal) IS NOT NULL THEN 0
       END AS may_journal
