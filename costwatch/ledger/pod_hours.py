"""What containers asked for and used, from the hours of their pods.

All of a month of a large cluster is read: within a second or two, and in little memory, as only one day at a
time is told apart by hour. Neither Ibis nor PyArrow is loaded.
"""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir
from typing import Any

from costwatch.errors import LedgerError
from costwatch.savings.container_use import Container, ContainerUse

_MEMORY_LIMIT = "256MB"
_KEYS = ", ".join(("cluster", "namespace", "workload_kind", "workload", "container"))

_CONTAINERS = f"""CREATE TEMP TABLE containers AS
SELECT hash({_KEYS}) AS id, * FROM (
  SELECT {_KEYS}, min(hour) AS first, max(hour) AS last,
    sum(running_seconds) AS running,
    arg_max(cpu_requested_core_seconds / nullif(running_seconds, 0), hour) AS cpu_requested,
    max(memory_used_bytes_max) AS memory_max,
    arg_max(memory_requested_byte_seconds / nullif(running_seconds, 0), hour) AS memory_requested,
    arg_max(memory_limit_bytes, hour) AS memory_limit,
    sum(oom_kills) AS oom_kills,
    max(memory_limit_bytes) FILTER (oom_kills > 0) AS oom_limit,
    sum(gpu_seconds) AS gpu,
    sum(gpu_used_seconds) AS gpu_used
  FROM (SELECT * REPLACE (epoch(hour)::BIGINT AS hour) FROM read_parquet($paths))
  WHERE ($cluster = '' OR cluster = $cluster) AND ($namespace = '' OR namespace = $namespace)
  GROUP BY ALL
)"""

_DAYS = "CREATE TEMP TABLE days (id UBIGINT, maxima DOUBLE[])"

# By a hash: to tell a day's hours apart by five names takes four times as long. Should two containers ever
# share one, both are asked to fit what the larger one uses.
_DAY = f"""INSERT INTO days SELECT id, list(maximum) FROM (
  SELECT hash({_KEYS}) AS id, max(cpu_used_cores_max) AS maximum
  FROM (SELECT {_KEYS}, epoch(hour)::BIGINT AS hour, cpu_used_cores_max FROM read_parquet($path))
  WHERE cpu_used_cores_max IS NOT NULL
  GROUP BY id, hour
) GROUP BY id"""

_USES = f"""SELECT {_KEYS}, first, last, coalesce(measured, 0), running / 3600, p95, cpu_requested,
  memory_max, memory_requested, memory_limit, coalesce(oom_kills, 0), oom_limit, gpu / 3600, gpu_used / 3600
FROM containers LEFT JOIN (
  SELECT id, count(*) AS measured, list_aggregate(flatten(list(maxima)), 'quantile_disc', 0.95) AS p95
  FROM days GROUP BY id
) USING (id)
ORDER BY {_KEYS}"""


def container_uses(days: Sequence[Path], cluster: str = "", namespace: str = "") -> list[ContainerUse]:
    """What containers took in the hours that these files hold, each those of one UTC day.

    cluster, namespace: only of these; '' is of all. Raises LedgerError for a file that cannot be read.
    """
    import duckdb  # here: pages are served by a process that mostly has no use for it

    if not days:
        return []
    paths = [escape(str(path)) for path in days]
    try:
        with closing(duckdb.connect()) as con:
            con.execute(f"SET enable_progress_bar=false; SET memory_limit='{_MEMORY_LIMIT}'")
            con.execute(f"SET temp_directory='{gettempdir()}/duckdb-{token_hex(8)}'")
            # By one thread: of pods that share their newest hour the same one counts each time.
            con.execute("SET threads=1")
            con.execute(_CONTAINERS, {"paths": paths, "cluster": cluster, "namespace": namespace})
            con.execute(_DAYS)
            for path in paths:
                con.execute(_DAY, {"path": path})
            return [_use(row) for row in con.execute(_USES).fetchall()]
    except duckdb.Error as error:
        raise LedgerError(str(error).splitlines()[0][:200]) from None


def _use(row: tuple[Any, ...]) -> ContainerUse:
    first, last = (datetime.fromtimestamp(seconds, UTC) for seconds in row[5:7])
    return ContainerUse(Container(*row[:5]), first, last, *row[7:])
