"""A ``plugins.Snapshot`` made from a list of costs, for tests of pure arithmetic."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from costwatch.model import Labels, Point, Series, State, Window, labels, midnight


@dataclass(frozen=True)
class MadeSeries:
    """costs: (day, team, service, currency, amount); days in ``open_days`` are estimated."""

    costs: tuple[tuple[date, str, str, str, Decimal], ...]
    open_days: frozenset[date] = frozenset()

    @property
    def data_through(self) -> date | None:
        days = sorted({day for day, *_ in self.costs})
        settled = [day for day in days if not any(day >= open_day for open_day in self.open_days)]
        return settled[-1] if settled else None

    def series(self, query: str, by: tuple[str, ...], window: Window) -> Mapping[Labels, Series]:
        if query == "budget":
            return {}
        sums: dict[Labels, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for day, team, service, currency, amount in self.costs:
            if window.start.date() <= day < window.end.date():
                every = {"team": team, "service": service}
                key = labels(currency=currency, **{name: every[name] for name in by})
                sums[key][day] += amount
        return {key: self._points(days) for key, days in sums.items()}

    def totals(
        self, query: str, by: tuple[str, ...], windows: Iterable[Window]
    ) -> Mapping[Window, Mapping[Labels, Decimal]]:
        return {
            window: {
                key: sum((point.value for point in points), Decimal())
                for key, points in self.series(query, by, window).items()
            }
            for window in windows
        }

    def _points(self, days: Mapping[date, Decimal]) -> Series:
        return tuple(
            Point(midnight(day), value, State.ESTIMATED if day in self.open_days else State.SETTLED)
            for day, value in sorted(days.items())
        )


def made(costs: Iterable[tuple[date, str, str, str, object]], open_days: Iterable[date] = ()) -> MadeSeries:
    """Amounts may be text or int."""
    rows = tuple(
        (day, team, service, currency, Decimal(str(amount))) for day, team, service, currency, amount in costs
    )
    return MadeSeries(rows, frozenset(open_days))
