-- What splits told, looked up once a slice, not once a fact.
CROSS JOIN (
  WITH told AS MATERIALIZED (SELECT id, {values} FROM slice{within})
  SELECT * FROM told
) tags ON tags.id = s.id
