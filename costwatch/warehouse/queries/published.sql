-- The published billing periods, newest first; totals is the bill, as JSON per currency.
SELECT period, period_end, known_at, totals, json_array_length(loads) AS x_LoadCount
FROM published
ORDER BY period DESC
