-- Whether any time that alerts and messages count from lies after now.
SELECT EXISTS (
  SELECT 1 FROM alert WHERE active_at > :now OR resolved_at > :now OR keep_firing_since > :now
) OR EXISTS (
  SELECT 1 FROM notification
  WHERE queued_at > :now OR tried_at > :now OR sent_at > :now OR (state = 'failed' AND next_attempt_at > :now)
)
OR EXISTS (
  SELECT 1 FROM alert_group WHERE began_at > :now OR seen_at > :now OR flushed_at > :now
) OR EXISTS (SELECT 1 FROM delivery_plan WHERE planned_at > :now)
