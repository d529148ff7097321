"""Step 2: every dollar onto a team. Billing periods whose inputs changed are computed anew and published."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    roles = {source.name: source.role for source in sources}
    bill = [name for name, role in roles.items() if role == "bill"]
    with warehouse.job_lock("allocate"):
        with warehouse.read() as db:
            known = publish.published(db)
            due: dict[date, list[StoredLoad]] = {period: [] for period in known}
            due |= _by_period(stored.newest_loads(db, bill))
        allocator = _Allocator(warehouse, LedgerFiles(ledger_folder), now)
        done = []
        for period, loads in sorted(due.items()):
            try:
                plan = _plan(period, loads, known.get(period), allocation, now, window)
                done.append(allocator.allocate(plan) if plan else Published(period, changed=False))
            except CostwatchError as error:
                done.append(Published(period, changed=False, error=str(error)))
        _settle(warehouse, roles, allocation, now)
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
    """What to compute of a period; None if it is as it should be.

    A period of which no source of the bill holds anything any more is published empty.
    """
    period_end = max([load.period_end for load in loads] or [known.period_end if known else period])
    asked = window is not None and window.overlaps(Window(midnight(period), midnight(period_end)))
    closed = now >= midnight(period_end) + timedelta(days=allocation.settle.close_after_days)
    if known is not None and closed and not asked:
        # What was once invoiced moves only with the invoice: same loads stay, a new one is allocated
        # by the teams and pools of then.
        if {load.id for load in loads} <= set(known.loads):
            return None
        allocation = allocation.model_copy(update=_as_then(period, known.config))
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


def _as_then(period: date, config: str) -> dict[str, Any]:
    """The teams and pools by which a period was published."""
    try:
        then = Allocation.model_validate_json(config)
    except ValueError:
        raise CostwatchError(
            f"period {period}: was allocated by settings that this costwatch does not know; "
            f"allocate it by today's: costwatch allocate --from {period}"
        ) from None
    return {"teams": then.teams, "pools": then.pools}


class _Allocator:
    """All the periods of a run: one attribution, with an engine of its own, for each configuration."""

    def __init__(self, warehouse: Warehouse, files: LedgerFiles, now: datetime) -> None:
        self.warehouse, self.files, self.now = warehouse, files, now
        self._attributions: dict[str, Attribution] = {}

    def allocate(self, plan: _Plan) -> Published:
        """Compute and publish one period. Raises CostwatchError; its published bill stays as it is then."""
        from duckdb import Error as EngineError

        _refuse_shared_accounts(plan.loads)
        try:
            ids, publication = self._computed(plan)
        except EngineError as error:
            raise CostwatchError(
                f"ledger {self.files.folder}: period {plan.period}: {str(error).splitlines()[0][:200]}; "
                "delete the file it names and collect again"
            ) from None
        with self.warehouse.write() as db:
            publish.publish(db, ids, publication, self.now)
        lines = sum(total["line_count"] for total in publication.totals.values())
        return Published(plan.period, changed=True, line_count=lines)

    def _computed(self, plan: _Plan) -> tuple[publish.Ids, publish.Publication]:
        from costwatch.allocation.bill import Part

        if not plan.loads:
            return publish.Ids({}, {}, {}), _publication(plan, {}, [], ())
        found = self._attribution(plan)
        parts = [
            Part(load.source, load.format, tuple(self.files.path(digest) for digest in load.files))
            for load in plan.loads
        ]
        found.compute(parts, plan.period)
        with self.warehouse.read() as db:
            ids = publish.ids_for(db, *found.names())
        facts = _rows(found.numbered(ids.team, ids.service, ids.slice))
        return ids, _publication(plan, found.totals(), found.day_lines(), facts)

    def _attribution(self, plan: _Plan) -> "Attribution":
        from costwatch.allocation.attribution import Attribution
        from costwatch.ledger.engine import connect

        if plan.config not in self._attributions:
            self._attributions[plan.config] = Attribution(connect(), plan.allocation)
        return self._attributions[plan.config]


def _publication(
    plan: _Plan,
    totals: Mapping[str, Mapping[str, int]],
    day_lines: Sequence[tuple[str, int, int]],
    facts: Iterable[publish.Fact],
) -> publish.Publication:
    return publish.Publication(
        period=plan.period,
        period_end=plan.period_end,
        inputs_key=plan.inputs_key,
        loads=tuple(load.id for load in plan.loads),
        config=plan.config,
        totals=totals,
        day_lines=day_lines,
        facts=facts,
    )


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


def _settle(warehouse: Warehouse, roles: Mapping[str, str], allocation: Allocation, now: datetime) -> None:
    settle = allocation.settle
    with warehouse.read() as db:
        counts, periods = settled.line_counts(db), settled.source_periods(db)
    settling = maturity.Settling(settle.age_hours, settle.min_line_share, settle.at_most_days)
    known = {
        source: (days, maturity.closed_before(periods[source], now, settle.close_after_days), now, settling)
        for source, days in counts.items()
    }
    with warehouse.write() as db:
        settled.store_states(db, {source: maturity.states(*of) for source, of in known.items()})
        through = {source: maturity.data_through(*of) for source, of in known.items()}
        settled.store_sources(db, roles, through)
        settled.store_budgets(db, [_budget_row(budget) for budget in allocation.budgets])


def _budget_row(budget: Budget) -> settled.BudgetRow:
    name = budget.name or f"{budget.team} {budget.period}"
    return name, budget.team, budget.metric, budget.period, budget.currency, nanos(budget.amount)
