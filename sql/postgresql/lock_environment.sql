-- One change at a time in this database. The lock ends with the transaction, or with the
-- connection if the process is killed. The number is opskit's own and has no other meaning.
SELECT pg_advisory_xact_lock(7236834018519)
