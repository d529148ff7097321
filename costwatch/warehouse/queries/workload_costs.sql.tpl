-- What workloads cost by day: by the bill where the day is settled, else as it was last estimated.
SELECT e.day, e.BillingCurrency{labels}, MIN(d.is_settled) AS is_settled,
  SUM(CASE WHEN d.is_settled THEN e.billed_nano ELSE e.estimated_nano END) AS value
FROM live_estimate e
JOIN live_estimate_day d ON d.day = e.day
WHERE e.day >= :first AND e.day < :after
GROUP BY e.day, e.BillingCurrency{grouped}
HAVING value IS NOT NULL
ORDER BY e.day
