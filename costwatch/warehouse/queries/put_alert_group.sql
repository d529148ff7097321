-- Keep when a group is told.
INSERT INTO alert_group VALUES (:receiver, :key, :began_at, :seen_at, :flushed_at)
ON CONFLICT (receiver, group_key) DO UPDATE SET
  began_at = excluded.began_at, seen_at = excluded.seen_at, flushed_at = excluded.flushed_at
