-- Which revision of the journal's schema is here; its table is Alembic's, in our own schema.
SELECT [version_num]
FROM [opskit].[alembic_version]
