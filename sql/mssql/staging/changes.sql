-- Changes to be made, and recorded. A parameter that is NULL has no type, so whether there is a name
-- is a value of its own.
INSERT INTO #opskit_rows ([client_id], [has_name], [client_name], [old], [new])
VALUES {rows}
