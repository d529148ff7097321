-- Which version of a batch is stored.
INSERT INTO source_version (source, table_name, window_start, window_end, version, partial)
VALUES (:source, :table_name, :window_start, :window_end, :version, :partial)
