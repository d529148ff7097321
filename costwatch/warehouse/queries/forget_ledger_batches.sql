-- Files of a source in the windows that a new batch replaces.
DELETE FROM ledger_batch
WHERE source = :source AND table_name = :table_name
  AND window_start >= :window_start AND window_end <= :window_end
