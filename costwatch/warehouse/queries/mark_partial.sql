-- Whether the newest answer for a stored batch was incomplete.
UPDATE source_version SET partial = :partial
WHERE source = :source AND table_name = :table_name
  AND window_start = :window_start AND window_end = :window_end
