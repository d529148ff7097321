-- The file that holds a window of a table in the ledger.
INSERT INTO ledger_batch (source, table_name, window_start, window_end, hash, row_count)
VALUES (:source, :table_name, :window_start, :window_end, :hash, :row_count)
