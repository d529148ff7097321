-- Rows of a source in the windows that a new batch replaces.
DELETE FROM "{table}"
WHERE source = :source AND window_start >= :window_start AND window_end <= :window_end
