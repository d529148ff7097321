"""Step 2: every dollar onto a team. Billing periods whose inputs changed are computed anew and published."""

import json
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from costwatch.allocation.batches import StoredBatches
from costwatch.allocation.live_estimates import estimate_unbilled
from costwatch.allocation.measured import as_rows as inputs_as_rows
from costwatch.allocation.measured import missing_days
from costwatch.allocation.plan import Plan, plan_of, refuse_shared_accounts
from costwatch.allocation.settings import Allocation
from costwatch.allocation.settling import settle_days
from costwatch.errors import CostwatchError, EngineError, LedgerError, UsageError, unexpected
from costwatch.ledger.engines.address import IN_PROCESS
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Load, Window
from costwatch.plugins import Batches, Collector
from costwatch.proof.restatement import Restatement
from costwatch.scratch import temporary_files
from costwatch.warehouse.bill import loads as stored
from costwatch.warehouse.bill import places, publish, restatements, second_opinion
from costwatch.warehouse.bill.ids import Ids, ids_for
from costwatch.warehouse.bill.unclaimed import Unclaimed, as_rows
from costwatch.warehouse.health import damage
from costwatch.warehouse.store import Warehouse
from costwatch.warehouse.usage.node_costs import instances

if TYPE_CHECKING:
    from costwatch.allocation.attribution import Attribution
    from costwatch.allocation.charges import PublishedLines
    from costwatch.ledger.engines.engine import Engine

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AllocatedPeriod:
    """One billing period that was looked at; ``changed`` where it was published anew.

    doubts: what its new deliveries took away of settled days, a sentence each.
    """

    period: date
    changed: bool
    line_count: int = 0
    error: str = ""
    doubts: tuple[str, ...] = ()


@temporary_files()
def allocate(
    warehouse: Warehouse,
    ledger_folder: Path,
    sources: Sequence[Collector],
    allocation: Allocation,
    now: datetime,
    *,
    window: Window | None = None,
    accepted: date | None = None,
    engine: str = IN_PROCESS,
    batches: Batches | None = None,
) -> list[AllocatedPeriod]:
    """Publish every billing period whose loads or, unless it is closed, configuration or inputs changed.

    window: allocate all periods that overlap it by today's configuration, closed ones too. accepted: the
    month whose deliveries are taken as they are, whatever they take away of settled days. engine: the URL
    of what reads the lines. batches: in place of what is stored besides bills. A period that cannot
    be allocated, whatever is wrong with it, keeps its published bill; the others go on, and how settled the
    days are is told anew in any case. Raises BusyError, EngineError, UsageError where nothing is to accept.
    """
    warehouse.migrate()
    roles = {source.name: source.role for source in sources}
    bill = [name for name, role in roles.items() if role == "bill"]
    with warehouse.job_lock("allocate"):
        with warehouse.read() as db:
            known = publish.published(db)
            held = restatements.held_back(db)
            due: dict[date, list[Load]] = {period: [] for period in known}
            due |= _by_period(stored.newest_loads(db, bill))
        taken = _taken(accepted, held)
        files = LedgerFiles(ledger_folder)
        batches = batches or StoredBatches(warehouse, files)
        allocator = _Allocator(warehouse, files, batches, now, engine, taken)
        try:
            with closing(allocator):
                done = []
                for period, loads in sorted(due.items()):
                    waits = () if period in taken else held.get(period, ())
                    plan = partial(
                        plan_of, period, loads, known.get(period), allocation, now, window, batches, waits
                    )
                    done.append(allocator.attempt(period, partial(allocator.allocate, period, plan)))
                done += allocator.compare([name for name, role in roles.items() if role == "check"])
        finally:
            settle_days(warehouse, sources, allocation, now)
        estimate_unbilled(warehouse, sources, allocation, batches, now)
    return done


def _taken(accepted: date | None, doubted: Collection[date]) -> frozenset[date]:
    """The doubted billing periods of the month ``accepted``. Raises UsageError where there is none."""
    taken = frozenset(each for each in doubted if accepted and f"{each:%Y-%m}" == f"{accepted:%Y-%m}")
    if accepted and not taken:
        raise UsageError(
            f"allocate: --accept {accepted:%Y-%m}: nothing is doubted of that month; "
            "`costwatch status` tells what is"
        )
    return taken


def _by_period(found: Iterable[Load]) -> dict[date, list[Load]]:
    periods: dict[date, list[Load]] = {}
    for load in found:
        periods.setdefault(load.period, []).append(load)
    return periods


class _Allocator:
    """All the periods of a run, on one engine, which is started with the first."""

    def __init__(
        self,
        warehouse: Warehouse,
        files: LedgerFiles,
        batches: Batches,
        now: datetime,
        engine: str,
        accepted: Collection[date],
    ) -> None:
        self.warehouse, self.files, self.batches, self.now = warehouse, files, batches, now
        self._accepted = accepted
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
            if period in self._accepted:  # as it was published
                with self.warehouse.write() as db:
                    restatements.accept(db, period, self.now)
            return AllocatedPeriod(period, changed=False)
        refuse_shared_accounts(plan.loads)
        with self._explained(plan.period):
            ids, publication = self._computed(plan)
            doubted = self._published(plan, ids, publication)
        lines = sum(total["line_count"] for total in publication.totals.values())
        held, doubts = any(one.is_held for one in doubted), tuple(one.text for one in doubted)
        return AllocatedPeriod(plan.period, changed=not held, line_count=lines, doubts=doubts)

    def _published(self, plan: Plan, ids: Ids, publication: publish.Publication) -> list[Restatement]:
        """What is doubted of it."""
        with self.warehouse.write() as db:
            if plan.period in self._accepted:
                publish.publish(db, ids, publication, self.now)
                restatements.accept(db, plan.period, self.now)
                return []
            new, hold = plan.redelivered, plan.allocation.settle.hold
            return restatements.publish_doubting(db, ids, publication, new, self.now, hold=hold)

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
        from costwatch.allocation.bill import LoadFiles
        from costwatch.allocation.compared import daily
        from costwatch.ledger.rows import rows_of

        return rows_of(self.engine.fetch(daily(self.engine, LoadFiles.of(load, self.files), load.period)))

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

    def _computed(self, plan: Plan) -> tuple[Ids, publish.Publication]:
        nothing = publish.Publication(
            plan.period,
            plan.period_end,
            plan.inputs_key,
            tuple(load.id for load in plan.loads),
            plan.config,
            inputs=json.dumps(inputs_as_rows(plan.inputs)),
        )
        if not any(load.files for load in plan.loads):
            return Ids({}, {}, {}), nothing
        from costwatch.allocation.bill import LoadFiles
        from costwatch.allocation.charges import PublishedLines
        from costwatch.allocation.commitments import commitments
        from costwatch.allocation.node_costs import of_nodes

        found = self._attributing(plan)
        parts = [LoadFiles.of(load, self.files) for load in plan.loads if load.files]
        found.compute(parts, plan.period, plan.period_end, missing_days(plan.inputs))
        teams, services, slices = found.names()
        is_here = self._url == IN_PROCESS  # else only the engine reads lines
        lines = PublishedLines(plan.period, tuple(parts), found.allocation, (), found.spelling)
        with self.warehouse.read() as db:
            ids = ids_for(db, teams, services, slices)
            nodes = instances(db)
        found.number(ids.team, ids.service, places.numbered(slices, ids.slice, ids.place))
        return ids, replace(
            nothing,
            totals=found.totals(),
            priced=found.priced(),
            day_lines=found.day_lines(),
            summary=found.summary(),
            by_place=found.by_place(),
            bill=found.bill(),
            invoices=found.invoices(ids.team),
            spelling=found.spelling.as_json(),
            notes=json.dumps(found.notes),
            unclaimed=as_rows(self._unclaimed(found, lines)),
            node_costs=of_nodes(found.node_costs(), nodes),
            commitments=commitments(found.con, lines, plan.period_end, self.now) if is_here else (),
            tagging=found.tagging(),
            weighed=found.weighed(),
            facts=found.facts(),
        )

    def _unclaimed(self, found: "Attribution", bill: "PublishedLines") -> list[Unclaimed]:
        """Lines are looked at for keys that nobody asked for only where they are read in this process."""
        from costwatch.allocation import unclaimed

        known = found.unclaimed()
        accounts = {each.value for each in known if each.kind == "account"}
        keys = unclaimed.keys_not_asked(found.tag_keys, found.ordered)
        if keys and accounts and self._url == IN_PROCESS and unclaimed.is_much(known, found.totals()):
            named = [each for each in known if each.kind != "account"]
            known = [*named, *unclaimed.looked_up(found.con, bill, keys, accounts)]
        return unclaimed.merged(known)

    def _attributing(self, plan: Plan) -> "Attribution":
        """Periods of one configuration mostly follow each other, and each use what the first compiled."""
        from costwatch.allocation.attribution import Attribution

        if self._attribution is None or self._attribution[0] != plan.config:
            self._attribution = plan.config, Attribution(self.engine, plan.allocation, self.batches)
        return self._attribution[1]
