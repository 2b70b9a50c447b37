-- What fresh tokens said of a change: the only column of the journal that is ever updated. The id
-- is compared as it is, case and blanks at the end included. The first comparison is for the index:
-- the journal's ids have the collation of the database, and those of Clients may have another.
UPDATE [opskit].[lifetime_change]
SET [verification] = result.[verification]
FROM #opskit_rows AS result
WHERE [lifetime_change].[change_set] = ?
  AND [lifetime_change].[client_id] = result.[client_id] COLLATE DATABASE_DEFAULT
  AND [lifetime_change].[client_id] = result.[client_id] COLLATE Latin1_General_BIN2
  AND DATALENGTH([lifetime_change].[client_id]) = DATALENGTH(result.[client_id])
