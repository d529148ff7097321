-- One SQLite file. Money is INTEGER nano-units; days and periods are INTEGER yyyymmdd (UTC);
-- instants are TEXT ISO 8601 UTC, as warehouse.encoding writes them.

-- Which delivery of a bill is stored in the ledger. The newest row of (source, period) is current
-- as soon as allocate publishes it. Files are named by content, so a renamed file is no new load.
CREATE TABLE load (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  period INTEGER NOT NULL,              -- BillingPeriodStart
  period_end INTEGER NOT NULL,          -- BillingPeriodEnd, exclusive
  hash TEXT NOT NULL,                   -- SHA-256 over the files' own hashes, sorted
  format TEXT NOT NULL,
  files TEXT NOT NULL,                  -- JSON list of ledger file hashes
  accounts TEXT NOT NULL,               -- JSON list of BillingAccountId
  line_count INTEGER NOT NULL,
  totals TEXT NOT NULL                  -- JSON per BillingCurrency: lines, nano sums, control totals
) STRICT;
CREATE INDEX load_by_period ON load (period, source);

CREATE TABLE collection (               -- every run of every source: watermark, errors
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  started_at TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('loaded', 'unchanged', 'failed')),
  window_end TEXT,                      -- up to where the source was read; NULL where it failed
  line_count INTEGER NOT NULL DEFAULT 0,
  files TEXT NOT NULL DEFAULT '[]',     -- JSON: names as the source knows them
  error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX collection_by_source ON collection (source, id);

CREATE TABLE team (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE service (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE slice (
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  ProviderName TEXT NOT NULL,
  BillingAccountId TEXT NOT NULL,
  SubAccountId TEXT NOT NULL,
  SubAccountName TEXT NOT NULL,
  RegionId TEXT NOT NULL,
  ChargeCategory TEXT NOT NULL,
  ChargeClass TEXT NOT NULL,
  x_UsageType TEXT NOT NULL,
  BillingCurrency TEXT NOT NULL,
  x_Pool TEXT NOT NULL,
  UNIQUE (source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId,
          ChargeCategory, ChargeClass, x_UsageType, BillingCurrency, x_Pool)
) STRICT;

CREATE TABLE team_cost (                -- the published bill, by team
  period INTEGER NOT NULL,
  team INTEGER NOT NULL,
  service INTEGER NOT NULL,
  day INTEGER NOT NULL,
  slice INTEGER NOT NULL,
  BilledCostNano INTEGER NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  line_count INTEGER NOT NULL,          -- lines of the bill; a shared line counts once, at one team
  PRIMARY KEY (period, team, service, day, slice)
) STRICT, WITHOUT ROWID;

CREATE TABLE team_cost_revision (       -- what later publications changed; the first one is no change
  period INTEGER NOT NULL,
  team INTEGER NOT NULL,
  service INTEGER NOT NULL,
  day INTEGER NOT NULL,
  slice INTEGER NOT NULL,
  known_at TEXT NOT NULL,
  BilledCostNano INTEGER NOT NULL,      -- delta
  EffectiveCostNano INTEGER NOT NULL,   -- delta
  state TEXT NOT NULL,                  -- of the day before the change; '' where it had no cost yet
  cause TEXT NOT NULL CHECK (cause IN ('delivery', 'configuration')),
  PRIMARY KEY (period, known_at, team, service, day, slice)
) STRICT, WITHOUT ROWID;

CREATE TABLE cost_day (                 -- summary that pages and rules read first
  period INTEGER NOT NULL,
  day INTEGER NOT NULL,
  team INTEGER NOT NULL,
  service INTEGER NOT NULL,
  BillingCurrency TEXT NOT NULL,
  BilledCostNano INTEGER NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  PRIMARY KEY (period, day, team, service, BillingCurrency)
) STRICT, WITHOUT ROWID;

CREATE TABLE published (                -- one row per billing period that readers can see
  period INTEGER PRIMARY KEY,
  period_end INTEGER NOT NULL,
  inputs_key TEXT NOT NULL,
  loads TEXT NOT NULL,                  -- JSON list of load ids
  config TEXT NOT NULL,                 -- JSON: the teams and pools it was allocated by
  first_known_at TEXT NOT NULL,
  known_at TEXT NOT NULL,
  totals TEXT NOT NULL                  -- JSON per BillingCurrency: lines and nano sums of the bill
) STRICT;

CREATE TABLE day_state (                -- how settled each day is
  source TEXT NOT NULL,
  day INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('estimated', 'settled', 'closed')),
  PRIMARY KEY (source, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE budget (                   -- as configured; replaced by allocate
  name TEXT PRIMARY KEY,
  team TEXT NOT NULL,                   -- '*': the whole bill
  metric TEXT NOT NULL,
  period TEXT NOT NULL CHECK (period IN ('month', 'quarter')),
  BillingCurrency TEXT NOT NULL,
  amount_nano INTEGER NOT NULL
) STRICT;

CREATE TABLE alert (                    -- one row per instance; a resolved one stays until it fires anew
  fingerprint TEXT PRIMARY KEY,
  rule TEXT NOT NULL,
  severity TEXT NOT NULL,
  labels TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'firing', 'resolved')),
  value TEXT,
  threshold TEXT,
  unit TEXT NOT NULL,
  summary TEXT NOT NULL,
  runbook TEXT NOT NULL,
  evidence TEXT NOT NULL,
  active_at TEXT NOT NULL,
  fired_at TEXT,
  resolved_at TEXT,
  keep_firing_since TEXT                -- first evaluation that saw the breach gone, while it keeps firing
) STRICT;

CREATE TABLE alert_event (              -- every change of state, and every corrected text, in order
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  rule TEXT NOT NULL,
  at TEXT NOT NULL,
  state TEXT NOT NULL,
  value TEXT,
  summary TEXT NOT NULL
) STRICT;

CREATE TABLE evaluation (               -- last evaluation of each rule
  rule TEXT PRIMARY KEY,
  at TEXT NOT NULL,
  error TEXT NOT NULL
) STRICT;

CREATE TABLE rules_file (               -- the last rules file without a mistake, for while it has some
  text TEXT NOT NULL,
  read_at TEXT NOT NULL
) STRICT;

CREATE TABLE notification (             -- outbox and log
  id TEXT PRIMARY KEY,
  receiver TEXT NOT NULL,
  group_key TEXT NOT NULL,
  reason TEXT NOT NULL,
  content TEXT NOT NULL,                -- JSON of the group
  digest TEXT NOT NULL,                 -- of what the receiver would read; equal: nothing to send
  event INTEGER NOT NULL,               -- newest alert_event it was planned from
  state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  queued_at TEXT NOT NULL,
  next_attempt_at TEXT NOT NULL,
  sent_at TEXT,
  receipt TEXT NOT NULL DEFAULT '{}',
  error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX notification_by_group ON notification (receiver, group_key, queued_at);

-- For people with a SQL prompt. Exact answers sum the Nano columns, then divide by 1e9.
CREATE VIEW cost AS
SELECT
  printf('%04d-%02d-%02d', c.day / 10000, c.day / 100 % 100, c.day % 100) AS day,
  t.name AS x_Team,
  s.x_Pool,
  s.ProviderName,
  s.BillingAccountId,
  s.SubAccountId,
  s.SubAccountName,
  v.name AS ServiceName,
  s.RegionId,
  s.ChargeCategory,
  s.ChargeClass,
  s.x_UsageType,
  s.BillingCurrency,
  printf('%04d-%02d-%02d', c.period / 10000, c.period / 100 % 100, c.period % 100) AS BillingPeriodStart,
  s.source AS x_Source,
  c.BilledCostNano / 1e9 AS BilledCost,
  c.EffectiveCostNano / 1e9 AS EffectiveCost,
  c.BilledCostNano,
  c.EffectiveCostNano,
  c.line_count AS x_LineCount,
  coalesce(d.state, 'estimated') AS x_State
FROM team_cost c
JOIN team t ON t.id = c.team
JOIN service v ON v.id = c.service
JOIN slice s ON s.id = c.slice
LEFT JOIN day_state d ON d.source = s.source AND d.day = c.day;

CREATE TABLE source (                   -- known once read; allocate forgets those no longer configured
  name TEXT PRIMARY KEY,
  role TEXT NOT NULL CHECK (role IN ('bill', 'check')),
  data_through INTEGER                  -- newest settled day with no estimated day before it
) STRICT;

CREATE TABLE source_version (           -- what each source last delivered, as the source versions it
  source TEXT NOT NULL,
  batch TEXT NOT NULL,                  -- table, and the window's start yyyymmdd where it has one
  version TEXT NOT NULL,
  PRIMARY KEY (source, batch)
) STRICT, WITHOUT ROWID;

CREATE TABLE day_line (                 -- lines the published bill holds for each day
  period INTEGER NOT NULL,
  source TEXT NOT NULL,
  day INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  PRIMARY KEY (period, source, day)
) STRICT, WITHOUT ROWID;
