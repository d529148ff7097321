-- The revisions of one publication, by team and service.
INSERT OR REPLACE INTO cost_day_revision
SELECT r.period, r.day, r.team, r.service, s.BillingCurrency, s.x_ChargeKind, r.known_at, r.state, r.cause,
  SUM(r.BilledCostNano), SUM(r.EffectiveCostNano), SUM(r.line_count)
FROM team_cost_revision r
JOIN slice s ON s.id = r.slice
WHERE r.period = :period AND r.known_at = :known_at
GROUP BY r.day, r.team, r.service, s.BillingCurrency, s.x_ChargeKind, r.state, r.cause
