-- The published billing periods, newest first; totals is the bill, as JSON per currency.
SELECT period, period_end, known_at, totals FROM published ORDER BY period DESC
