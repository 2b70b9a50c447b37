-- Clients to be read.
INSERT INTO #opskit_rows ([client_id])
VALUES {rows}
