-- The latest runs, newest first. line_count: what row_count was called while there were bills only.
SELECT source, started_at, outcome, row_count, row_count AS line_count, partial_count, files, error
FROM collection
ORDER BY id DESC
LIMIT :limit
