-- Cost from the daily summary: enough for team, service and currency, and flat at any scale.
SELECT {columns} SUM(c.BilledCostNano) AS BilledCostNano, SUM(c.EffectiveCostNano) AS EffectiveCostNano,
  SUM(c.line_count) AS line_count
FROM published p
JOIN cost_day c ON c.period = p.period AND c.day >= :first AND c.day < :after
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
WHERE {conditions}
GROUP BY {grouping}
ORDER BY {grouping}
