-- How lines write what the configuration names, and what names nobody.

-- JSON object: keys of maps, names and accounts as they are written; NULL: published before it was kept.
ALTER TABLE published ADD COLUMN spelling TEXT;

CREATE TABLE unclaimed (                -- what is unallocated of a period, by what could name its owner
  period INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('tag', 'cost_category', 'account')),
  key TEXT NOT NULL,                    -- of the tag, name of the cost category; '' of an account
  value TEXT NOT NULL,                  -- as it is written; of an account the SubAccountId
  SubAccountName TEXT NOT NULL,         -- '' of what is no account
  BillingCurrency TEXT NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  PRIMARY KEY (period, kind, key, value, SubAccountName, BillingCurrency)
) STRICT, WITHOUT ROWID;
