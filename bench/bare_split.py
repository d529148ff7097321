"""A bill of nodes split by what pods used with nothing of costwatch: what ``allocation.py`` compares it with.

Usage: bare_split.py duckdb|pandas hours|days; in the folder that ``allocation.py`` makes. Prints as JSON how
many days of workloads there are, and what they cost.
"""

import json
import sys
from pathlib import Path

# What holds or used what of a node, beside what the node has: prices as AWS weighs them.
_WEIGHT = (
    ".9 * cpu_core_seconds + .1 * memory_byte_seconds / 2**30 + 9 * greatest(gpu_seconds, gpu_used_seconds)"
)
_WORTH = "(.9 * cpu_cores + .1 * memory_bytes / 2**30 + 9 * gpus) * measured_seconds"
_USED = {"hours": ("hours/*.parquet", "hour"), "days": ("workloads.parquet", "day")}
_AMOUNTS = ["cpu_core_seconds", "memory_byte_seconds", "gpu_seconds", "gpu_used_seconds"]
_WORKLOAD = ["cluster", "namespace", "workload", "labels", "day"]


def by_duckdb(of: str) -> tuple[int, float]:
    """Kept as a table, as whoever goes on with it would."""
    import duckdb

    files, time = _USED[of]
    con = duckdb.connect()
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"""CREATE TEMPORARY TABLE carried AS WITH
        used AS (SELECT cluster, instance, namespace, workload, labels, {time}::DATE AS day,
            sum({_WEIGHT}) AS weight FROM read_parquet('{files}') GROUP BY ALL),
        bill AS (SELECT ResourceId AS instance, ChargePeriodStart::DATE AS day, sum(EffectiveCost) AS cost
            FROM read_csv('bill/bill.csv') GROUP BY ALL),
        nodes AS (SELECT instance, day, {_WORTH} AS worth FROM 'nodes.parquet')
        SELECT cluster, namespace, workload, labels, day, sum(cost * weight / worth) AS cost
        FROM used JOIN nodes USING (instance, day) JOIN bill USING (instance, day) GROUP BY ALL""")
    return con.execute("SELECT count(*), sum(cost) FROM carried").fetchall()[0]


def by_pandas(of: str) -> tuple[int, float]:
    """The same, file by file in memory."""
    import numpy as np
    import pandas as pd

    files, time = _USED[of]
    bill = pd.read_csv("bill/bill.csv", parse_dates=["ChargePeriodStart"])
    bill = bill.rename(columns={"ResourceId": "instance"})
    bill["day"] = bill["ChargePeriodStart"].dt.date
    costs = bill.groupby(["instance", "day"], as_index=False)["EffectiveCost"].sum()
    nodes = pd.read_parquet("nodes.parquet")
    nodes["worth"] = 0.9 * nodes["cpu_cores"] + 0.1 * nodes["memory_bytes"] / 2**30 + 9 * nodes["gpus"]
    nodes["worth"] *= nodes["measured_seconds"]
    nodes = nodes[["instance", "day", "worth"]].merge(costs)
    parts = []
    for file in sorted(Path().glob(files)):
        used = pd.read_parquet(file, columns=[*_WORKLOAD[:-1], "instance", time, *_AMOUNTS])
        used["day"] = used[time].dt.date if time == "hour" else used[time]
        cpu, memory, gpus, gpus_used = (used[name] for name in _AMOUNTS)
        used["weight"] = 0.9 * cpu + 0.1 * memory / 2**30 + 9 * np.maximum(gpus, gpus_used)
        used = used.groupby([*_WORKLOAD, "instance"], as_index=False)["weight"].sum().merge(nodes)
        used["cost"] = used["EffectiveCost"] * used["weight"] / used["worth"]
        parts.append(used.groupby(_WORKLOAD, as_index=False)["cost"].sum())
    carried = pd.concat(parts)
    return len(carried), float(carried["cost"].sum())


if __name__ == "__main__":
    print(json.dumps({"duckdb": by_duckdb, "pandas": by_pandas}[sys.argv[1]](sys.argv[2])))
