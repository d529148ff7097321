-- The facts of a period, or their summaries, as they shall be.
CREATE TEMP TABLE incoming ({columns}, PRIMARY KEY ({keys})) WITHOUT ROWID
