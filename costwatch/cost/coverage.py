"""How much of a cost is covered: carried by a team, or tagged. Pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Set
from datetime import date, timedelta
from decimal import Decimal

from costwatch.model import Series, SeriesByLabels, Window


class CoveredCosts:
    """What one instance cost: in a window, and day by day, in all and of what is not covered."""

    def __init__(self, told_by: str, of: tuple[str, ...], named_by: str) -> None:
        self.told_by, self.of = told_by, of
        self.total = self.lost = Decimal()
        self.by_day: dict[date, list[Decimal]] = defaultdict(lambda: [Decimal(), Decimal()])
        self.lost_by: dict[str, dict[str, Decimal]] = {
            name: defaultdict(Decimal) for name in ("team", named_by)
        }

    def add(self, of: Mapping[str, str], series: Series, days: Window) -> None:
        """The costs of one combination of labels."""
        is_lost = of[self.told_by] in self.of
        for point in series:
            self.by_day[point.day][0] += point.value
            self.by_day[point.day][1] += point.value * is_lost
            if days.start <= point.at < days.end:
                self.total += point.value
                self.lost += point.value * is_lost
                for name, lost in self.lost_by.items() if is_lost else ():
                    lost[of[name]] += point.value

    @property
    def largest(self) -> str:
        """Where most of what is not covered lies, or its largest part: ``most of it in pool k8s``."""
        *_, label = self.lost_by
        lost = self.lost_by[label]
        name = min(lost, key=lambda name: (-lost[name], name), default="")
        if not name:
            return ""
        return f"{'most' if 2 * lost[name] > self.lost else 'the largest part'} of it in {label} {name}"

    @property
    def evidence(self) -> Mapping[str, object]:
        """What is not covered, by team or residual, and by pool or account."""
        return {
            f"by_{name}": {of: str(amount) for of, amount in sorted(lost.items())}
            for name, lost in self.lost_by.items()
        }

    def since(self, above: Decimal, newest: date) -> date:
        """The first of the days up to ``newest`` that were all above a share, days without cost left out."""
        since = newest
        for day in sorted((day for day in self.by_day if day <= newest), reverse=True):
            total, lost = self.by_day[day]
            if total > 0:
                if lost <= above * total:
                    break
                since = day
        return since


def untold_days(cost: SeriesByLabels, tagging: SeriesByLabels, days: Window) -> Collection[date]:
    """The days of which ``tagging_cost`` does not tell all that they cost, in some currency.

    cost: EffectiveCost, tagging: ``tagging_cost`` by any labels.
    """
    return {day for day, *_ in _sums(cost, days) ^ _sums(tagging, days)}


def how_to_tell(untold: Collection[date]) -> str:
    """Why it is not told of these days, and what to do."""
    first, after = min(untold), max(untold) + timedelta(days=1)
    return (
        f"some of it was published before that was kept; run `costwatch allocate --from {first} --to {after}`"
    )


def _sums(answer: SeriesByLabels, days: Window) -> Set[tuple[date, str, Decimal]]:
    sums: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    for key, series in answer.items():
        for point in series:
            if days.start <= point.at < days.end:
                sums[point.day, dict(key)["currency"]] += point.value
    return {(*of, total) for of, total in sums.items() if total}
