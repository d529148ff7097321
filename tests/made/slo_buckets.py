"""Histories of SLOs, written in the form that the collector stores."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from costwatch.slo.objectives import BUCKET, Form, Indicator, Method, Objective, Period, Query
from costwatch.warehouse.encoding import to_text
from costwatch.warehouse.slo.definitions import instance_id, put_objectives
from costwatch.warehouse.store import Warehouse

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
COUNTED = Indicator(
    total=Query("sum(rate(http_requests_total[{{.window}}]))", Form.COUNTER, is_rate=True),
    bad=Query('sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))', Form.COUNTER, is_rate=True),
)


def objective(id: str = "checkout", target: str = "0.999", days: float = 30, **more: Any) -> Objective:
    """One that counts requests, of service shop and team payments, unless told otherwise."""
    given = {"service": "shop", "team": "payments", "period": Period(timedelta(days=days)), **more}
    return Objective(id, id, Decimal(target), given.pop("indicator", COUNTED), **given)


@dataclass
class History:
    """A warehouse to write good and total into."""

    folder: Path
    now: datetime = NOW
    file: str = "costwatch.db"
    warehouse: Warehouse = field(init=False)

    def __post_init__(self) -> None:
        self.warehouse = Warehouse(self.folder / self.file)
        self.warehouse.migrate()

    def put(self, *objectives: Objective) -> "History":
        """Objectives as they were collected."""
        with self.warehouse.write() as db:
            put_objectives(db, "slos", objectives, self.now)
        return self

    def buckets(
        self,
        slo: str,
        good_and_total: Iterable[tuple[float, float] | None],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        step: timedelta = BUCKET,
        **labels: str,
    ) -> "History":
        """One after the other from ``start`` on, or so that the last ends at ``end`` (now); None: a gap."""
        told = list(good_and_total)
        first = start or (end or self.now) - len(told) * step
        seconds = int(step.total_seconds())
        with self.warehouse.write() as db:
            instance = instance_id(db, slo, tuple(sorted(labels.items())))
            db.executemany(
                "INSERT OR REPLACE INTO sli VALUES (?, ?, ?, ?, ?, ?, 0)",
                (
                    (
                        instance,
                        int(first.timestamp()) + n * seconds,
                        seconds,
                        *(one or (0, 0)),
                        seconds * bool(one),
                    )
                    for n, one in enumerate(told)
                ),
            )
        return self

    def asked(
        self, slo: str, at: datetime, windows: Mapping[timedelta, tuple[float, float]], **labels: str
    ) -> "History":
        """Short windows as Prometheus answered at ``at``."""
        with self.warehouse.write() as db:
            instance = instance_id(db, slo, tuple(sorted(labels.items())))
            db.executemany(
                "INSERT OR REPLACE INTO sli_window VALUES (?, ?, ?, ?, ?)",
                (
                    (instance, int(length.total_seconds()), to_text(at), good, total)
                    for length, (good, total) in windows.items()
                ),
            )
        return self

    def marker(self, kind: str, title: str, at: datetime, service: str = "") -> "History":
        """Something that changed."""
        with self.warehouse.write() as db:
            db.execute(
                "INSERT INTO marker (source, at, kind, title, service, team, url, author) "
                "VALUES ('ci', ?, ?, ?, ?, '', '', '')",
                (to_text(at), kind, title, service),
            )
        return self


def steady(days: float, total: float = 100, bad: float = 0) -> list[tuple[float, float]]:
    """The same in every five minutes."""
    return [(total - bad, total)] * round(days * 288)


def seconds_of(good: Callable[[int], bool], end: int, length: int) -> tuple[float, float]:
    """Good and total of the ``length`` seconds before ``end``, one event each."""
    return float(sum(good(second) for second in range(end - length, end))), float(length)


def slo_company(path: Path) -> Warehouse:
    """Two objectives for a month: one of two hosts, one of which burns; and one of slices that is quiet."""
    made = History(path.parent, datetime(2026, 11, 23, 7, tzinfo=UTC), path.name)
    slices = {"method": Method.TIMESLICES, "slice_seconds": 60, "slice_target": Decimal("0.9")}
    made.put(
        objective(), objective("feed", "0.95", 7, service="feed", team="growth", system="feed", **slices)
    )
    made.buckets("checkout", [*steady(30), *steady(0.1, 100, 40)], host="a")
    made.buckets("checkout", steady(30, 100, 0.05), host="b")
    made.buckets("feed", steady(7, 5))
    made.marker("deploy", "v42", made.now - timedelta(hours=3), service="shop")
    return made.warehouse
