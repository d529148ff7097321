-- What changes of a period becomes revisions. Two publications at one instant (a re-run with the same
-- --now) add up in one. Quantities that were not looked for before (:is_priced is 0) are no change.
INSERT INTO team_cost_revision (period, team, service, day, slice, known_at, BilledCostNano, EffectiveCostNano,
  state, cause, line_count, PricingQuantityWhole, PricingQuantityRest, ContractedCostNano)
SELECT :period, x.team, x.service, x.day, x.slice, :known_at, x.billed, x.effective, coalesce(d.state, ''),
  :cause, x.lines, x.whole, x.rest, x.contracted
FROM (
  SELECT n.team, n.service, n.day, n.slice,
    n.BilledCostNano - coalesce(o.BilledCostNano, 0) AS billed,
    n.EffectiveCostNano - coalesce(o.EffectiveCostNano, 0) AS effective,
    n.line_count - coalesce(o.line_count, 0) AS lines,
    coalesce(n.PricingQuantityWhole - o.PricingQuantityWhole, n.PricingQuantityWhole, -o.PricingQuantityWhole)
      AS whole,
    coalesce(n.PricingQuantityRest - o.PricingQuantityRest, n.PricingQuantityRest, -o.PricingQuantityRest)
      AS rest,
    coalesce(n.ContractedCostNano - o.ContractedCostNano, n.ContractedCostNano, -o.ContractedCostNano)
      AS contracted
  FROM temp.incoming n
  LEFT JOIN team_cost o USING (period, team, service, day, slice)
  UNION ALL
  SELECT o.team, o.service, o.day, o.slice, -o.BilledCostNano, -o.EffectiveCostNano, -o.line_count,
    -o.PricingQuantityWhole, -o.PricingQuantityRest, -o.ContractedCostNano
  FROM team_cost o
  LEFT JOIN temp.incoming n USING (period, team, service, day, slice)
  WHERE o.period = :period AND n.team IS NULL
) x
JOIN slice s ON s.id = x.slice
LEFT JOIN day_state d ON d.source = s.source AND d.day = x.day
WHERE x.billed <> 0 OR x.effective <> 0 OR x.lines <> 0
  OR :is_priced AND (x.whole <> 0 OR x.rest <> 0 OR x.contracted <> 0)
ON CONFLICT DO UPDATE SET
  BilledCostNano = BilledCostNano + excluded.BilledCostNano,
  EffectiveCostNano = EffectiveCostNano + excluded.EffectiveCostNano,
  line_count = line_count + excluded.line_count,
  PricingQuantityWhole = coalesce(PricingQuantityWhole + excluded.PricingQuantityWhole, PricingQuantityWhole,
    excluded.PricingQuantityWhole),
  PricingQuantityRest = coalesce(PricingQuantityRest + excluded.PricingQuantityRest, PricingQuantityRest,
    excluded.PricingQuantityRest),
  ContractedCostNano = coalesce(ContractedCostNano + excluded.ContractedCostNano, ContractedCostNano,
    excluded.ContractedCostNano)
