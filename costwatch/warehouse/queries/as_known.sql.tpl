-- The rows of a table as its history has them at an instant.
SELECT {keys}, {values}
FROM (SELECT {keys}, {values}, MAX(known_at) FROM {table}_history WHERE known_at <= :as_of GROUP BY {keys})
WHERE {present} IS NOT NULL
