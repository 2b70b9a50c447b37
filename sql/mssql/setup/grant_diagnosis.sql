-- Optional: lets opskit say why a client gets no token. The hash of the secret that it knows is
-- compared on the server, and none is read; whoever else has this login could read the hashes,
-- and cannot tell the secrets from them.
GRANT SELECT ([RequireClientSecret], [ProtocolType])
  ON {schema}.[Clients] TO [opskit_operator];
GRANT SELECT ([ClientId], [Type], [Value], [Expiration])
  ON {schema}.[ClientSecrets] TO [opskit_operator];
GRANT SELECT ([ClientId], [GrantType])
  ON {schema}.[ClientGrantTypes] TO [opskit_operator];
GRANT SELECT ([ClientId], [Scope])
  ON {schema}.[ClientScopes] TO [opskit_operator]
