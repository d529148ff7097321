-- What changes of the summaries of a period becomes revisions of theirs, as those of the facts.
INSERT INTO place_day_revision
SELECT :period, place, team, service, day, :known_at, billed, effective, lines
FROM (
  SELECT n.place, n.team, n.service, n.day,
    n.BilledCostNano - coalesce(o.BilledCostNano, 0) AS billed,
    n.EffectiveCostNano - coalesce(o.EffectiveCostNano, 0) AS effective,
    n.line_count - coalesce(o.line_count, 0) AS lines
  FROM temp.incoming n
  LEFT JOIN place_day o USING (period, place, team, service, day)
  UNION ALL
  SELECT o.place, o.team, o.service, o.day, -o.BilledCostNano, -o.EffectiveCostNano, -o.line_count
  FROM place_day o
  LEFT JOIN temp.incoming n USING (period, place, team, service, day)
  WHERE o.period = :period AND n.place IS NULL
)
WHERE billed <> 0 OR effective <> 0 OR lines <> 0
ON CONFLICT DO UPDATE SET
  BilledCostNano = BilledCostNano + excluded.BilledCostNano,
  EffectiveCostNano = EffectiveCostNano + excluded.EffectiveCostNano,
  line_count = line_count + excluded.line_count
