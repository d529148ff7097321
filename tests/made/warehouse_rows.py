"""A small warehouse from a handful of rows, for tests of what is read from one."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from itertools import takewhile
from pathlib import Path

import pyarrow as pa
from pydantic import TypeAdapter

from costwatch.model import METRICS, NO_SYSTEM, About, Amounts, Counted, Load, State, Window
from costwatch.money import nanos, units
from costwatch.warehouse import history
from costwatch.warehouse.bill import loads
from costwatch.warehouse.bill.ids import ids_for
from costwatch.warehouse.bill.places import PLACE_COLUMNS, SLICE_COLUMNS, SUMMARIES, kind_of
from costwatch.warehouse.bill.publish import Publication, publish
from costwatch.warehouse.encoding import from_int, to_int, to_text
from costwatch.warehouse.intake import runs
from costwatch.warehouse.store import Warehouse

# day, team, service, currency, BilledCost, EffectiveCost (text, int or Decimal), state of the day
Row = tuple[date, str, str, str, object, object, str]

SOURCE, PAYER = "aws", "111111111111"
NOW = datetime(
    2026, 11, 23, 6, tzinfo=UTC
)  # a Monday: Fri 20 Nov is the newest settled day, Sun 22 is missing
DAILY = {
    ("platform", "Amazon Relational Database Service"): 1480,
    ("platform", "Amazon Elastic Kubernetes Service"): 640,
    ("ml-platform", "Amazon SageMaker"): 1900,
    ("ml-platform", "Amazon Elastic Compute Cloud"): 2600,
    ("feature-store", "Amazon Managed Streaming for Apache Kafka"): 1120,
    ("feature-store", "Amazon Virtual Private Cloud"): 140,
    ("risk", "Amazon DynamoDB"): 830,
    ("payments", "Amazon Relational Database Service"): 410,
    ("unallocated", "Amazon Simple Storage Service"): 95,
}


def fill(
    warehouse: Warehouse, rows: Iterable[Row], now: datetime = NOW, systems: Mapping[str, str] | None = None
) -> None:
    """Publish ``rows`` at ``now``, each calendar month that occurs in them whole.

    Filling a month again restates it: what changed on days that were settled becomes a revision. systems:
    which one a service belongs to.
    """
    systems = systems or {}
    rows = sorted(rows, key=lambda row: row[:4])
    months = defaultdict(list)
    for row in rows:
        months[row[0].replace(day=1)].append(row)
    with warehouse.write() as db:
        for month, its_rows in sorted(months.items()):
            slices = {
                (currency, service): _slice(currency, systems.get(service, NO_SYSTEM))
                for _, _, service, currency, *_ in its_rows
            }
            ids = ids_for(db, {row[1] for row in its_rows}, {row[2] for row in its_rows}, {*slices.values()})
            facts = [
                (
                    ids.team[team],
                    ids.service[service],
                    to_int(day),
                    ids.slice[slices[currency, service]],
                    nanos(Decimal(str(billed))),
                    nanos(Decimal(str(effective))),
                    1,
                )
                for day, team, service, currency, billed, effective, _ in its_rows
            ]
            publish(
                db,
                ids,
                Publication(
                    period=month,
                    period_end=_next_month(month),
                    inputs_key=to_text(now),
                    loads=(_load(db, month, its_rows, now),),
                    config="{}",
                    totals=_totals(its_rows),
                    day_lines=[(SOURCE, to_int(day), 1, 0) for day in sorted({row[0] for row in its_rows})],
                    summary=summary_of(facts, ids),
                    by_place=in_batches(by_place_of(facts, ids)),
                    bill=_invoiced(((), row) for row in its_rows),
                    invoices=_invoiced(((ids.team[row[1]],), row) for row in its_rows),
                    facts=in_batches(facts),
                ),
                now,
            )
        for day, state in {row[0]: row[6] for row in rows}.items():
            db.execute(
                "INSERT OR REPLACE INTO day_state (source, day, state) VALUES (?, ?, ?)",
                (SOURCE, to_int(day), state),
            )
        states = {from_int(row["day"]): State(row["state"]) for row in db.execute("SELECT * FROM day_state")}
        settled = takewhile(lambda day: states[day].is_settled, sorted(states))
        through = max(settled, default=None)
        db.execute(
            "INSERT OR REPLACE INTO source (name, role, data_through, passed, late_after_days)"
            " VALUES (?1, 'bill', ?2, ?2, 7)",
            (SOURCE, None if through is None else to_int(through)),
        )
        for table in ("day_state", "source"):
            history.note(db, table, now)
        collected(db, SOURCE, now)


def collected(db, source: str, at: datetime, outcome: str = "loaded", error: str = "") -> None:
    """One run of a source."""
    runs.record_source(db, source, "bill", at)
    runs.record_run(db, source, at, outcome, row_count=int(outcome == "loaded"), error=error)


def budget(
    warehouse: Warehouse, team: str, amount: object, *, period: str = "month", currency: str = "USD"
) -> None:
    """A budget as ``allocate`` would store it."""
    with warehouse.write() as db:
        db.execute(
            "INSERT INTO budget (name, team, metric, period, BillingCurrency, amount_nano)"
            " VALUES (?, ?, 'EffectiveCost', ?, ?, ?)",
            (f"{team} {period}", team, period, currency, nanos(Decimal(str(amount)))),
        )
        history.note(db, "budget", NOW)


def on_days(first: date, last: date | None = None) -> About:
    """A sum of cost over these days."""
    return About("EffectiveCost", window=Window.of_days(first, (last or first) + timedelta(days=1)))


def alert(
    warehouse: Warehouse,
    rule: str,
    summary: str,
    fired_at: datetime,
    *,
    labels: dict[str, str] | None = None,
    value: str | None = None,
    threshold: str | None = None,
    unit: str = "USD",
    severity: str = "ticket",
    resolved_at: datetime | None = None,
    runbook: str = "",
    about: About | None = None,
) -> None:
    """An alert that fired, and is resolved if ``resolved_at`` says so."""
    state = "firing" if resolved_at is None else "resolved"
    every_label = {**(labels or {}), "rule": rule, "severity": severity}
    row = {
        "fingerprint": json.dumps(every_label, sort_keys=True),
        "rule": rule,
        "severity": severity,
        "labels": json.dumps(every_label),
        "state": state,
        "value": value,
        "threshold": threshold,
        "unit": unit,
        "summary": summary,
        "runbook": runbook,
        "evidence": "{}",
        "about": None if about is None else TypeAdapter(About).dump_json(about).decode(),
        "active_at": to_text(fired_at),
        "fired_at": to_text(fired_at),
        "resolved_at": None if resolved_at is None else to_text(resolved_at),
    }
    with warehouse.write() as db:
        db.execute(
            f"INSERT INTO alert ({', '.join(row)}) VALUES ({', '.join(':' + name for name in row)})",
            row,
        )
        for at, name in ((fired_at, "firing"), (resolved_at, "resolved")):
            if at is not None:
                db.execute(
                    "INSERT INTO alert_event (fingerprint, rule, at, state, value, summary)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (row["fingerprint"], rule, to_text(at), name, value, summary),
                )


def _slice(currency: str, system: str) -> tuple[str, ...]:
    return (
        SOURCE,
        "AWS",
        PAYER,
        "222222222222",
        "main",
        "us-east-1",
        "Usage",
        "",
        "",
        currency,
        "direct",
        system,
        "",
        "",
    )


def _load(db, month: date, rows: list[Row], now: datetime) -> int:
    """Another delivery every time, as collect would record it."""
    name = f"{month} {to_text(now)}"
    totals = {
        currency: Counted(Amounts(**sums), {cost: units(sums[f"{cost}Nano"]) for cost in METRICS})
        for currency, sums in _totals(rows).items()
    }
    digest = sha256(name.encode()).hexdigest()
    load = Load(month, _next_month(month), digest, "focus", (name,), (PAYER,), totals)
    loads.record_load(db, SOURCE, load)
    return int(db.execute("SELECT MAX(id) FROM load").fetchone()[0])


def in_batches(facts: Sequence[tuple[int, ...]]) -> list[pa.RecordBatch]:
    """Facts in the order and the form in which they are published."""
    return (
        [pa.record_batch([*map(pa.array, zip(*sorted(facts), strict=True))], names=[*"tsdlben"])]
        if facts
        else []
    )


def summary_of(facts, ids) -> list[tuple[int | str, ...]]:
    """The facts without their slices, as allocate sums them."""
    told = {
        number: (key[SLICE_COLUMNS.index("BillingCurrency")], kind_of(key))
        for key, number in ids.slice.items()
    }
    found: dict[tuple[int | str, ...], list[int]] = {}
    for team, service, day, of, *sums in facts:
        held = found.setdefault((day, team, service, *told[of]), [0, 0, 0])
        held[:] = [one + more for one, more in zip(held, sums, strict=True)]
    return [(*key, *sums) for key, sums in sorted(found.items())]


def by_place_of(facts, ids) -> list[tuple[int, ...]]:
    """The facts by day in every summary, as allocate sums them."""
    slices = {number: key for key, number in ids.slice.items()}
    found: dict[tuple[int, ...], list[int]] = {}
    for team, service, day, of, *sums in facts:
        told = dict(zip(SLICE_COLUMNS, slices[of], strict=True))
        for summary in SUMMARIES:
            kept = (told[column] if column in summary.columns else "" for column in PLACE_COLUMNS)
            place = ids.place[(summary.name, *kept)]
            for by_team, by_service in summary.carriers:
                held = found.setdefault((place, team * by_team, service * by_service, day), [0, 0, 0])
                held[:] = [one + more for one, more in zip(held, sums, strict=True)]
    return [(*key, *sums) for key, sums in sorted(found.items())]


def _invoiced(rows: Iterable[tuple[tuple[int, ...], Row]]) -> list[tuple[int | str, ...]]:
    """One issued invoice of each currency, after what comes before each row."""
    found: dict[tuple[int | str, ...], list[int]] = {}
    for before, (day, _, _, currency, billed, effective, _) in rows:
        key = (*before, SOURCE, PAYER, "AWS", f"{day:%Y%m}-{currency}", "Usage", currency)
        sums = found.setdefault(key, [0, 0, 0])
        for place, amount in enumerate((billed, effective)):
            sums[place] += nanos(Decimal(str(amount)))
        sums[2] += 1
    return [(*key, *sums) for key, sums in sorted(found.items())]


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _totals(rows: list[Row]) -> dict[str, dict[str, int]]:
    totals: dict[str, dict[str, int]] = {}
    for _, _, _, currency, billed, effective, _ in rows:
        sums = totals.setdefault(currency, {"line_count": 0, "BilledCostNano": 0, "EffectiveCostNano": 0})
        sums["line_count"] += 1
        sums["BilledCostNano"] += nanos(Decimal(str(billed)))
        sums["EffectiveCostNano"] += nanos(Decimal(str(effective)))
    return totals


def company_rows(currency: str = "USD") -> list[Row]:
    """Ten weeks of a company up to Sat 21 Nov 2026.

    From 17 Nov a training job of ml-platform costs 1,700 a day more, from 12 Nov feature-store's NAT
    260 a day; weekends cost 20 % less.
    """
    rows: list[Row] = []
    day = date(2026, 9, 14)
    while day <= date(2026, 11, 21):
        state = (
            "closed" if day < date(2026, 11, 1) else "settled" if day <= date(2026, 11, 20) else "estimated"
        )
        for (team, service), amount in DAILY.items():
            share = Decimal("0.8") if day.weekday() > 4 else Decimal(1)
            cost = amount * share + Decimal(day.day * 7 + amount % 13) / 100
            if service == "Amazon SageMaker" and day >= date(2026, 11, 17):
                cost += 1700
            if service == "Amazon Virtual Private Cloud" and day >= date(2026, 11, 12):
                cost += 260
            rows.append((day, team, service, currency, cost, cost, state))
        day += timedelta(days=1)
    return rows


def company(path: Path) -> Warehouse:
    """That company in a warehouse, with budgets, alerts and a restated day."""
    warehouse = Warehouse(path)
    rows = company_rows()
    cheap = (date(2026, 11, 13), "risk", "Amazon DynamoDB")
    before = [(*row[:4], 400, 400, row[6]) if row[:3] == cheap else row for row in rows]
    fill(warehouse, before, NOW - timedelta(days=4))
    fill(warehouse, rows, NOW)
    for team, amount in (
        ("*", 270000),
        ("ml-platform", 150000),
        ("feature-store", 36000),
        ("platform", 70000),
    ):
        budget(warehouse, team, amount)
    budget(warehouse, "risk", 90000, period="quarter")
    alert(
        warehouse,
        "TeamDailySpend",
        "ml-platform: $6,202.85 on 20 Nov 2026, above $6,000.00",
        datetime(2026, 11, 19, 6, tzinfo=UTC),
        labels={"team": "ml-platform"},
        value="6202.85",
        threshold="6000",
        runbook="https://wiki.example/runbooks/spend",
        about=on_days(date(2026, 11, 20)),
    )
    alert(
        warehouse,
        "NatLeak",
        "feature-store · Amazon Virtual Private Cloud: $401.50 on 20 Nov 2026, above $300.00",
        datetime(2026, 11, 14, 6, tzinfo=UTC),
        labels={"team": "feature-store", "service": "Amazon Virtual Private Cloud"},
        value="401.5",
        threshold="300",
        about=on_days(date(2026, 11, 20)),
    )
    alert(
        warehouse,
        "StaleData",
        "aws: nothing new for 31 h 30 min, over 30 h",
        datetime(2026, 11, 16, 9, tzinfo=UTC),
        labels={"source": "aws"},
        value="31.5",
        threshold="30",
        unit="hours",
        severity="info",
        resolved_at=datetime(2026, 11, 16, 12, tzinfo=UTC),
    )
    return warehouse
