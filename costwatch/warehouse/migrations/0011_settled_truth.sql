-- What is doubted of restatements, how late a source may be, and when each step last worked.

CREATE TABLE restatement (              -- deliveries that took settled days, or much of their lines or cost, away
  period INTEGER NOT NULL,
  source TEXT NOT NULL,
  known_at TEXT NOT NULL,
  before TEXT NOT NULL,                 -- JSON: settled day -> BillingCurrency -> both costs in nanos, lines
  after TEXT NOT NULL,                  -- JSON: the same days as the newest delivery has them
  inputs_key TEXT NOT NULL,             -- of what is held back; '' where it is published
  ended_at TEXT,                        -- when it was brought back or accepted; NULL: it stands
  PRIMARY KEY (period, source, known_at)
) STRICT, WITHOUT ROWID;

ALTER TABLE source ADD COLUMN passed INTEGER;          -- as data_through, or a later day of usual silence
ALTER TABLE source ADD COLUMN late_after_days REAL;    -- how long ago its newest day may be
UPDATE source SET passed = data_through;
ALTER TABLE source_history ADD COLUMN passed INTEGER;
ALTER TABLE source_history ADD COLUMN late_after_days REAL;
UPDATE source_history SET passed = data_through;

CREATE TABLE step (                     -- when each step last went through
  name TEXT PRIMARY KEY,
  worked_at TEXT NOT NULL
) STRICT;
