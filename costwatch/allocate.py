"""Step 2: every dollar onto a team. Billing periods whose inputs changed are computed anew and published."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from costwatch.allocation.batches import StoredBatches
from costwatch.allocation.measured import as_rows, missing_days
from costwatch.allocation.plan import Plan, keeps_charges, plan_of
from costwatch.allocation.settings import Allocation
from costwatch.allocation.teams import memberships_of
from costwatch.cost import settling
from costwatch.cost.counting import EVERYTHING
from costwatch.cost.settings import BudgetSettings
from costwatch.errors import CostwatchError, EngineError, LedgerError, unexpected
from costwatch.ledger.engines.address import IN_PROCESS
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Load, State, Window
from costwatch.money import nanos
from costwatch.plugins import Batches, Collector
from costwatch.scratch import temporary_files
from costwatch.warehouse.bill import day_states, publish, second_opinion
from costwatch.warehouse.bill import loads as stored
from costwatch.warehouse.health import damage
from costwatch.warehouse.store import Warehouse
from costwatch.wording import printable, shortened

if TYPE_CHECKING:
    from costwatch.allocation.attribution import Attribution
    from costwatch.ledger.engines.engine import Engine

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AllocatedPeriod:
    """One billing period that was looked at; ``changed`` where it was published anew.

    keeps_charges: it is closed, and keeps charges that the configuration no longer says.
    """

    period: date
    changed: bool
    line_count: int = 0
    error: str = ""
    period_end: date | None = None
    keeps_charges: bool = False


@temporary_files()
def allocate(
    warehouse: Warehouse,
    ledger_folder: Path,
    sources: Sequence[Collector],
    allocation: Allocation,
    now: datetime,
    *,
    window: Window | None = None,
    engine: str = IN_PROCESS,
    batches: Batches | None = None,
) -> list[AllocatedPeriod]:
    """Publish every billing period whose loads or, unless it is closed, configuration or inputs changed.

    window: allocate all periods that overlap it by today's configuration, closed ones too. engine: the
    URL of what reads the lines. batches: in place of what is stored besides bills. A period that cannot
    be allocated, whatever is wrong with it, keeps its published bill; the others go on, and how settled the
    days are is told anew in any case. Raises BusyError, EngineError.
    """
    warehouse.migrate()
    roles = {source.name: source.role for source in sources}
    # Of these a day without a line is a day without cost: no day waits for them.
    sparse = {source.name for source in sources if getattr(source, "sparse", False)}
    bill = [name for name, role in roles.items() if role == "bill"]
    with warehouse.job_lock("allocate"):
        with warehouse.read() as db:
            known = publish.published(db)
            due: dict[date, list[Load]] = {period: [] for period in known}
            due |= _by_period(stored.newest_loads(db, bill))
        files = LedgerFiles(ledger_folder)
        batches = batches or StoredBatches(warehouse, files)
        allocator = _Allocator(warehouse, files, batches, now, engine)
        try:
            with closing(allocator):
                done = []
                for period, loads in sorted(due.items()):
                    plan = partial(
                        plan_of, period, loads, known.get(period), allocation, now, window, batches
                    )
                    one = allocator.attempt(period, partial(allocator.allocate, period, plan))
                    if not (one.changed or one.error) and keeps_charges(loads, known.get(period)):
                        one = replace(one, keeps_charges=True, period_end=known[period].period_end)
                    done.append(one)
                done += allocator.compare([name for name, role in roles.items() if role == "check"])
        finally:
            _settle(warehouse, roles, sparse, allocation, now)
    return done


def _by_period(found: Iterable[Load]) -> dict[date, list[Load]]:
    periods: dict[date, list[Load]] = {}
    for load in found:
        periods.setdefault(load.period, []).append(load)
    return periods


class _Allocator:
    """All the periods of a run, on one engine, which is started with the first."""

    def __init__(
        self, warehouse: Warehouse, files: LedgerFiles, batches: Batches, now: datetime, engine: str
    ) -> None:
        self.warehouse, self.files, self.batches, self.now = warehouse, files, batches, now
        self._url = engine
        self._engine: Engine | None = None
        self._attribution: tuple[str, Attribution] | None = None

    @property
    def engine(self) -> "Engine":
        """Raises EngineError."""
        from costwatch.ledger.engines import engine_at

        if self._engine is None:
            self._engine = engine_at(self._url)
        return self._engine

    def close(self) -> None:
        """Let go of the engine; who asks for it once more gets another one."""
        engine, self._engine, self._attribution = self._engine, None, None
        if engine is not None:
            engine.close()

    def attempt(self, period: date, work: Callable[[], AllocatedPeriod]) -> AllocatedPeriod:
        """Whatever goes wrong in one period stays in it, but that no engine can be had (EngineError)."""
        try:
            return work()
        except EngineError:
            raise
        except CostwatchError as error:
            trouble = str(error)
        except Exception as error:
            _log.debug("period %s", period, exc_info=True)
            trouble = damage(self.warehouse) or f"period {period}: {unexpected(error)}"
        self.close()  # it may be of no more use
        return AllocatedPeriod(period, changed=False, error=trouble)

    def allocate(self, period: date, planned: Callable[[], Plan | None]) -> AllocatedPeriod:
        """Compute and publish one period, if there is a plan to.

        Raises CostwatchError; its published bill stays as it is then.
        """
        plan = planned()
        if plan is None:
            return AllocatedPeriod(period, changed=False)
        _refuse_shared_accounts(plan.loads)
        with self._explained(plan.period):
            ids, publication = self._computed(plan)
            with self.warehouse.write() as db:
                publish.publish(db, ids, publication, self.now)
        lines = sum(total["line_count"] for total in publication.totals.values())
        return AllocatedPeriod(plan.period, changed=True, line_count=lines)

    def compare(self, sources: Sequence[str]) -> list[AllocatedPeriod]:
        """Store what those sources say of each day; what cannot be read is told and the rest goes on."""
        with self.warehouse.read() as db:
            due = second_opinion.due(db, sources)
        looked_at = [self.attempt(load.period, partial(self._compared, load)) for load in due]
        with self.warehouse.write() as db:
            second_opinion.forget_others(db, sources)
        return [each for each in looked_at if each.error]

    def _compared(self, load: Load) -> AllocatedPeriod:
        with self._explained(load.period):
            rows = self._daily(load)
        with self.warehouse.write() as db:
            second_opinion.store(db, load, rows)
        return AllocatedPeriod(load.period, changed=False)

    def _daily(self, load: Load) -> list[second_opinion.Checked]:
        from costwatch.allocation.bill import LoadFiles, daily

        answer = self.engine.fetch(daily(self.engine, LoadFiles.of(load, self.files), load.period))
        return list(zip(*(column.to_pylist() for column in answer.columns), strict=True))

    @contextmanager
    def _explained(self, period: date) -> Iterator[None]:
        """Whose files cannot be read, and what to do. Raises CostwatchError."""
        try:
            yield
        except LedgerError as error:
            raise CostwatchError(
                f"ledger {self.files.folder}: period {period}: {error}; "
                "delete the file it names and collect again"
            ) from None

    def _computed(self, plan: Plan) -> tuple[publish.Ids, publish.Publication]:
        nothing = publish.Publication(
            plan.period,
            plan.period_end,
            plan.inputs_key,
            tuple(load.id for load in plan.loads),
            plan.config,
            inputs=json.dumps(as_rows(plan.inputs)),
        )
        if not any(load.files for load in plan.loads):
            return publish.Ids({}, {}, {}), nothing
        from costwatch.allocation.bill import LoadFiles

        found = self._attributing(plan)
        parts = [LoadFiles.of(load, self.files) for load in plan.loads if load.files]
        found.compute(parts, plan.period, plan.period_end, missing_days(plan.inputs))
        teams, services, slices = found.names()
        with self.warehouse.read() as db:
            ids = publish.ids_for(db, teams, services, slices)
        kinds = {ids.slice[each]: publish.kind_of(each) for each in slices}
        found.number(ids.team, ids.service, kinds)
        return ids, replace(
            nothing,
            totals=found.totals(),
            day_lines=found.day_lines(),
            summary=found.summary(),
            bill=found.bill(),
            invoices=found.invoices(ids.team),
            facts=found.facts(),
        )

    def _attributing(self, plan: Plan) -> "Attribution":
        """Periods of one configuration mostly follow each other, and each use what the first compiled."""
        from costwatch.allocation.attribution import Attribution

        if self._attribution is None or self._attribution[0] != plan.config:
            self._attribution = plan.config, Attribution(self.engine, plan.allocation, self.batches)
        return self._attribution[1]


def _refuse_shared_accounts(loads: Sequence[Load]) -> None:
    """Two sources with one billing account would count its charges twice."""
    owner: dict[str, str] = {}
    for load in loads:
        for account in load.accounts:
            if owner.setdefault(account, load.source) != load.source:
                raise CostwatchError(
                    f"period {load.period}: sources '{owner[account]}' and '{load.source}' both bill account "
                    f"{shortened(printable(account), 60)}; give one of them role: check"
                )


def _settle(
    warehouse: Warehouse,
    roles: Mapping[str, str | None],
    sparse: Collection[str],
    allocation: Allocation,
    now: datetime,
) -> None:
    settle = allocation.settle
    with warehouse.read() as db:
        counts, periods = day_states.line_counts(db), day_states.source_periods(db)
        estimated = day_states.called_estimated(db) if settle.source_estimates else {}
    states: dict[str, Mapping[date, State]] = {}
    through: dict[str, date | None] = {}
    for source, days in counts.items():
        closed = settling.closed_before(periods[source], now, settle.close_after_days)
        if source in sparse:
            states[source], through[source] = settling.by_age(days, closed, now, settle)
            continue
        called = estimated.get(source, set())
        states[source] = settling.states(days, closed, now, settle, called)
        through[source] = settling.data_through(days, closed, now, settle, called)
    with warehouse.write() as db:
        day_states.store_states(db, states, now)
        day_states.store_sources(db, roles, through, now)
        day_states.store_budgets(db, [_budget_row(budget) for budget in allocation.budgets], now)
        day_states.store_memberships(db, memberships_of(allocation.teams), now)


def _budget_row(budget: BudgetSettings) -> day_states.BudgetRow:
    name = budget.name or f"{budget.team} {budget.period}"
    include = EVERYTHING if budget.include is None else ",".join(sorted(budget.include))
    return name, budget.team, budget.metric, budget.period, budget.currency, nanos(budget.amount), include
