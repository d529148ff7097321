INSERT INTO slo (id, definition, source, seen_at) VALUES (?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE
SET definition = excluded.definition, source = excluded.source, seen_at = excluded.seen_at
