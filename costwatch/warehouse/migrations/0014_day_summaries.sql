-- The facts summed by day in a few ways, so that no question of a page reads facts; and what changed of the sums.

CREATE TABLE place (                    -- what days are summed by: a slice, less the columns its summary leaves out
  id INTEGER PRIMARY KEY,
  summary TEXT NOT NULL,                -- which one it is a part of, such as 'account'
  source TEXT NOT NULL,                 -- '' of each column that is left out
  ProviderName TEXT NOT NULL,
  BillingAccountId TEXT NOT NULL,
  SubAccountId TEXT NOT NULL,
  SubAccountName TEXT NOT NULL,
  RegionId TEXT NOT NULL,
  ChargeCategory TEXT NOT NULL,
  ChargeClass TEXT NOT NULL,
  BillingCurrency TEXT NOT NULL,
  x_Pool TEXT NOT NULL,
  x_System TEXT NOT NULL,
  x_ChargeKind TEXT NOT NULL,
  UNIQUE (summary, source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId,
          ChargeCategory, ChargeClass, BillingCurrency, x_Pool, x_System)
) STRICT;

CREATE TABLE place_day (                -- summaries of one day each
  period INTEGER NOT NULL,
  place INTEGER NOT NULL,
  team INTEGER NOT NULL,                -- 0: of all teams
  service INTEGER NOT NULL,             -- 0: of all services
  day INTEGER NOT NULL,
  BilledCostNano INTEGER NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  PRIMARY KEY (period, place, team, service, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE place_day_revision (       -- what later publications changed of them
  period INTEGER NOT NULL,
  place INTEGER NOT NULL,
  team INTEGER NOT NULL,
  service INTEGER NOT NULL,
  day INTEGER NOT NULL,
  known_at TEXT NOT NULL,
  BilledCostNano INTEGER NOT NULL,      -- delta
  EffectiveCostNano INTEGER NOT NULL,   -- delta
  line_count INTEGER NOT NULL,          -- delta
  PRIMARY KEY (period, place, team, service, day, known_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE cost_day_revision (        -- what they changed of cost_day, by how settled the day was, and why
  period INTEGER NOT NULL,
  day INTEGER NOT NULL,
  team INTEGER NOT NULL,
  service INTEGER NOT NULL,
  BillingCurrency TEXT NOT NULL,
  x_ChargeKind TEXT NOT NULL,
  known_at TEXT NOT NULL,
  state TEXT NOT NULL,
  cause TEXT NOT NULL,
  BilledCostNano INTEGER NOT NULL,      -- delta
  EffectiveCostNano INTEGER NOT NULL,   -- delta
  line_count INTEGER NOT NULL,          -- delta
  PRIMARY KEY (period, day, team, service, BillingCurrency, x_ChargeKind, known_at, state, cause)
) STRICT, WITHOUT ROWID;
INSERT INTO cost_day_revision
SELECT r.period, r.day, r.team, r.service, s.BillingCurrency, s.x_ChargeKind, r.known_at, r.state, r.cause,
  SUM(r.BilledCostNano), SUM(r.EffectiveCostNano), SUM(r.line_count)
FROM team_cost_revision r
JOIN slice s ON s.id = r.slice
GROUP BY r.period, r.day, r.team, r.service, s.BillingCurrency, s.x_ChargeKind, r.known_at, r.state, r.cause;

-- What was published before is summed in the same way: which columns each summary keeps, and by whom it is told.
CREATE TEMP TABLE way (summary, provider, charge, account, region, system);
INSERT INTO way VALUES
  ('account', 1, 0, 1, 0, 0), ('charge', 1, 1, 0, 0, 0), ('currency', 0, 0, 0, 0, 0),
  ('place', 1, 1, 1, 1, 1), ('provider', 1, 0, 0, 0, 0), ('region', 1, 0, 0, 1, 0),
  ('system', 1, 0, 0, 0, 1);
CREATE TEMP TABLE carrier (summary, team, service);
INSERT INTO carrier SELECT w.summary, 0, 0 FROM way w;
INSERT INTO carrier SELECT w.summary, 1, 0 FROM way w WHERE w.summary <> 'place';
INSERT INTO carrier SELECT w.summary, 0, 1 FROM way w WHERE w.summary <> 'place';

CREATE TEMP TABLE slice_place AS
SELECT w.summary, s.id AS slice, iif(w.charge, s.source, '') AS source,
  iif(w.provider, s.ProviderName, '') AS ProviderName, iif(w.charge, s.BillingAccountId, '') AS BillingAccountId,
  iif(w.account, s.SubAccountId, '') AS SubAccountId, iif(w.account, s.SubAccountName, '') AS SubAccountName,
  iif(w.region, s.RegionId, '') AS RegionId, iif(w.charge, s.ChargeCategory, '') AS ChargeCategory,
  iif(w.charge, s.ChargeClass, '') AS ChargeClass,
  s.BillingCurrency, iif(w.region, s.x_Pool, '') AS x_Pool, iif(w.system, s.x_System, '') AS x_System,
  iif(w.charge, s.x_ChargeKind, '') AS x_ChargeKind
FROM slice s, way w;
INSERT INTO place
SELECT NULL, * FROM (
  SELECT DISTINCT summary, source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId,
    ChargeCategory, ChargeClass, BillingCurrency, x_Pool, x_System, x_ChargeKind
  FROM slice_place ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
);
CREATE TEMP TABLE placed (summary, slice, place, PRIMARY KEY (summary, slice)) WITHOUT ROWID;
INSERT INTO placed
SELECT s.summary, s.slice, p.id
FROM slice_place s
JOIN place p USING (summary, source, ProviderName, BillingAccountId, SubAccountId, SubAccountName, RegionId,
  ChargeCategory, ChargeClass, BillingCurrency, x_Pool, x_System);
-- The coarser ones are sums of the facts without usage types.
CREATE TEMP TABLE coarser (place, coarser, summary, PRIMARY KEY (place, summary)) WITHOUT ROWID;
INSERT INTO coarser
SELECT DISTINCT f.place, c.place, c.summary
FROM placed f
JOIN placed c USING (slice)
WHERE f.summary = 'place';

INSERT INTO place_day
SELECT f.period, p.place, f.team, f.service, f.day, SUM(f.BilledCostNano), SUM(f.EffectiveCostNano),
  SUM(f.line_count)
FROM team_cost f
JOIN placed p ON p.summary = 'place' AND p.slice = f.slice
GROUP BY f.period, p.place, f.team, f.service, f.day;
INSERT INTO place_day_revision
SELECT f.period, p.place, f.team, f.service, f.day, f.known_at, SUM(f.BilledCostNano),
  SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM team_cost_revision f
JOIN placed p ON p.summary = 'place' AND p.slice = f.slice
GROUP BY f.period, p.place, f.team, f.service, f.day, f.known_at;
-- One summary after the other: to sort all of them together takes six times the room on the disk.
INSERT INTO place_day
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day f
JOIN coarser p ON p.summary = 'place' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day;
INSERT INTO place_day_revision
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day, f.known_at,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day_revision f
JOIN coarser p ON p.summary = 'place' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day, f.known_at;
INSERT INTO place_day
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day f
JOIN coarser p ON p.summary = 'charge' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day;
INSERT INTO place_day_revision
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day, f.known_at,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day_revision f
JOIN coarser p ON p.summary = 'charge' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day, f.known_at;
INSERT INTO place_day
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day f
JOIN coarser p ON p.summary = 'region' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day;
INSERT INTO place_day_revision
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day, f.known_at,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day_revision f
JOIN coarser p ON p.summary = 'region' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day, f.known_at;
INSERT INTO place_day
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day f
JOIN coarser p ON p.summary = 'system' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day;
INSERT INTO place_day_revision
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day, f.known_at,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day_revision f
JOIN coarser p ON p.summary = 'system' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day, f.known_at;
INSERT INTO place_day
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day f
JOIN coarser p ON p.summary = 'account' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day;
INSERT INTO place_day_revision
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day, f.known_at,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day_revision f
JOIN coarser p ON p.summary = 'account' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day, f.known_at;
INSERT INTO place_day
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day f
JOIN coarser p ON p.summary = 'currency' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day;
INSERT INTO place_day_revision
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day, f.known_at,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day_revision f
JOIN coarser p ON p.summary = 'currency' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day, f.known_at;
INSERT INTO place_day
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day f
JOIN coarser p ON p.summary = 'provider' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day;
INSERT INTO place_day_revision
SELECT f.period, p.coarser, f.team * c.team AS t, f.service * c.service AS v, f.day, f.known_at,
  SUM(f.BilledCostNano), SUM(f.EffectiveCostNano), SUM(f.line_count)
FROM place_day_revision f
JOIN coarser p ON p.summary = 'provider' AND p.place = f.place
JOIN carrier c ON c.summary = p.summary
WHERE f.team > 0 AND f.service > 0
GROUP BY f.period, p.coarser, t, v, f.day, f.known_at;
DROP TABLE coarser;
DROP TABLE placed;
DROP TABLE slice_place;
DROP TABLE carrier;
DROP TABLE way;
