-- A watermark only moves on: a window that somebody names may lie before it.
INSERT INTO watermark (source, table_name, window_end)
VALUES (:source, :table_name, :window_end)
ON CONFLICT DO UPDATE SET window_end = excluded.window_end WHERE window_end < excluded.window_end
