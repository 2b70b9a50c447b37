-- What fresh tokens said of a change: the only column of the journal that is ever updated. The id
-- is compared as it is, case and blanks at the end included.
UPDATE [opskit].[lifetime_change]
SET [verification] = result.[verification]
OUTPUT inserted.[client_id]
FROM #opskit_rows AS result
WHERE [lifetime_change].[change_set] = ?
  AND [lifetime_change].[client_id] = result.[client_id]
  AND [lifetime_change].[client_id] = result.[client_id] COLLATE Latin1_General_BIN2
  AND DATALENGTH([lifetime_change].[client_id]) = DATALENGTH(result.[client_id])
