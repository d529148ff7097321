-- What lines cost on days, by what they say of their owner, before any is shared.
SELECT {day}g.BillingCurrency{labels}, {sums}
FROM tagging_group g
JOIN tagging_day d USING (period, number)
WHERE g.period IN (SELECT period FROM day_line WHERE day >= :first AND day < :after)
  AND d.day >= :first AND d.day < :after
GROUP BY {day}g.BillingCurrency{grouped}
ORDER BY 1
