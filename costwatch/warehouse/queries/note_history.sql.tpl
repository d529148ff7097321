-- Let a history say of an instant what its table says now: only what differs from it is written.
INSERT OR REPLACE INTO {table}_history ({keys}, {values}, known_at)
SELECT *, :as_of
FROM (
  SELECT {keys}, {values} FROM (SELECT {keys}, {values} FROM {table} EXCEPT {as_known})
  UNION ALL
  SELECT {keys}, {nothing} FROM ({as_known}) WHERE ({keys}) NOT IN (SELECT {keys} FROM {table})
)
