-- The latest runs, newest first.
SELECT source, started_at, outcome, line_count, files, error
FROM collection
ORDER BY id DESC
LIMIT :limit
