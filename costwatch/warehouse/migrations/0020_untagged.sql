-- Which lines bear what names their owner: what the bill cost by day before any of it was shared. Of what was
-- published before this version there are no rows: it is not known until it is allocated again.

CREATE TABLE tagging_group (            -- lines of a period that say the same of their owner
  period INTEGER NOT NULL,
  number INTEGER NOT NULL,              -- of the group, in its period
  team TEXT NOT NULL,                   -- that its owner pool gave them to; '' of a pool that is split
  ProviderName TEXT NOT NULL,
  SubAccountId TEXT NOT NULL,
  BillingCurrency TEXT NOT NULL,
  x_ChargeKind TEXT NOT NULL,
  tagging TEXT NOT NULL,                -- 'tagged', 'untagged', or 'not asked': their pool asks for no tag
  PRIMARY KEY (period, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE tagging_day (
  period INTEGER NOT NULL,
  number INTEGER NOT NULL,              -- of the group
  day INTEGER NOT NULL,                 -- on which charges begin
  EffectiveCostNano INTEGER NOT NULL,
  PRIMARY KEY (period, number, day)
) STRICT, WITHOUT ROWID;
