-- What pods ask for and use, by day: x_workload_days without its nodes, so that no question reads those.

CREATE TABLE usage_group (              -- what days are summed by
  id INTEGER PRIMARY KEY,
  grain TEXT NOT NULL,                  -- namespace or workload; of a namespace what comes below is ''
  source TEXT NOT NULL,
  cluster TEXT NOT NULL,
  namespace TEXT NOT NULL,
  workload_kind TEXT NOT NULL,
  workload TEXT NOT NULL,
  labels TEXT NOT NULL,                 -- as x_workload_days has them: JSON, or ''
  UNIQUE (grain, source, cluster, namespace, workload_kind, workload, labels)
) STRICT;

-- NULL is unknown. `..._with_use` is what was requested by rows whose use is known: use is held against that.
CREATE TABLE usage_day (
  usage_group INTEGER NOT NULL,
  day INTEGER NOT NULL,
  cpu_requested_core_seconds REAL,
  cpu_requested_with_use REAL,
  cpu_used_core_seconds REAL,
  cpu_core_seconds REAL,
  memory_requested_byte_seconds REAL,
  memory_requested_with_use REAL,
  memory_used_byte_seconds REAL,
  memory_byte_seconds REAL,
  gpu_seconds REAL,
  gpu_requested_with_use REAL,
  gpu_used_seconds REAL,
  PRIMARY KEY (usage_group, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE capacity_day (             -- what nodes had while they were measured: x_node_days, by cluster
  source TEXT NOT NULL,
  cluster TEXT NOT NULL,
  day INTEGER NOT NULL,
  cpu_core_seconds REAL,
  memory_byte_seconds REAL,
  gpu_seconds REAL,
  measured_seconds REAL,
  expected_seconds REAL,                -- how long they lived, all together
  PRIMARY KEY (source, cluster, day)
) STRICT, WITHOUT ROWID;
