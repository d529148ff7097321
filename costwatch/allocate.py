"""Step 2: every dollar onto a team. Billing periods whose inputs changed are computed anew and published."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from costwatch.allocation.attribution import Attribution

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
        plans = {
            period: _plan(period, loads, known.get(period), allocation, now, window)
            for period, loads in due.items()
        }
        done = [Published(period, changed=False) for period, plan in plans.items() if plan is None]
        if any(plans.values()):
            allocator = _Allocator(warehouse, LedgerFiles(ledger_folder), now)
            done += [allocator.allocate(plan) for plan in plans.values() if plan is not None]
        _settle(warehouse, bill, allocation, now)
    return sorted(done, key=lambda published: published.period)


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
    config = allocation.model_dump_json(
        include={"teams", "pools"}, exclude={"teams": {"__all__": {"contact"}}}, exclude_defaults=True
    )
    inputs = {
        "loads": [[load.source, load.digest] for load in loads],
        "config": json.loads(config),
        "transform": TRANSFORM_VERSION,
    }
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    if known is not None and known.inputs_key == key:
        return None
    return _Plan(period, period_end, tuple(loads), allocation, config, key)


class _Allocator:
    """One engine for all the periods of a run, and one compiled attribution for each configuration."""

    def __init__(self, warehouse: Warehouse, files: LedgerFiles, now: datetime) -> None:
        from costwatch.ledger.engine import connect

        self.warehouse, self.files, self.now = warehouse, files, now
        self.con = connect()
        self._attributions: dict[str, Attribution] = {}

    def allocate(self, plan: _Plan) -> Published:
        """Compute and publish one period; one that cannot be keeps its published bill."""
        from duckdb import Error as EngineError

        try:
            _refuse_shared_accounts(plan.loads)
            ids, publication = self._computed(plan)
            with self.warehouse.write() as db:
                publish.publish(db, ids, publication, self.now)
        except CostwatchError as error:
            return Published(plan.period, changed=False, error=str(error))
        except EngineError as error:
            text = str(error).splitlines()[0][:200]
            return Published(
                plan.period,
                changed=False,
                error=f"ledger {self.files.folder}: period {plan.period}: {text}; "
                "delete the file it names and collect again",
            )
        lines = sum(total["line_count"] for total in publication.totals.values())
        return Published(plan.period, changed=True, line_count=lines)

    def _computed(self, plan: _Plan) -> tuple[publish.Ids, publish.Publication]:
        from costwatch.allocation.bill import Part

        found = self._attribution(plan)
        parts = [
            Part(load.source, load.format, tuple(self.files.path(digest) for digest in load.files))
            for load in plan.loads
        ]
        found.compute(parts, plan.period)
        with self.warehouse.read() as db:
            ids = publish.ids_for(db, *found.names())
        return ids, publish.Publication(
            period=plan.period,
            period_end=plan.period_end,
            inputs_key=plan.inputs_key,
            loads=tuple(load.id for load in plan.loads),
            config=plan.config,
            totals=found.totals(),
            day_lines=found.day_lines(),
            facts=_rows(found.numbered(ids.team, ids.service, ids.slice)),
        )

    def _attribution(self, plan: _Plan) -> "Attribution":
        from costwatch.allocation.attribution import Attribution

        if plan.config not in self._attributions:
            self._attributions[plan.config] = Attribution(self.con, plan.allocation)
        return self._attributions[plan.config]


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
