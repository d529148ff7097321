"""Step 2: every dollar onto a team. Billing periods whose inputs changed are computed anew and published."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from costwatch import maturity
from costwatch.allocation.settings import Allocation, Budget
from costwatch.errors import CostwatchError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Window, midnight
from costwatch.money import nanos
from costwatch.plugins import Collector
from costwatch.warehouse import loads as stored
from costwatch.warehouse import publish, settled
from costwatch.warehouse.loads import StoredLoad
from costwatch.warehouse.store import Warehouse

# Part of every inputs key: raised when the same inputs would give other numbers than before.
TRANSFORM_VERSION = 1
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class Published:
    """One billing period that was looked at; ``changed`` where it was published anew."""

    period: date
    changed: bool
    line_count: int = 0
    error: str = ""


def allocate(
    warehouse: Warehouse,
    ledger_folder: Path,
    sources: Sequence[Collector],
    allocation: Allocation,
    now: datetime,
    *,
    window: Window | None = None,
) -> list[Published]:
    """Publish every billing period whose loads or, unless it is closed, configuration changed.

    window: allocate all periods that overlap it by today's configuration, closed ones too. A period
    that cannot be allocated keeps its published bill; the others go on. Raises BusyError.
    """
    warehouse.migrate()
    bill = [source.name for source in sources if getattr(source, "role", "bill") == "bill"]
    with warehouse.job_lock("allocate"):
        with warehouse.read() as db:
            due = _by_period(stored.newest_loads(db, bill))
            known = publish.published(db)
        done = []
        for period, loads in due.items():
            plan = _plan(period, loads, known.get(period), allocation, now, window)
            if plan is None:
                done.append(Published(period, changed=False))
            else:
                done.append(_publish(warehouse, LedgerFiles(ledger_folder), plan, now))
        _settle(warehouse, bill, allocation, now)
    return done


@dataclass(frozen=True, slots=True)
class _Plan:
    period: date
    period_end: date
    loads: tuple[StoredLoad, ...]
    allocation: Allocation
    config: str
    inputs_key: str


def _by_period(found: Iterable[StoredLoad]) -> dict[date, list[StoredLoad]]:
    periods: dict[date, list[StoredLoad]] = {}
    for load in found:
        periods.setdefault(load.period, []).append(load)
    return periods


def _plan(
    period: date,
    loads: Sequence[StoredLoad],
    known: publish.Published | None,
    allocation: Allocation,
    now: datetime,
    window: Window | None,
) -> _Plan | None:
    """What to compute of a period; None if it is as it should be."""
    period_end = max(load.period_end for load in loads)
    asked = window is not None and window.overlaps(Window(midnight(period), midnight(period_end)))
    closed = now >= midnight(period_end) + timedelta(days=allocation.settle.close_after_days)
    if known is not None and closed and not asked:
        # What was once invoiced moves only with the invoice: same loads stay, a new one is allocated
        # by the teams and pools of then.
        if {load.id for load in loads} <= set(known.loads):
            return None
        allocation = Allocation.model_validate_json(known.config)
    config = allocation.model_dump_json(include={"teams", "pools"}, exclude_defaults=True)
    inputs = {
        "loads": [[load.source, load.digest] for load in loads],
        "config": json.loads(config),
        "transform": TRANSFORM_VERSION,
    }
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    if known is not None and known.inputs_key == key:
        return None
    return _Plan(period, period_end, tuple(loads), allocation, config, key)


def _publish(warehouse: Warehouse, files: LedgerFiles, plan: _Plan, now: datetime) -> Published:
    from duckdb import Error as EngineError

    try:
        _refuse_shared_accounts(plan.loads)
        ids, publication = _compute(warehouse, files, plan)
        with warehouse.write() as db:
            publish.publish(db, ids, publication, now)
    except CostwatchError as error:
        return Published(plan.period, changed=False, error=str(error))
    except EngineError as error:
        text = str(error).splitlines()[0][:200]
        return Published(
            plan.period,
            changed=False,
            error=f"ledger {files.folder}: period {plan.period}: {text}; "
            "delete the file it names and collect again",
        )
    lines = sum(total["line_count"] for total in publication.totals.values())
    return Published(plan.period, changed=True, line_count=lines)


def _refuse_shared_accounts(loads: Sequence[StoredLoad]) -> None:
    """Two sources with one billing account would count its charges twice."""
    owner: dict[str, str] = {}
    for load in loads:
        for account in load.accounts:
            if owner.setdefault(account, load.source) != load.source:
                raise CostwatchError(
                    f"period {load.period}: sources '{owner[account]}' and '{load.source}' both bill account "
                    f"{account}; give one of them role: check"
                )


def _compute(
    warehouse: Warehouse, files: LedgerFiles, plan: _Plan
) -> tuple[publish.Ids, publish.Publication]:
    from costwatch.allocation import bill
    from costwatch.allocation.pools import complete
    from costwatch.ledger.engine import connect

    con = connect()
    try:
        parts = [
            bill.Part(load.source, load.format, tuple(files.path(digest) for digest in load.files))
            for load in plan.loads
        ]
        ordered = complete(plan.allocation.pools)
        facts = bill.facts(con, parts, plan.period, ordered)
        totals = bill.totals(facts)
        carried = con.create_table(
            "allocated", bill.allocated(con, facts, ordered, plan.allocation.teams), temp=True
        )
        bill.require_conservation(plan.period, totals, carried)
        names = bill.names(carried, publish.SLICE_COLUMNS)
        with warehouse.read() as db:
            ids = publish.ids_for(db, *names)
        numbered = bill.numbered(carried, ids.team, ids.service, ids.slice, publish.SLICE_COLUMNS)
        publication = publish.Publication(
            plan.period,
            plan.period_end,
            plan.inputs_key,
            tuple(load.id for load in plan.loads),
            plan.config,
            totals,
            bill.day_lines(facts),
            _rows(numbered.to_pyarrow()),
        )
    finally:
        con.disconnect()
    return ids, publication


def _rows(table: Any) -> Iterator[publish.Fact]:
    for batch in table.to_batches(max_chunksize=_ROWS_AT_ONCE):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _settle(warehouse: Warehouse, bill: Sequence[str], allocation: Allocation, now: datetime) -> None:
    settle = allocation.settle
    with warehouse.read() as db:
        counts, periods = settled.line_counts(db), settled.source_periods(db)
    states = {
        source: maturity.states(
            days,
            maturity.closed_before(periods[source], now, settle.close_after_days),
            now,
            age_hours=settle.age_hours,
            min_line_share=settle.min_line_share,
            at_most_days=settle.at_most_days,
        )
        for source, days in counts.items()
    }
    with warehouse.write() as db:
        settled.store_states(db, states)
        settled.store_sources(db, {name: maturity.data_through(states.get(name, {})) for name in bill})
        settled.store_budgets(db, [_budget_row(budget) for budget in allocation.budgets])


def _budget_row(budget: Budget) -> settled.BudgetRow:
    name = budget.name or f"{budget.team} {budget.period}"
    return name, budget.team, budget.metric, budget.period, budget.currency, nanos(budget.amount)
