-- Gives the role to a login, which keeps its own password.
GRANT "opskit_operator" TO {login}
