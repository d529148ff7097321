-- Store an alert as it is now.
INSERT INTO alert (
  fingerprint, rule, severity, labels, state, value, threshold, unit, summary, runbook, evidence,
  active_at, fired_at, resolved_at, keep_firing_since, verdict, about, impact, change, drivers, annotations
) VALUES (
  :fingerprint, :rule, :severity, :labels, :state, :value, :threshold, :unit, :summary, :runbook, :evidence,
  :active_at, :fired_at, :resolved_at, :keep_firing_since, :verdict, :about, :impact, :change, :drivers,
  :annotations
) ON CONFLICT (fingerprint) DO UPDATE SET
  rule = excluded.rule, severity = excluded.severity, labels = excluded.labels,
  state = excluded.state, value = excluded.value, threshold = excluded.threshold,
  unit = excluded.unit, summary = excluded.summary, runbook = excluded.runbook,
  evidence = excluded.evidence, active_at = excluded.active_at, fired_at = excluded.fired_at,
  resolved_at = excluded.resolved_at, keep_firing_since = excluded.keep_firing_since,
  verdict = excluded.verdict, about = excluded.about, impact = excluded.impact,
  change = excluded.change, drivers = excluded.drivers, annotations = excluded.annotations
