-- What reservations and savings plans cost whom and when they end, and since when each rule is evaluated.

CREATE TABLE commitment (               -- as the newest published period that tells of each has it
  period INTEGER NOT NULL,
  id TEXT NOT NULL,                     -- its ARN
  kind TEXT NOT NULL,                   -- 'reservation' or 'savings plan'
  starts_at TEXT,                       -- NULL: the export does not say
  ends_at TEXT,                         -- exclusive; NULL: the export does not say
  source TEXT NOT NULL,
  ServiceName TEXT NOT NULL,            -- that it costs most of
  team TEXT NOT NULL,                   -- that carries most of it
  BillingCurrency TEXT NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,   -- of the period, used and unused
  day_count INTEGER NOT NULL,           -- of how many days
  PRIMARY KEY (period, id, BillingCurrency)
) STRICT, WITHOUT ROWID;

ALTER TABLE evaluation ADD COLUMN first_at TEXT;  -- when a rule of this name was first evaluated
UPDATE evaluation SET first_at = at;
