-- Cost from the full facts: any dimension.
SELECT {columns} SUM(c.BilledCostNano) AS BilledCostNano, SUM(c.EffectiveCostNano) AS EffectiveCostNano,
  SUM(c.line_count) AS line_count
FROM team_cost c
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
JOIN slice s ON s.id = c.slice
WHERE c.day >= :first AND c.day < :after AND {conditions}
GROUP BY {grouping}
ORDER BY {grouping}
