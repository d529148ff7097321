-- One run of one source.
INSERT INTO collection (source, started_at, outcome, row_count, partial_count, files, error)
VALUES (:source, :started_at, :outcome, :row_count, :partial_count, :files, :error)
