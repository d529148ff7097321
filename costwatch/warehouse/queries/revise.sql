-- What changes of a period becomes revisions. Two publications at one instant (a re-run with the same
-- --now) add up in one.
INSERT INTO team_cost_revision
SELECT :period, x.team, x.service, x.day, x.slice, :known_at, x.billed, x.effective, coalesce(d.state, ''),
  :cause, x.lines
FROM (
  SELECT n.team, n.service, n.day, n.slice,
    n.BilledCostNano - coalesce(o.BilledCostNano, 0) AS billed,
    n.EffectiveCostNano - coalesce(o.EffectiveCostNano, 0) AS effective,
    n.line_count - coalesce(o.line_count, 0) AS lines
  FROM temp.incoming n
  LEFT JOIN team_cost o USING (period, team, service, day, slice)
  UNION ALL
  SELECT o.team, o.service, o.day, o.slice, -o.BilledCostNano, -o.EffectiveCostNano, -o.line_count
  FROM team_cost o
  LEFT JOIN temp.incoming n USING (period, team, service, day, slice)
  WHERE o.period = :period AND n.team IS NULL
) x
JOIN slice s ON s.id = x.slice
LEFT JOIN day_state d ON d.source = s.source AND d.day = x.day
WHERE x.billed <> 0 OR x.effective <> 0 OR x.lines <> 0
ON CONFLICT DO UPDATE SET
  BilledCostNano = BilledCostNano + excluded.BilledCostNano,
  EffectiveCostNano = EffectiveCostNano + excluded.EffectiveCostNano,
  line_count = line_count + excluded.line_count
