-- What is stored of alerts as later than now is of now: the clock has been set back. A resolved alert stays
-- resolved before it is in breach again. When it fired names a firing, and stays.
UPDATE alert SET
  active_at = min(active_at, CASE WHEN active_at <= resolved_at THEN :before ELSE :now END),
  resolved_at = min(resolved_at, :before),
  keep_firing_since = min(keep_firing_since, :now)
WHERE active_at > :now OR resolved_at > :now OR keep_firing_since > :now
