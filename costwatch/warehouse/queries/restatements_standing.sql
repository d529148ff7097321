-- Restatements that are doubted, now or as of an instant.
SELECT * FROM restatement
WHERE (:as_of IS NULL AND ended_at IS NULL)
  OR (known_at <= :as_of AND (ended_at IS NULL OR ended_at > :as_of))
ORDER BY period, source
