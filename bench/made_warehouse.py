"""A made-up warehouse of many months: facts of the company of ``made_cur``, published as ``allocate`` does.

Seeded: as many lines and months are the same facts. Each month is a draw of lines of the company's resources;
facts are summed and numbered as ``allocate`` does it, by the same expressions.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

import ibis
import made_cur
import numpy as np
import pyarrow as pa

from costwatch.allocation import day_summaries
from costwatch.ledger.engines.duckdb import compiled, connect, fetch_batches, keep, take
from costwatch.model import METRICS, Amounts, Counted, Load
from costwatch.money import units
from costwatch.warehouse import history
from costwatch.warehouse.bill.ids import Ids, ids_for
from costwatch.warehouse.bill.loads import record_load
from costwatch.warehouse.bill.places import SLICE_COLUMNS, numbered
from costwatch.warehouse.bill.publish import INVOICE_COLUMNS, Publication, publish
from costwatch.warehouse.encoding import to_int, to_text
from costwatch.warehouse.store import Warehouse

NEWEST = date(2026, 11, 1)  # its month is there up to yesterday, its last three days estimated
NOW = datetime(2026, 11, 30, 6, tzinfo=UTC)
TEAMS = [*made_cur.TEAMS, "unallocated"]
KINDS = {"Usage": 0.9864, "Purchase": 0.01, "Credit": 0.003, "Tax": 0.0006}
AZURE_FROM = 50  # accounts from this one on are billed by another provider
_SUMMED = ("BilledCostNano", "EffectiveCostNano", "line_count")
_SIZES = {
    "team": len(TEAMS),
    "service": len(made_cur.SERVICES),
    "day": 31,
    "account": len(made_cur.ACCOUNTS),
    "region": len(made_cur.REGIONS),
    "kind": len(KINDS),
    "usage": made_cur.USAGE_TYPES,
    "system": 41,
}
_OF_SLICES = ("account", "region", "kind", "usage", "system")


def make(path: Path, lines_a_month: int, months: int, resources: int) -> int:
    """Publish them all; the newest month twice, as yesterday's delivery has it and today's. Returns facts."""
    made_cur.RESOURCES = resources
    company = made_cur.Company(as_text=False)
    warehouse = Warehouse(path)
    periods = [month(NEWEST, number) for number in range(1 - months, 1)]
    count = 0
    for number, period in enumerate(periods):
        print(f"publishing {period:%Y-%m}", file=sys.stderr)
        count += _published(warehouse, company, period, lines_a_month, number, NOW - timedelta(days=1))
    _published(warehouse, company, NEWEST, lines_a_month, months - 1, NOW, late=0.02)
    with warehouse.write() as db:
        _settle(db)
    return count


def _published(
    warehouse: Warehouse,
    company: made_cur.Company,
    period: date,
    lines: int,
    number: int,
    now: datetime,
    late: float = 0.0,
) -> int:
    facts = _facts(company, period, lines, number, late)
    codes = np.unique(facts["slice"])
    slices = [_slice(code) for code in _unpacked(codes)]
    with warehouse.write() as db:
        ids = ids_for(db, TEAMS, made_cur.SERVICES, slices)
        load = _load(db, period, facts, now)
        slice_ids = np.array([ids.slice[of] for of in slices])
        facts["slice"] = slice_ids[np.searchsorted(codes, facts["slice"])]
        for name, known, names in (("team", ids.team, TEAMS), ("service", ids.service, made_cur.SERVICES)):
            facts[name] = np.array([known[each] for each in names])[facts[name]]
        publish(db, ids, _publication(facts, slices, ids, period, load), now)
    return len(facts["day"])


def _facts(
    company: made_cur.Company, period: date, lines: int, number: int, late: float
) -> dict[str, np.ndarray]:
    """Columns of facts whose teams and services are positions, and whose slices are packed."""
    rng = np.random.default_rng((3, number))
    days = (min(month(period, 1), NOW.date()) - period).days
    resource = np.searchsorted(company.likely, rng.random(lines))
    day = np.floor((company.born[resource] + rng.random(lines) * company.life[resource]) / 24).astype(int)
    team, application = np.divmod(company.label[resource] - 1, 8)
    account = company.account[resource]
    parts = {
        "team": np.minimum(team, len(TEAMS) - 1),
        "service": company.service[resource],
        "account": account,
        "region": company.region[resource],
        "kind": rng.choice(len(KINDS), lines, p=[*KINDS.values()]),
        "usage": company.usage_type[resource, rng.integers(0, 4, lines)],
        "system": np.where(application % 4, account % 40, 40),
    }
    amount = np.round(rng.exponential(20, lines) * company.rate[parts["usage"]] * 1e9).astype(np.int64)
    amount[parts["kind"] == 2] *= -1  # credits
    parts["day"] = np.minimum(day, days - 1)
    packed = np.ravel_multi_index([parts[name] for name in _SIZES], [*_SIZES.values()])
    if late:  # what yesterday's delivery did not have yet
        amount[rng.random(lines) < late] += 1_000_003
    order = np.argsort(packed, kind="stable")
    keys, starts = np.unique(packed[order], return_index=True)
    sums = [
        np.add.reduceat(column[order], starts) for column in (amount, amount * 7 // 10, np.ones(lines, int))
    ]
    told = dict(zip(_SIZES, np.unravel_index(keys, [*_SIZES.values()]), strict=True))
    of_slice = [told[name] for name in _OF_SLICES]
    return {
        "team": told["team"],
        "service": told["service"],
        "day": to_int(period) + told["day"],
        "slice": np.ravel_multi_index(of_slice, [_SIZES[name] for name in _OF_SLICES]),
        **dict(zip(_SUMMED, sums, strict=True)),
    }


def _unpacked(codes: np.ndarray) -> Iterator[tuple[int, ...]]:
    """The parts of packed slices."""
    parts = np.unravel_index(codes, [_SIZES[name] for name in _OF_SLICES])
    return zip(*(part.tolist() for part in parts), strict=True)


def _slice(code: tuple[int, ...]) -> tuple[str, ...]:
    account, region, kind, usage, system = code
    is_azure = account >= AZURE_FROM
    told = {
        "source": "azure" if is_azure else "aws",
        "ProviderName": "Microsoft" if is_azure else "AWS",
        "BillingAccountId": "800000000001" if is_azure else "900000000001",
        "SubAccountId": made_cur.ACCOUNTS[account],
        "SubAccountName": f"account {account}",
        "RegionId": made_cur.REGIONS[region],
        "ChargeCategory": [*KINDS][kind],
        "ChargeClass": "",
        "x_UsageType": f"Usage:type-{usage:03d}",
        "BillingCurrency": "USD",
        "x_Pool": "tax" if kind == 3 else "direct",
        "x_System": "no system" if system == 40 else f"system-{system:02d}",
        "PricingUnit": "Hours",
        "AllocatedTags": "",
    }
    return tuple(told[column] for column in SLICE_COLUMNS)


def _publication(
    facts: Mapping[str, np.ndarray], slices: Sequence[tuple[str, ...]], ids: Ids, period: date, load: int
) -> Publication:
    con = connect()
    ids_of = {f"{name}_id": facts[name] for name in ("team", "service", "slice")}
    take(con, "unordered", pa.table({**ids_of, **{name: facts[name] for name in ("day", *_SUMMED)}}))
    keep(con, "stored", "FROM unordered ORDER BY team_id, service_id, day, slice_id")
    placed = numbered(slices, ids.slice, ids.place)
    take(con, day_summaries.SLICES, pa.table(dict(placed.slices)))
    take(con, day_summaries.PLACES, pa.table(dict(placed.places)))
    take(con, "names", pa.table({"slice_id": placed.slices["slice"], **_columns(slices)}))
    columns = ("team_id", "service_id", "day", "slice_id", *_SUMMED)
    stored = ibis.table(dict.fromkeys(columns, "int64"), name="stored")
    without = day_summaries.without_usage_types(stored)
    keep(con, "placed", compiled(without))
    summary = con.con.sql(compiled(day_summaries.by_team(stored))).fetchall()
    invoiced = (
        "sum(BilledCostNano)::BIGINT, sum(EffectiveCostNano)::BIGINT, sum(line_count)::BIGINT"
        " FROM stored JOIN names USING (slice_id) GROUP BY ALL ORDER BY ALL"
    )
    told = ", ".join(column if column in SLICE_COLUMNS else f"'{column}'" for column in INVOICE_COLUMNS)
    by_place = map(compiled, day_summaries.by_place(ibis.table(without.schema(), name="placed")))
    return Publication(
        period=period,
        period_end=month(period, 1),
        inputs_key="made",
        loads=(load,),
        config="{}",
        totals={"USD": {name: int(facts[name].sum()) for name in _SUMMED}},
        day_lines=con.con.sql(
            "SELECT source, day, sum(line_count)::BIGINT, 0 FROM stored JOIN names USING (slice_id)"
            " GROUP BY ALL ORDER BY ALL"
        ).fetchall(),
        summary=summary,
        bill=con.con.sql(f"SELECT {told}, {invoiced}").fetchall(),
        invoices=con.con.sql(f"SELECT team_id, {told}, {invoiced}").fetchall(),
        facts=fetch_batches(con, f"SELECT {', '.join(columns)} FROM stored"),
        by_place=chain.from_iterable(fetch_batches(con, sql) for sql in by_place),
    )


def _columns(slices: Sequence[tuple[str, ...]]) -> dict[str, list[str]]:
    return {name: [*column] for name, column in zip(SLICE_COLUMNS, zip(*slices, strict=True), strict=True)}


def _load(db, period: date, facts: Mapping[str, np.ndarray], now: datetime) -> int:
    sums = Amounts(*(int(facts[name].sum()) for name in _SUMMED))
    control = {metric: units(sums.nano(metric)) for metric in METRICS}
    totals = {"USD": Counted(sums, control)}
    name = f"{period} {to_text(now)}"
    record_load(db, "aws", Load(period, month(period, 1), name, "cur2", (name,), ("900000000001",), totals))
    return int(db.execute("SELECT MAX(id) FROM load").fetchone()[0])


def _settle(db) -> None:
    """Days, sources and budgets as ``allocate`` would leave them."""
    estimated = to_int(NOW.date() - timedelta(days=3))
    db.execute(
        "INSERT INTO day_state SELECT DISTINCT source, day,"
        " CASE WHEN day >= ? THEN 'estimated' WHEN day < ? THEN 'closed' ELSE 'settled' END FROM day_line",
        (estimated, to_int(NEWEST)),
    )
    through = to_int(NOW.date() - timedelta(days=4))
    for source in ("aws", "azure"):
        db.execute("INSERT INTO source VALUES (?, 'bill', ?, ?, 3)", (source, through, through))
        db.execute(
            "INSERT INTO collection (source, started_at, outcome, row_count) VALUES (?, ?, 'loaded', 1)",
            (source, to_text(NOW - timedelta(hours=3))),
        )
    for team in ("*", *TEAMS[:20]):
        row = (team, team, "EffectiveCost", "month", "USD", 10**15, "credits,refunds,tax")
        db.execute("INSERT INTO budget VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    for table in ("day_state", "source", "budget"):
        history.note(db, table, NOW)


def month(of: date, later: int) -> date:
    """The first day of the month that many later."""
    months = of.year * 12 + of.month - 1 + later
    return date(months // 12, months % 12 + 1, 1)
