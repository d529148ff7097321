-- Silences that ended long ago go; one in which an alert fired stays until messages were planned since: it tells
-- that nobody was to hear of it.
DELETE FROM silence WHERE ends_at <= :before AND NOT EXISTS (
  SELECT 1 FROM alert_event AS e
  WHERE e.state = 'firing' AND e.at BETWEEN silence.starts_at AND silence.ends_at
    AND e.id > (SELECT coalesce(max(event), 0) FROM delivery_plan)
)
