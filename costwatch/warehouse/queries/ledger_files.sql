-- Files of a table in the ledger whose windows overlap one, oldest first.
SELECT hash
FROM ledger_batch
WHERE table_name = :table_name AND window_start < :window_end AND window_end > :window_start
ORDER BY window_start, source
