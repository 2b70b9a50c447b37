-- How many records a downgrade removes.
SELECT count(*)
FROM "opskit"."lifetime_change"
