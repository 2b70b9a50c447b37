-- What this login may do with the columns that opskit reads and writes.
SELECT has_schema_privilege(n.oid, 'USAGE')
         AND has_column_privilege(c.oid, 'ClientId', 'SELECT')
         AND has_column_privilege(c.oid, 'AccessTokenLifetime', 'SELECT') AS may_read,
       has_column_privilege(c.oid, 'ClientName', 'SELECT')
         AND has_column_privilege(c.oid, 'Enabled', 'SELECT') AS may_read_names,
       has_column_privilege(c.oid, 'AccessTokenLifetime', 'UPDATE') AS may_write,
       has_any_column_privilege(c.oid, 'INSERT')
         OR has_table_privilege(c.oid, 'DELETE')
         OR has_table_privilege(c.oid, 'TRUNCATE') AS may_do_more,
       (SELECT has_schema_privilege(jn.oid, 'USAGE')
                 AND has_table_privilege(j.oid, 'SELECT')
                 AND has_any_column_privilege(j.oid, 'INSERT')
                 AND has_column_privilege(j.oid, 'verification', 'UPDATE')
        FROM pg_catalog.pg_class AS j
        JOIN pg_catalog.pg_namespace AS jn ON jn.oid = j.relnamespace
        WHERE jn.nspname = 'opskit'
          AND j.relname = 'lifetime_change') AS may_journal
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s
  AND c.relname = 'Clients'
