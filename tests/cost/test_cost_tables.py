"""Whatever is asked of cost, its summaries answer as the facts do, to the nano-unit."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import combinations

import pytest

from costwatch.answers.costs import FILTERS
from costwatch.model import DIMENSIONS
from costwatch.warehouse import history
from costwatch.warehouse.bill.ids import ids_for
from costwatch.warehouse.bill.places import SLICE_COLUMNS
from costwatch.warehouse.bill.publish import Publication, publish
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.facts import cost_tables
from costwatch.warehouse.facts.cost import Cost, cost, values
from costwatch.warehouse.facts.cost_tables import FACTS, table_for
from costwatch.warehouse.store import Warehouse
from dashboards.views.costs import _GROUPS
from tests.made.warehouse_rows import by_place_of, in_batches, summary_of

START = datetime(2026, 10, 2, tzinfo=UTC)
MONTHS = (date(2026, 9, 1), date(2026, 10, 1))
EVER = (date(2026, 8, 1), date(2026, 12, 1))
SOME_DAYS = (date(2026, 9, 1), date(2026, 10, 2))
ACCOUNTS = {"1": ("aws", "AWS", "9"), "2": ("aws", "AWS", "9"), "3": ("azure", "Microsoft", "8")}
KINDS = (("Usage", ""), ("Credit", ""), ("Tax", ""), ("Adjustment", "Correction"))
TEAMS, SERVICES = ("risk", "payments", "unallocated"), ("EC2", "S3", "")


TAGS = ("", "", '{"cluster":"prod","namespace":"ml"}', '{"namespace":"risk","product":"cards"}')


def a_slice(rng: random.Random, tags: Sequence[str] = ("",)) -> tuple[str, ...]:
    account = rng.choice([*ACCOUNTS])
    source, provider, payer = ACCOUNTS[account]
    category, of_class = rng.choice(KINDS)
    told = {
        "source": source,
        "ProviderName": provider,
        "BillingAccountId": payer,
        "SubAccountId": account,
        "SubAccountName": f"account {account}" if account != "2" else rng.choice(["old name", "new name"]),
        "RegionId": rng.choice(["eu-west-1", "us-east-1", ""]),
        "ChargeCategory": category,
        "ChargeClass": of_class,
        "x_UsageType": rng.choice(["BoxUsage", "Bytes", ""]),
        "BillingCurrency": rng.choice(["USD", "EUR"]),
        "x_Pool": rng.choice(["direct", "shared"]),
        "x_System": rng.choice(["checkout", "no system"]),
        "PricingUnit": rng.choice(["Hours", "GB", ""]),
        "AllocatedTags": rng.choice(tags),
    }
    return tuple(told[column] for column in SLICE_COLUMNS)


def published(db, rng: random.Random, month: date, now: datetime, tags: Sequence[str] = ("",)) -> None:
    """A month of made-up facts; some are of the days beside it, and some cost nothing."""
    wanted = {
        (
            rng.choice(TEAMS),
            rng.choice(SERVICES),
            to_int(month + timedelta(days=rng.choice([-1, 0, 1, 2, 27]))),
            a_slice(rng, tags),
        ): (rng.choice([0, 1, -7, 10**9 + 1, 10**17]), rng.randint(-(10**12), 10**12), rng.randint(0, 2))
        for _ in range(60)
    }
    ids = ids_for(db, TEAMS, SERVICES, {key[3] for key in wanted})
    facts = [
        (ids.team[team], ids.service[service], day, ids.slice[of], *costs)
        for (team, service, day, of), costs in wanted.items()
    ]
    totals: dict[str, dict[str, int]] = {}
    for (*_, of), costs in wanted.items():
        named = totals.setdefault(of[SLICE_COLUMNS.index("BillingCurrency")], {})
        for name, amount in zip(("BilledCostNano", "EffectiveCostNano", "line_count"), costs, strict=True):
            named[name] = named.get(name, 0) + amount
    publication = Publication(
        period=month,
        period_end=month + timedelta(days=31),
        inputs_key=str(now),
        loads=(to_int(now.date()),),
        config="{}",
        totals=totals,
        day_lines=sorted({(of[0], day, 1, 0) for _, _, day, of in wanted}),
        summary=summary_of(facts, ids),
        by_place=in_batches(by_place_of(facts, ids)),
        facts=in_batches(facts),
    )
    publish(db, ids, publication, now)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Two months, each published three times, the second later than the first; a team has one above it."""
    found = Warehouse(tmp_path_factory.mktemp("summaries") / "costwatch.db")
    rng = random.Random(7)
    with found.write() as db:
        db.execute(
            "INSERT INTO membership VALUES ('risk', 20260901, 20261001, 'bank', 'c-1', '/bank/money/risk/')"
        )
        history.note(db, "membership", START - timedelta(days=1))
        for number, month in ((0, 0), (1, 0), (1, 1), (2, 1), (2, 0), (3, 1)):
            published(db, rng, MONTHS[month], START + timedelta(days=number), TAGS)
    return found


def told_of(rows: Sequence[Cost]) -> list[tuple[object, ...]]:
    return [
        (*row.labels.items(), row.day, row.BilledCostNano, row.EffectiveCostNano, row.line_count)
        for row in rows
    ]


@contextmanager
def from_facts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(cost_tables, "table_for", lambda asked: FACTS)
        yield


def filters(db) -> Iterator[Mapping[str, Sequence[str]]]:
    """None, each label with one and with two values, and each pair that a page can filter by."""
    known = {label: values(db, label, *EVER) for label in DIMENSIONS}
    assert all(known.values())
    yield {}
    yield {"team": []}
    yield {"parent": ["money"]}
    for label, its_values in known.items():
        yield {label: [its_values[-1], "nobody's"]}
    for one, other in combinations(FILTERS, 2):
        yield {one: known[one][:1], other: known[other][-1:], "currency": ["USD"]}


ASKED = {
    "all days, now": (EVER, None),
    "some days, now": (SOME_DAYS, None),
    "all days, before anything was known": (EVER, START - timedelta(days=1)),
    "all days, when one month was known": (EVER, START),
    "all days, when both were": (EVER, START + timedelta(days=1)),
    "some days, when one was restated": (SOME_DAYS, START + timedelta(days=2, hours=1)),
}


@pytest.mark.parametrize(("window", "as_of"), ASKED.values(), ids=ASKED)
def test_each_label_with_each_filter_is_answered_as_from_the_facts(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, window: tuple[date, date], as_of: datetime | None
) -> None:
    with warehouse.read() as db:
        answered = 0
        for number, where in enumerate(filters(db)):
            for by in [(), *((label,) for label in DIMENSIONS), ("team", "service"), ("account", "region")]:
                per_day = number % 2 == 0
                asked = told_of(cost(db, *window, by, where, per_day=per_day, as_of=as_of))
                with from_facts(monkeypatch):
                    facts = told_of(cost(db, *window, by, where, per_day=per_day, as_of=as_of))
                assert asked == facts, (by, where)
                answered += len(asked)
    assert answered > 1000 or as_of


TAGGED = {
    "by namespace": (("namespace",), {}),
    "by namespace and team": (("team", "namespace"), {}),
    "by product, of one account": (("allocated:product",), {"account": ["1"]}),
    "by account, of one namespace": (("account",), {"namespace": ["ml"]}),
    "by cluster, of what has no namespace": (("cluster",), {"namespace": ["no namespace"]}),
    "by both, of one namespace and of none": (
        ("namespace", "allocated:product"),
        {"namespace": ["risk", "no namespace"], "provider": ["AWS"]},
    ),
    "by the team above, of one product": (("parent",), {"allocated:product": ["cards"]}),
    "by usage type and namespace": (("usage_type", "namespace"), {}),
}


@pytest.mark.parametrize(("by", "where"), TAGGED.values(), ids=TAGGED)
@pytest.mark.parametrize(("window", "as_of"), ASKED.values(), ids=ASKED)
def test_what_parts_are_for_is_answered_as_from_the_facts(
    warehouse: Warehouse,
    monkeypatch: pytest.MonkeyPatch,
    window: tuple[date, date],
    as_of: datetime | None,
    by: tuple[str, ...],
    where: Mapping[str, Sequence[str]],
) -> None:
    with warehouse.read() as db:
        for per_day in (True, False):
            found = cost(db, *window, by, where, per_day=per_day, as_of=as_of)
            with from_facts(monkeypatch):
                facts = cost(db, *window, by, where, per_day=per_day, as_of=as_of)
            assert told_of(found) == told_of([row for row in facts if not row.is_nothing])
            assert found or (as_of and as_of < START)


@pytest.mark.parametrize("by", _GROUPS)
def test_no_question_of_a_page_reads_the_facts(by: str) -> None:
    for number in range(3):
        for where in combinations(FILTERS, number):
            assert table_for({by, *where, "currency"}) != FACTS


def test_values_are_those_that_some_cost_has_in_the_window(warehouse: Warehouse) -> None:
    with warehouse.read() as db:
        for window in (EVER, SOME_DAYS, (date(2026, 1, 1), date(2026, 2, 1))):
            for label in DIMENSIONS:
                found = sorted({row.labels[label] for row in cost(db, *window, (label,))})
                assert values(db, label, *window) == found
