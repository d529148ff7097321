"""Asked as of an instant, a warehouse answers what one that had stopped at that instant would answer."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from collectors.exports import Exports
from costwatch.model import Window
from costwatch.warehouse.facts.cost import days_held
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.bills import Line, on_day, write_csv
from tests.made.company import EVER, Company
from tests.made.soak import in_soak

START, END = datetime(2026, 10, 3, 6, tzinfo=UTC), datetime(2026, 12, 3, 6, tzinfo=UTC)
LATER = datetime(2027, 2, 1, tzinfo=UTC)
ACCOUNTS = ("100000000001", "100000000002", "100000000003")
BUDGET_LABELS = ("name", "team", "metric", "period")
COST_LABELS = ((), ("team",), ("team", "service"), ("account", "pool"), ("source", "region"))


@dataclass
class Story:
    """A company whose bill, teams, budgets and settling change at random from run to run, seeded."""

    root: Path
    seed: int
    copies: list[tuple[datetime, Warehouse]] = field(default_factory=list)  # a warehouse stopped at each run

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.company = Company(self.root)
        self.others = [*self.company.sources, Exports(name="gcp", location=str(self.root / "gcp"))]
        self.amounts = {(day, account): self._amount() for day in range(1, 32) for account in ACCOUNTS}

    def tell(self, runs: int) -> None:
        """The first and the last run do everything, so that there is something to tell."""
        now = START
        for number in range(runs):
            if number % 5 != 4:  # every fifth run comes at the very instant of the one before
                now = min(END, now + timedelta(hours=self.random.randint(1, 2 * 24 * 60 // runs)))
            self._change(now)
            if number in (0, runs - 1) or self.random.random() < 0.8:
                self.company.collect(now)
            if number in (0, runs - 1) or self.random.random() < 0.8:
                assert {each.error for each in self.company.allocate(now)} <= {""}
            copy = self.root / f"stopped-{number}.db"
            self.company.warehouse.backup(copy)
            self.copies.append((now, Warehouse(copy)))

    def stopped_at(self, instant: datetime) -> Warehouse:
        """The warehouse as the last run up to then left it; an empty one before the first."""
        found = [copy for at, copy in self.copies if at <= instant]
        if found:
            return found[-1]
        nothing = Warehouse(self.root / "nothing.db")
        nothing.migrate()
        return nothing

    def _change(self, now: datetime) -> None:
        pick = self.random
        for key in pick.sample(sorted(self.amounts), 3):
            self.amounts[key] = self._amount()
        last = min(31, (now - START).days + pick.randint(1, 3))  # at times days go missing again
        lost = pick.choice((0, 0, 0, last - 1))
        self.company.bill([*self._lines(ACCOUNTS[:2], "900000000001", last, lost)])
        write_csv(self.root / "gcp" / "bill.csv", [*self._lines(ACCOUNTS[2:], "900000000002", last, 0)])
        self.company.sources = self.others if pick.random() < 0.7 else self.others[:1]
        owners = {account: pick.choice(("risk", "payments", "platform")) for account in ACCOUNTS[:2]}
        self.company.allocation = {
            "teams": [
                {"name": team, "accounts": [account for account, owner in owners.items() if owner == team]}
                for team in sorted(set(owners.values()))
            ],
            "budgets": [
                {"team": team, "amount": pick.choice((100, 200)), "period": pick.choice(("month", "quarter"))}
                for team in pick.sample(["*", *sorted(set(owners.values()))], 2)
            ][: pick.randint(0, 2)],
            "settle": {
                "age_hours": pick.choice((12, 48)),
                "close_after_days": pick.choice((3, 14)),
                "at_most_days": pick.choice((4, 7)),
            },
        }

    def _lines(self, accounts: Sequence[str], payer: str, last: int, lost: int) -> Iterator[Line]:
        for day in range(1, last + 1):
            for account in accounts if day != lost else ():
                amount = self.amounts[day, account]
                yield on_day(
                    day,
                    BillingAccountId=payer,
                    SubAccountId=account,
                    BilledCost=amount,
                    EffectiveCost=amount,
                    ServiceName=("Amazon S3", "Amazon EC2")[day % 2],
                )

    def _amount(self) -> str:
        return f"{self.random.randint(-5, 100)}.{self.random.randint(0, 10**9 - 1):09d}"


def answers(warehouse: Warehouse, now: datetime, as_of: datetime | None = None) -> Mapping[str, Any]:
    """Everything a rule, a page or a report could ask."""
    window = Window.of_days(*EVER)
    year = Window.of_days(date(2026, 1, 1), date(2027, 1, 1))
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, now, as_of=as_of)
        return {
            **{f"{metric} {by}": facts.series(metric, by, window) for metric, by in asked()},
            **{f"sums {metric} {by}": facts.totals(metric, by, [window]) for metric, by in asked()},
            "states": facts.states(*EVER),
            "data_through": facts.data_through,
            "through": facts.through("BilledCost"),
            "budgets": facts.series("budget", BUDGET_LABELS, year),
            "freshness": facts.series("freshness", ("source",), year),
            "days": days_held(db, as_of) if facts.states(*EVER) else None,
        }


def asked() -> Iterator[tuple[str, tuple[str, ...]]]:
    return ((metric, by) for metric in ("BilledCost", "EffectiveCost") for by in COST_LABELS)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(in_soak(20, else_=1)))
def test_any_instant_is_answered_as_if_it_were_now(seed: int, tmp_path: Path) -> None:
    story = Story(tmp_path, seed)
    story.tell(runs=12)
    final = story.company.warehouse
    pick = random.Random(seed)
    span = int((END - START).total_seconds()) + 2 * 86_400
    instants = [START - timedelta(days=1) + timedelta(seconds=pick.randrange(span)) for _ in range(50)]
    told = []
    for instant in [*instants, START - timedelta(seconds=1), *(at for at, _ in story.copies)]:
        then = answers(story.stopped_at(instant), instant)
        assert answers(final, LATER, instant) == then, instant
        told.append(then)
    assert len({one["data_through"] for one in told}) > 3  # the story had something to tell
    assert len({str(one["budgets"]) for one in told}) > 3
    assert len({str(one["states"]) for one in told}) > 5
    assert {len(one["freshness"]) for one in told} >= {0, 1, 2}
