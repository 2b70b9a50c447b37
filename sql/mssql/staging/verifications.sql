-- What fresh tokens said, to be noted.
INSERT INTO #opskit_rows ([client_id], [verification])
VALUES {rows}
