-- Store a silence, or when it ends now and who ended it.
INSERT INTO silence (id, matchers, fingerprint, starts_at, ends_at, who, comment, expired_by)
VALUES (:id, :matchers, :fingerprint, :starts_at, :ends_at, :who, :comment, :expired_by)
ON CONFLICT (id) DO UPDATE SET ends_at = excluded.ends_at, expired_by = excluded.expired_by
