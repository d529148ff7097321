-- What is known of nodes, by day and labels.
SELECT n.day{labels}, {value} AS value
FROM x_node_days n
WHERE n.source IN (SELECT source FROM source_version WHERE table_name = 'node_days')
  AND n.window_start >= :window_start AND n.window_start < :window_end
GROUP BY n.day{grouped}
ORDER BY n.day
