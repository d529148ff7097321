-- What is stored of groups as later than now is of now: the clock has been set back.
UPDATE alert_group SET
  began_at = min(began_at, :now), seen_at = min(seen_at, :now), flushed_at = min(flushed_at, :now)
WHERE began_at > :now OR seen_at > :now OR flushed_at > :now
