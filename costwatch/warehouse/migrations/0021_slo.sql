-- Service level objectives: what is known of them outlives the Prometheus that it came from.

CREATE TABLE slo (                      -- as it was when it was collected last
  id TEXT PRIMARY KEY,                  -- Objective.id
  definition TEXT NOT NULL,             -- JSON, all of the Objective
  source TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  read_through INTEGER,                 -- up to when it was read without an error, in seconds since 1970
  by_hour_before INTEGER NOT NULL DEFAULT 0  -- what is older is kept by the hour
) STRICT;

CREATE TABLE slo_instance (             -- a label set that its queries return
  id INTEGER PRIMARY KEY,
  slo TEXT NOT NULL,
  labels TEXT NOT NULL,                 -- JSON as plugins.tags_text writes it, '' where there are none
  UNIQUE (slo, labels)
) STRICT;

-- Buckets: [start, start + seconds), start in seconds since 1970. What is older than two weeks is kept by the hour.
CREATE TABLE sli (
  instance INTEGER NOT NULL,
  start INTEGER NOT NULL,
  seconds INTEGER NOT NULL,
  good REAL NOT NULL,
  total REAL NOT NULL,
  known_seconds INTEGER NOT NULL,       -- of these so many are known: 0 is a gap
  bridged_seconds INTEGER NOT NULL,     -- of the known ones, those that are a part of a longer growth
  PRIMARY KEY (instance, start)
) STRICT, WITHOUT ROWID;

-- The same by hour and day in which buckets begin, for windows that are long. Triggers keep it, so that it cannot
-- differ. Sums are exact: amounts are multiples of 2^-20.
CREATE TABLE sli_sum (
  seconds INTEGER NOT NULL,             -- 3600 or 86400
  instance INTEGER NOT NULL,
  start INTEGER NOT NULL,
  good REAL NOT NULL,
  total REAL NOT NULL,
  known_seconds INTEGER NOT NULL,
  bridged_seconds INTEGER NOT NULL,
  PRIMARY KEY (seconds, instance, start)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER sli_replaced BEFORE INSERT ON sli BEGIN
  DELETE FROM sli WHERE instance = new.instance AND start = new.start;
END;

CREATE TRIGGER sli_added AFTER INSERT ON sli BEGIN
  INSERT INTO sli_sum VALUES
    (3600, new.instance, new.start / 3600 * 3600, new.good, new.total, new.known_seconds, new.bridged_seconds),
    (86400, new.instance, new.start / 86400 * 86400, new.good, new.total, new.known_seconds, new.bridged_seconds)
  ON CONFLICT DO UPDATE SET
    good = good + excluded.good, total = total + excluded.total,
    known_seconds = known_seconds + excluded.known_seconds,
    bridged_seconds = bridged_seconds + excluded.bridged_seconds;
END;

CREATE TRIGGER sli_changed AFTER UPDATE ON sli BEGIN
  UPDATE sli_sum SET
    good = good - old.good + new.good, total = total - old.total + new.total,
    known_seconds = known_seconds - old.known_seconds + new.known_seconds,
    bridged_seconds = bridged_seconds - old.bridged_seconds + new.bridged_seconds
  WHERE seconds = 3600 AND instance = new.instance AND start = new.start / 3600 * 3600;
  UPDATE sli_sum SET
    good = good - old.good + new.good, total = total - old.total + new.total,
    known_seconds = known_seconds - old.known_seconds + new.known_seconds,
    bridged_seconds = bridged_seconds - old.bridged_seconds + new.bridged_seconds
  WHERE seconds = 86400 AND instance = new.instance AND start = new.start / 86400 * 86400;
END;

CREATE TRIGGER sli_removed AFTER DELETE ON sli BEGIN
  UPDATE sli_sum SET
    good = good - old.good, total = total - old.total,
    known_seconds = known_seconds - old.known_seconds,
    bridged_seconds = bridged_seconds - old.bridged_seconds
  WHERE seconds = 3600 AND instance = old.instance AND start = old.start / 3600 * 3600;
  UPDATE sli_sum SET
    good = good - old.good, total = total - old.total,
    known_seconds = known_seconds - old.known_seconds,
    bridged_seconds = bridged_seconds - old.bridged_seconds
  WHERE seconds = 86400 AND instance = old.instance AND start = old.start / 86400 * 86400;
END;

CREATE TABLE sli_window (               -- the newest short windows, as Prometheus answered
  instance INTEGER NOT NULL,
  window_seconds INTEGER NOT NULL,
  at TEXT NOT NULL,                     -- the end of the window
  good REAL NOT NULL,
  total REAL NOT NULL,
  PRIMARY KEY (instance, window_seconds)
) STRICT, WITHOUT ROWID;

CREATE TABLE marker (                   -- a deploy, a flag that was switched, ...: what may explain a change
  id INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  at TEXT NOT NULL,
  kind TEXT NOT NULL,                   -- deploy, flag, or another word
  title TEXT NOT NULL,
  service TEXT NOT NULL,                -- '' where it is not known
  team TEXT NOT NULL,
  url TEXT NOT NULL,
  author TEXT NOT NULL,
  UNIQUE (source, at, kind, title, service)
) STRICT;

CREATE INDEX marker_at ON marker (at);
