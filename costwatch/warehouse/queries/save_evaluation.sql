INSERT INTO evaluation (rule, at, error, first_at) VALUES (:rule, :at, :error, :at)
ON CONFLICT (rule) DO UPDATE SET
  at = excluded.at,
  error = excluded.error,
  first_at = min(coalesce(first_at, excluded.at), excluded.at)
