-- Where a table of this name is, whatever its schema: explains a missing one.
SELECT [TABLE_SCHEMA], [TABLE_NAME]
FROM INFORMATION_SCHEMA.TABLES
WHERE LOWER([TABLE_NAME]) = N'clients'
ORDER BY [TABLE_SCHEMA], [TABLE_NAME]
