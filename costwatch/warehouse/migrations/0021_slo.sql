-- Service level objectives: what is known of them outlives the Prometheus that it came from.

CREATE TABLE slo (                      -- as it was when it was collected last
  id TEXT PRIMARY KEY,                  -- Objective.id
  definition TEXT NOT NULL,             -- JSON, all of the Objective
  source TEXT NOT NULL,
  seen_at TEXT NOT NULL
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
