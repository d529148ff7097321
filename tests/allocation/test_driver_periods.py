"""Billing periods by chains of pools: teams, parents, systems and products are the bill, to the nano-unit.

The lines are read once for each shape of a chain, for reading and compiling take longer than all the rest;
amounts, settings and what was measured are of each example.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costwatch.allocate import allocate
from costwatch.allocation import bill, pools
from costwatch.allocation.attribution import Attribution
from costwatch.allocation.settings import Allocation
from costwatch.allocation.splits.driver import DriverPool, Receiver
from costwatch.allocation.weights import CARRIED
from costwatch.ledger.engines.duckdb import InProcess, fetch, take
from costwatch.model import IDLE, NO_SYSTEM, RESIDUALS, UNMEASURED
from costwatch.money import NANO
from costwatch.plugins import tags_of
from costwatch.testing import FakeBatches
from costwatch.warehouse.bill.places import SLICE_COLUMNS, numbered, places_of
from tests.made.company import NOW, Company
from tests.made.driver_chains import (
    AMOUNTS,
    LINES,
    MISSING,
    OCTOBER,
    OF_A_DRIVER,
    ROWS,
    SHAPES,
    TEAMS,
    ZONES,
    batches,
    configured,
)
from tests.made.soak import in_soak

COMPUTED = in_soak(1_500, else_=3)
PUBLISHED = in_soak(150, else_=1)
MOST_SHAPES = in_soak(len(SHAPES), else_=1)


@dataclass
class Chain:
    """A shape, with the lines of the bill as they were read once: ``days`` get other amounts."""

    found: Attribution
    days: pa.Table
    read: tuple[Any, Any]

    @classmethod
    def of(cls, shape: int, file: Path) -> "Chain":
        engine, by = InProcess(), configured(shape)
        found = Attribution(engine, by, FakeBatches())
        parts = [bill.LoadFiles("aws", "focus", (file,))]
        read = bill.keep_facts(engine, parts, OCTOBER.days[0], found.allocation)
        days = fetch(engine.con, "SELECT * FROM days ORDER BY line")
        assert [*map(int, days["line_count"].to_pylist())] == [1] * len(LINES)
        return cls(found, days, read)

    def computed(
        self,
        by: Allocation,
        amounts: Sequence[int],
        collected: FakeBatches,
        missing: Mapping[int, Sequence[date]],
        patch: pytest.MonkeyPatch,
    ) -> list[dict[str, Any]]:
        """The facts, with the names of their team, day and slice."""
        with patch.context() as patched:
            patched.setattr(bill, "keep_facts", lambda *_: self._deliver(amounts))
            self.found.ordered, self.found._batches = pools.complete(by.pools), collected
            self.found.compute([], *OCTOBER.days, missing)
        teams, services, slices = self.found.names()
        ids = [{name: number for number, name in enumerate(names)} for names in (teams, services, slices)]
        places = {place: number for number, place in enumerate(sorted(places_of(slices)))}
        self.found.number(ids[0], ids[1], numbered(slices, ids[2], places))
        names = ("team_id", "service_id", "day", "slice_id", *CARRIED)
        rows = pa.Table.from_batches(self.found.facts()).rename_columns(names).to_pylist()
        return [
            {
                **row,
                "team": teams[row["team_id"]],
                "service": services[row["service_id"]],
                **dict(zip(SLICE_COLUMNS, slices[row["slice_id"]], strict=True)),
            }
            for row in rows
        ]

    def _deliver(self, amounts: Sequence[int]) -> tuple[Any, Any]:
        days = self.days
        for column, sign in (("BilledCostNano", 1), ("EffectiveCostNano", -1)):
            values = pa.array([amount * sign for amount in amounts], pa.int64())
            days = days.set_column(days.column_names.index(column), column, values)
        take(self.found.con, "days", days)
        return self.read


@pytest.fixture(scope="module")
def chains(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    file = tmp_path_factory.mktemp("bill") / "bill.parquet"
    texts = [{column: value or None for column, value in of_line.items()} for of_line in LINES]
    pq.write_table(pa.Table.from_pylist(texts), file)  # as text, which tells zones
    found = cache(lambda shape: Chain.of(shape, file))
    yield found
    for shape in range(MOST_SHAPES):
        found(shape).found.engine.close()


def sums(facts: Sequence[Mapping[str, Any]], *by: str) -> dict[Any, int]:
    found: dict[Any, int] = defaultdict(int)
    for fact in facts:
        found[tuple(fact[name] for name in by)] += fact["EffectiveCostNano"]
    return {key: amount for key, amount in found.items() if amount}


def as_charged(chain: Chain, amounts: Sequence[int]) -> dict[Any, int]:
    """What the lines say, by service, day, currency and system."""
    found: dict[Any, int] = defaultdict(int)
    rows = zip(LINES, amounts, chain.days["first"].to_pylist(), strict=True)
    for of_line, amount, day in rows:
        system = "scoring" if "scoring" in of_line["Tags"] else NO_SYSTEM
        key = of_line["ServiceName"], day, of_line["BillingCurrency"], system
        found[key] -= amount
    return {key: amount for key, amount in found.items() if amount}


@pytest.mark.soak
@settings(
    max_examples=COMPUTED,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    shape=st.integers(0, MOST_SHAPES - 1),
    drawn=st.lists(OF_A_DRIVER, min_size=5, max_size=5),
    amounts=st.lists(AMOUNTS, min_size=len(LINES), max_size=len(LINES)),
    rows=ROWS,
    gone=MISSING,
)
def test_parts_of_any_chain_are_the_bill(
    chains: Any,
    monkeypatch: pytest.MonkeyPatch,
    shape: int,
    drawn: list[Mapping[str, Any]],
    amounts: list[int],
    rows: list[tuple[str, Mapping[str, Any]]],
    gone: list[date],
) -> None:
    chain, by = chains(shape), configured(shape, drawn)
    missing = {number: gone for number, pool in enumerate(by.pools) if pool.split == "driver"}
    facts = chain.computed(by, amounts, batches(rows), missing, monkeypatch)
    # Both costs were split by the same weights: one of them is the other with another sign.
    assert all(fact["BilledCostNano"] == -fact["EffectiveCostNano"] for fact in facts)
    charged_so = as_charged(chain, amounts)
    assert sums(facts, "service", "day", "BillingCurrency", "x_System") == charged_so
    assert {fact["team"] for fact in facts} <= {*(team["name"] for team in TEAMS), *RESIDUALS} - {IDLE}
    _check_products(facts, shape)
    _check_givers(facts, by)
    _check_weights(facts, by, rows, gone)


def _check_products(facts: Sequence[Mapping[str, Any]], shape: int) -> None:
    """What a line says of its product stays, where nothing says another one."""
    told = [tags_of(fact["AllocatedTags"]).get("product", "") for fact in facts]
    if shape % 2:  # without dimensions it is a label like others
        assert {*told} <= {"", "Cards", "own"}
        return
    assert {*told} <= {"", "own", "cards", "mesh", "gift-cards"}
    for fact, product in zip(facts, told, strict=True):
        if fact["x_Pool"] == "direct" and fact["service"] == "EC2" and fact["team"] == "risk":
            assert product == "gift-cards"
        if fact["service"] == "RDS" and fact["x_System"] == "scoring":
            assert product in ("own", "cards")


def _check_givers(facts: Sequence[Mapping[str, Any]], by: Allocation) -> None:
    """Whose whole cost is given on keeps nothing, and is given nothing of others' afterwards."""
    for number, pool in enumerate(by.pools):
        if pool.carried_by and not pool.match.model_dump(exclude_defaults=True):
            later = {each.name for each in by.pools[number + 1 :] if not each.carried_by}
            kept = {fact["x_Pool"] for fact in facts if fact["team"] == pool.carried_by}
            # What it has no weights for stays unmeasured, also where that is who gives.
            allowed = {UNMEASURED} if pool.carried_by == UNMEASURED else set()
            assert allowed or all(of.split(" > ")[0] in later for of in kept), (pool.name, kept)


def _check_weights(
    facts: Sequence[Mapping[str, Any]],
    by: Allocation,
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    gone: Sequence[date],
) -> None:
    """What stays where ``gateway`` put it, against a plain sum over what was measured on the day."""
    pool = next((each for each in by.pools if each.name == "gateway"), None)
    if not isinstance(pool, DriverPool) or pool.fallback == "carried":
        return
    givers = {each.carried_by for each in by.pools}
    # What is measured on other days counts, too, where it has another unit or is much larger.
    asked = {*range(1, 5)} - ({day.day for day in gone} if pool.over == "day" else set())
    known = [
        (source, row)
        for source, row in rows
        if min(asked, default=0) <= row["day"].day <= max(asked, default=0)
        if not pool.sources or source in pool.sources
    ]
    for day in (1, 2, 4):  # on the 3rd it is a correction, which may be weighed over the month
        mine = [fact for fact in facts if (fact["service"], fact["day"]) == ("Gateway", 20261000 + day)]
        whole = sum(fact["EffectiveCostNano"] for fact in mine)
        weights = _weights(pool, known, day, gone)
        for team in weights.keys() - givers:
            stays = (fact for fact in mine if (fact["team"], fact["x_Pool"]) == (team, "gateway"))
            found = sum(fact["EffectiveCostNano"] for fact in stays)
            wanted = whole * weights[team] / sum(weights.values())
            assert abs(found - wanted) <= 12 + abs(whole) * Fraction(24, 10**9), (day, team, found, wanted)


def _weights(
    pool: DriverPool, known: Sequence[tuple[str, Mapping[str, Any]]], day: int, gone: Sequence[date]
) -> dict[str, Fraction]:
    """Team -> its weight on a day of October, exactly."""
    if date(2026, 10, day) in gone:
        return {UNMEASURED: Fraction(1)}
    names = {team["name"]: str(team["name"]) for team in TEAMS} | ({"pay": "payments"} if day > 1 else {})
    names |= {value.lower(): team for value, team in pool.owners.items()}
    found: dict[str, Fraction] = defaultdict(Fraction)
    largest = max((row["value"] or 0 for _, row in known), default=0)
    for source, row in _used(pool, known, day):
        coverage = max(of["coverage"] for other, of in known if (other, of["day"]) == (source, row["day"]))
        amount = Fraction(max(row["value"] or 0, 0)) / Fraction(coverage)
        if largest <= 1e100 or amount * 10**424 > largest:  # floats lose what is so much smaller
            found[names.get(tags_of(row["labels"]).get("caller", "").lower(), UNMEASURED)] += amount
    weights = {team: weight for team, weight in found.items() if weight}
    rest = weights.pop(UNMEASURED, Fraction(0)) if weights else Fraction(1)
    receivers = [str(team["name"]) for team in TEAMS] if pool.fallback == "even" else [UNMEASURED]
    if isinstance(pool.fallback, Receiver):
        receivers = [pool.fallback.team]
    for team in receivers:
        weights[team] = weights.get(team, Fraction(0)) + rest / len(receivers)
    return weights


def _used(
    pool: DriverPool, known: Sequence[tuple[str, Mapping[str, Any]]], day: int
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The rows of a day, if it can be used."""
    mine = [(source, row) for source, row in known if row["day"].day == day]
    sources = {source for source, _ in mine}
    coverage = [max(row["coverage"] for of, row in mine if of == source) for source in sources]
    units = {row["unit"] for _, row in known if (row["value"] or 0) > 0}
    is_used = min(coverage, default=0) >= pool.min_coverage and min(coverage, default=0) > 0
    return mine if is_used and len(units) <= 1 else []


@pytest.mark.soak
@settings(
    max_examples=PUBLISHED,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    drawn=st.lists(OF_A_DRIVER, min_size=5, max_size=5),
    amounts=st.lists(AMOUNTS, min_size=len(LINES), max_size=len(LINES)),
    rows=ROWS,
    zone=ZONES,
)
def test_parents_systems_and_products_roll_up_to_the_published_bill(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[Mapping[str, Any]],
    amounts: list[int],
    rows: list[tuple[str, Mapping[str, Any]]],
    zone: timezone,
) -> None:
    made = Company(tmp_path_factory.mktemp("company"))
    made.bill([_costing(of_line, amount, zone) for of_line, amount in zip(LINES, amounts, strict=True)])
    made.collect()
    by = configured(0, drawn)
    (done,) = allocate(made.warehouse, made.root / "ledger", made.sources, by, NOW, batches=batches(rows))
    assert (done.error, done.line_count) == ("", len(LINES))
    whole = {row.labels["currency"]: row.EffectiveCostNano for row in made.cost()}
    assert whole == {
        currency: sum(
            amount
            for of_line, amount in zip(LINES, amounts, strict=True)
            if of_line["BillingCurrency"] == currency
        )
        for currency in ("EUR", "USD")
    }
    for label in ("team", "parent", "system", "product", "pool", "allocated:caller"):
        assert _by_currency(made, label) == whole
    for parent, below in (
        ("commerce", ("commerce", "risk", "payments")),
        ("platform", ("platform", "security")),
    ):
        rolled_up = sum(row.EffectiveCostNano for row in made.cost(where={"parent": (parent,)}))
        teams = sum(row.EffectiveCostNano for row in made.cost(where={"team": below}))
        assert rolled_up == teams


def _by_currency(made: Company, label: str) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for row in made.cost(label):
        found[row.labels["currency"]] += row.EffectiveCostNano
    return dict(found)


def _costing(of_line: Mapping[str, str], amount: int, zone: timezone) -> dict[str, str]:
    """A line of that amount, whose days are told in some zone."""
    cost = f"{Decimal(amount) / NANO:f}"
    days = {
        column: datetime.fromisoformat(of_line[column]).astimezone(zone).isoformat()
        for column in ("ChargePeriodStart", "ChargePeriodEnd")
    }
    return {**of_line, **days, "EffectiveCost": cost, "BilledCost": cost}
