-- What the role may do in this database, and which logins have it: a line of text for each. Who
-- made the role may give it to others, which is another thing than having it.
SELECT 'the role opskit_operator'
FROM pg_catalog.pg_roles
WHERE rolname = 'opskit_operator'
UNION ALL
SELECT format('the role for %I', login.rolname)
FROM pg_catalog.pg_auth_members AS given
JOIN pg_catalog.pg_roles AS login ON login.oid = given.member
WHERE given.roleid = to_regrole('opskit_operator')
  AND NOT given.admin_option
UNION ALL
SELECT format('%s on database %I', acl.privilege_type, d.datname)
FROM pg_catalog.pg_database AS d, aclexplode(d.datacl) AS acl
WHERE acl.grantee = to_regrole('opskit_operator')
  AND d.datname = current_database()
UNION ALL
SELECT format('%s on schema %I', acl.privilege_type, n.nspname)
FROM pg_catalog.pg_namespace AS n, aclexplode(n.nspacl) AS acl
WHERE acl.grantee = to_regrole('opskit_operator')
UNION ALL
SELECT format('%s on %I.%I', acl.privilege_type, n.nspname, c.relname)
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS acl
WHERE acl.grantee = to_regrole('opskit_operator')
UNION ALL
SELECT format('%s on %I.%I (%I)', acl.privilege_type, n.nspname, c.relname, a.attname)
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(a.attacl) AS acl
WHERE acl.grantee = to_regrole('opskit_operator')
