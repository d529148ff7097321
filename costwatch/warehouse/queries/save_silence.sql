-- Store a silence, or what became of it.
INSERT INTO silence
  (id, matchers, fingerprint, starts_at, ends_at, who, comment, expired_by, low, high, unit, left_at_value)
VALUES (:id, :matchers, :fingerprint, :starts_at, :ends_at, :who, :comment, :expired_by, :low, :high, :unit,
  :left_at_value)
ON CONFLICT (id) DO UPDATE SET matchers = excluded.matchers, starts_at = excluded.starts_at,
  ends_at = excluded.ends_at, who = excluded.who, comment = excluded.comment, expired_by = excluded.expired_by,
  low = excluded.low, high = excluded.high, unit = excluded.unit, left_at_value = excluded.left_at_value
