-- How many records a downgrade removes.
SELECT COUNT(*)
FROM [opskit].[lifetime_change]
