-- The published billing periods as they are stored, newest first; totals is the bill, as JSON per currency.
SELECT period, period_end, known_at, loads, totals, fingerprint, priced
FROM published
ORDER BY period DESC
