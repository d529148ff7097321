-- What workloads had of nodes on days, in what the nodes' parts cost: one row for what is priced alike.
-- :nodes is a JSON array of [cluster, node, instance, instance type, currency, basis, and what a second of a core,
-- a byte and a GPU costs]; what is not known is null. Of a part that nobody measured, nothing can be counted.
WITH node AS MATERIALIZED (
  SELECT value ->> 0 AS cluster, value ->> 1 AS node, value ->> 2 AS instance, value ->> 3 AS instance_type,
    value ->> 4 AS currency, value ->> 5 AS basis, value ->> 6 AS core_second, value ->> 7 AS byte_second,
    value ->> 8 AS gpu_second
  FROM json_each(:nodes)
)
SELECT coalesce(w.cluster, '') AS cluster, coalesce(w.namespace, '') AS namespace,
  coalesce(w.workload_kind, '') AS workload_kind, coalesce(w.workload, '') AS workload,
  coalesce(w.labels, '') AS labels, n.instance_type, n.currency, n.basis,
  sum(coalesce(w.running_seconds, 0)) AS running_seconds, count(*) AS node_count,
  sum(coalesce(w.cpu_core_seconds, 0) * n.core_second + coalesce(w.memory_byte_seconds, 0) * n.byte_second
      + max(coalesce(w.gpu_seconds, 0), coalesce(w.gpu_used_seconds, 0)) * n.gpu_second) AS nano
FROM x_workload_days w
LEFT JOIN node n ON n.cluster = coalesce(w.cluster, '') AND n.node = coalesce(w.node, '')
  AND n.instance = coalesce(w.instance, '')
WHERE w.source IN (SELECT source FROM source_version WHERE table_name = 'workload_days')
  AND w.window_start >= :window_start AND w.window_start < :window_end
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
