-- What it costs that something was requested and not used, by the price that the bill gives that part of the node.
-- The weights of parts are those of cost/node_share.py: GPU : vCPU : GiB = 90 : 9 : 1.
SELECT w.day, c.BillingCurrency{labels}, SUM(
    {unused} * c.EffectiveCostNano
    / (n.measured_seconds * (9 * coalesce(n.cpu_cores, 0) + coalesce(n.memory_bytes, 0) / 1073741824.0
                             + 90 * coalesce(n.gpus, 0)))
  ) AS value
FROM x_workload_days w
JOIN x_node_days n ON n.source = w.source AND n.window_start = w.window_start AND n.window_end = w.window_end
  AND n.cluster = w.cluster AND n.node = w.node AND n.instance = w.instance
JOIN (
  SELECT ResourceId, day, BillingCurrency, SUM(EffectiveCostNano) AS EffectiveCostNano
  FROM node_cost_day WHERE day >= :first AND day < :after GROUP BY ResourceId, day, BillingCurrency
) c ON c.ResourceId = w.instance AND c.day = w.day
WHERE w.source IN (SELECT source FROM source_version WHERE table_name = 'workload_days')
  AND w.window_start >= :window_start AND w.window_start < :window_end
  AND n.measured_seconds > 0 AND n.measured_seconds >= 0.5 * n.expected_seconds
GROUP BY w.day, c.BillingCurrency{grouped}
ORDER BY w.day
