-- What lines cost on days, by what they say of their owner, before any is shared.
SELECT d.day, g.BillingCurrency{labels}, {sums}
FROM tagging_group g
JOIN tagging_day d USING (period, number)
WHERE g.period IN (SELECT period FROM day_line WHERE day >= :first AND day < :after)
  AND d.day >= :first AND d.day < :after
GROUP BY d.day, g.BillingCurrency{grouped}
ORDER BY d.day
