-- Each configured source: its last run, when it last answered, what went wrong, what it delivered, and
-- of how many batches its newest answer was incomplete, from when on.
SELECT
  l.source,
  MIN(l.started_at) AS first_tried_at,
  MAX(l.started_at) AS last_tried_at,
  MAX(CASE WHEN l.outcome <> 'failed' THEN l.started_at END) AS last_answer_at,
  MAX(CASE WHEN l.row_count > 0 OR l.outcome = 'loaded' THEN l.started_at END) AS last_load_at,
  (
    SELECT outcome FROM collection c
    WHERE c.source = l.source AND (:as_of IS NULL OR c.started_at <= :as_of) ORDER BY id DESC LIMIT 1
  ) AS outcome,
  (
    SELECT error FROM collection c
    WHERE c.source = l.source AND (:as_of IS NULL OR c.started_at <= :as_of) ORDER BY id DESC LIMIT 1
  ) AS error,
  (SELECT data_through FROM {source} WHERE name = l.source) AS data_through,
  (SELECT COUNT(*) FROM source_version v WHERE v.source = l.source AND v.partial) AS partial_count,
  (SELECT MIN(window_start) FROM source_version v WHERE v.source = l.source AND v.partial) AS partial_since
FROM collection l
WHERE l.source IN (SELECT name FROM {source}) AND (:as_of IS NULL OR l.started_at <= :as_of)
GROUP BY l.source
ORDER BY l.source
