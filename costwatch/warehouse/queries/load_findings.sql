-- The loads that something is odd about, newest billing period first, each with the published period it is of.
SELECT load.id, load.source, load.period, load.period_end, load.unamortised, load.findings, published.loads
FROM load
JOIN published ON published.period = load.period
WHERE load.findings <> '[]'
ORDER BY load.period DESC, load.source
