-- Of the batches inside a window, which a new one replaces, nothing is stored any more.
DELETE FROM source_version
WHERE source = :source AND table_name = :table_name
  AND window_start >= :window_start AND window_end <= :window_end
