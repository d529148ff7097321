-- What usage that is not billed yet will cost, and what it is taken from. None of it is in any sum of the bill.

CREATE TABLE node_cost_day (            -- usage that pools take of nodes, as it is billed, before it is split
  period INTEGER NOT NULL,              -- billing period
  pool TEXT NOT NULL,                   -- that takes it
  ResourceId TEXT NOT NULL,             -- the node's instance
  day INTEGER NOT NULL,                 -- on which charges begin
  BillingCurrency TEXT NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  PRIMARY KEY (period, pool, ResourceId, day, BillingCurrency)
) STRICT, WITHOUT ROWID;
CREATE INDEX node_cost_day_by_day ON node_cost_day (day, ResourceId, BillingCurrency, EffectiveCostNano);

CREATE TABLE live_rate (                -- what kinds of nodes of days that are not settled are priced at
  instance_type TEXT NOT NULL,
  region TEXT NOT NULL,
  capacity_type TEXT NOT NULL,
  BillingCurrency TEXT NOT NULL,        -- '' where there is no rate
  hourly TEXT,                          -- in currency units; NULL: neither a settled rate nor a list price
  basis TEXT NOT NULL,                  -- 'settled', 'list' or ''
  rate_day INTEGER,                     -- the settled day it is taken from
  PRIMARY KEY (instance_type, region, capacity_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE live_estimate (            -- of each workload, day and currency
  day INTEGER NOT NULL,
  cluster TEXT NOT NULL,
  namespace TEXT NOT NULL,
  workload_kind TEXT NOT NULL,
  workload TEXT NOT NULL,
  BillingCurrency TEXT NOT NULL,        -- '' while nothing of it is known
  team TEXT NOT NULL,                   -- '' where nothing names one
  instance_type TEXT NOT NULL,          -- of the nodes that most of it ran on
  basis TEXT NOT NULL,                  -- of the estimate: 'settled', 'list', or both
  is_whole INTEGER NOT NULL,            -- 0: of some of its nodes nobody knows what they cost
  running_seconds REAL NOT NULL,
  elapsed_seconds REAL NOT NULL,        -- how much of the day was measured when it was last estimated
  grown_at TEXT NOT NULL,               -- when it was last seen to run
  estimated_nano INTEGER,               -- NULL: never estimated, or not known
  hourly_nano INTEGER,                  -- what an hour of it cost then
  billed_nano INTEGER,                  -- the same share of what its nodes cost, once the day is settled
  PRIMARY KEY (day, cluster, namespace, workload_kind, workload, BillingCurrency)
) STRICT, WITHOUT ROWID;

CREATE TABLE live_estimate_day (        -- by what each day was estimated: it is worked out anew when that changes
  day INTEGER PRIMARY KEY,
  inputs_key TEXT NOT NULL,
  is_settled INTEGER NOT NULL
) STRICT;
