-- How long this session waits for a lock. The milliseconds are no parameter in T-SQL: opskit puts
-- a whole number there and nothing else.
SET LOCK_TIMEOUT {milliseconds}
