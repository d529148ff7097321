"""What another package brings in one file: a query of hourly points, and a rule that asks it."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar

from costwatch.model import Finding, Labels, Point, SeriesByLabels, State, Verdict, Window, labels
from costwatch.plugins import FactQuery, Reader, RuleSettings, Snapshot, Sums

HOUR = timedelta(hours=1)
STORED = "%Y-%m-%dT%H:%M:%SZ"
SQL = """
SELECT {columns}, COUNT(*) AS runs FROM collection
WHERE started_at >= :first AND started_at < :after AND (:as_of IS NULL OR started_at <= :as_of)
GROUP BY {columns} ORDER BY {columns}
"""


def _rows(reader: Reader, columns: tuple[str, ...], window: Window):
    first, after = (f"{instant:{STORED}}" for instant in (window.start, window.end))
    return reader.rows(SQL.format(columns=", ".join(columns)), {"first": first, "after": after})


def _ask(reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    found: dict[Labels, list[Point]] = defaultdict(list)
    hour = "strftime('%Y-%m-%dT%H:00:00Z', started_at)"
    for row in _rows(reader, (*by, hour), window):
        at = datetime.fromisoformat(row[len(by)])
        if at >= window.start:
            key = labels(**{name: row[name] for name in by})
            found[key].append(Point(at, Decimal(row["runs"]), State.CLOSED))
    return {key: tuple(points) for key, points in found.items()}


def _sums(reader: Reader, by: tuple[str, ...], window: Window) -> Sums:
    rows = _rows(reader, by or ("1",), window)
    return {labels(**{name: row[name] for name in by}): Decimal(row["runs"]) for row in rows}


RUNS = FactQuery(
    name="acme_runs",
    labels=("source", "outcome"),
    unit="runs",
    step=HOUR,
    page="https://acme.example/runs",
    ask=_ask,
    summary="Runs of collect in each hour.",
    sums=_sums,
)


class Restless(RuleSettings):
    """Sources that ran too often within a day. most: how many runs are fine."""

    queries: ClassVar[tuple[FactQuery, ...]] = (RUNS,)

    most: Decimal = Decimal(2)

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        day = Window(now - 24 * HOUR, now)
        for instance, runs in facts.totals("acme_runs", ("source",), [day])[day].items():
            verdict = Verdict.BREACH if runs > self.most else Verdict.OK
            yield Finding(
                instance, verdict, runs, self.most, "runs", f"{dict(instance)['source']}: {runs} runs"
            )
