-- What it costs that something was requested and not used, by the price that the bill gives that part of the node.
-- The weights of parts are those of cost/node_share.py: GPU : vCPU : GiB = 90 : 9 : 1.
WITH priced AS MATERIALIZED (
  SELECT n.source, n.window_start, n.window_end, n.cluster, n.node, n.instance, n.day, c.BillingCurrency,
    c.EffectiveCostNano
    / (n.measured_seconds * (9 * coalesce(n.cpu_cores, 0) + coalesce(n.memory_bytes, 0) / 1073741824.0
                             + 90 * coalesce(n.gpus, 0))) AS price
  FROM x_node_days n
  JOIN (
    SELECT ResourceId, day, BillingCurrency, SUM(EffectiveCostNano) AS EffectiveCostNano
    FROM node_cost_day WHERE day >= :first AND day < :after GROUP BY ResourceId, day, BillingCurrency
  ) c ON c.ResourceId = n.instance AND c.day = n.day
  WHERE n.source IN (SELECT source FROM source_version WHERE table_name = 'node_days')
    AND n.window_start >= :window_start AND n.window_start < :window_end
    AND n.measured_seconds > 0 AND n.measured_seconds >= 0.5 * n.expected_seconds
)
-- In this order: the planner would look through all nodes for each workload.
SELECT w.day, p.BillingCurrency{labels}, SUM({unused} * p.price) AS value
FROM x_workload_days w
CROSS JOIN priced p ON p.source = w.source AND p.window_start = w.window_start AND p.window_end = w.window_end
  AND p.cluster = w.cluster AND p.node = w.node AND p.instance = w.instance AND p.day = w.day
WHERE w.source IN (SELECT source FROM source_version WHERE table_name = 'workload_days')
  AND w.window_start >= :window_start AND w.window_start < :window_end
GROUP BY w.day, p.BillingCurrency{grouped}
ORDER BY w.day
