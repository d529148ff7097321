"""What a demo's pools of split ``driver`` come to, worked out from its files alone: lines and measures."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq

from costwatch.allocation.splits.driver import DriverPool
from tests.made.cluster_dollars import listed_files

Dollars = Mapping[tuple[str, str, str, date], Fraction]  # pool, team, label's value, day -> nano-dollars


def fleet_dollars(folder: Path, pools: Iterable[object]) -> Dollars:
    """Of all that was delivered. EffectiveCost."""
    bill: dict[tuple[str, date], int] = defaultdict(int)
    for path in listed_files(folder):
        names = ["EffectiveCost", "ChargePeriodStart", "Tags"]
        for line in pq.read_table(path, columns=names).to_pylist():
            if fleet := dict(line["Tags"]).get("fleet"):
                bill[fleet, line["ChargePeriodStart"].date()] += round(line["EffectiveCost"] * 1e9)
    measured: dict[tuple[str, date], dict[str, Fraction]] = defaultdict(dict)
    for row in pq.read_table(folder / "measures").to_pylist():
        (value,) = json.loads(row["labels"]).values()
        measured[row["measure"], row["day"]][value] = Fraction(row["value"])
    of_drivers = {pool.name: pool for pool in pools if isinstance(pool, DriverPool)}
    return {
        (name, of_drivers[name].owners[value], value, day): nano * of / sum(values.values())
        for (name, day), nano in bill.items()
        for values in [measured[of_drivers[name].driver, day]]
        for value, of in values.items()
    }
