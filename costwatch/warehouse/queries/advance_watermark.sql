-- A watermark only moves on: a window that somebody names may lie before it. One that lies after now is of a
-- clock that was ahead, and says nothing.
INSERT INTO watermark (source, table_name, window_end)
VALUES (:source, :table_name, :window_end)
ON CONFLICT DO UPDATE SET window_end = excluded.window_end
WHERE window_end < excluded.window_end OR window_end > :now
