"""From the daily facts of a bill to what every team carries, exactly, for one set of teams and pools."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation import (
    allocated_tags,
    bill,
    conservation,
    day_summaries,
    node_costs,
    owners,
    pools,
    questions,
    redistribution,
    tagging,
    unclaimed,
    weighing,
    weights,
)
from costwatch.allocation.allocated_tags import OWN
from costwatch.allocation.settings import Allocation, Pool
from costwatch.allocation.spelling import Spelling
from costwatch.allocation.split_lines import WithSplitLines
from costwatch.allocation.weights import CARRIED, TAGS, billing_period, summed, with_unit
from costwatch.ledger.engines.duckdb import compiled, fetch, fetch_batches, keep, small_table, stored, take
from costwatch.ledger.engines.engine import Engine
from costwatch.ledger.rows import rows_of
from costwatch.model import Window
from costwatch.model.names import folded_key
from costwatch.plugins import Batches, Weighing
from costwatch.proof.priced import Priced
from costwatch.warehouse.bill.fingerprint import Weighed
from costwatch.warehouse.bill.places import Numbered, Slice
from costwatch.warehouse.bill.tagging import Tagging
from costwatch.warehouse.bill.unclaimed import Unclaimed
from costwatch.warehouse.encoding import from_int
from costwatch.warehouse.usage.node_costs import NodeCostDay

# A table by name, as SQL, or as what makes it from those before: splits are asked in between.
_Step = tuple[str, str | Callable[[], pa.Table]]


class Attribution:
    """Computes one billing period after the other: daily facts where the lines are read, the rest here.

    The expressions are the same for every period, and turning them into SQL takes longer than running
    them: they are compiled with the first period and run on the tables of the others."""

    def __init__(self, engine: Engine, allocation: Allocation, batches: Batches) -> None:
        self.engine, self.con, self._batches = engine, engine.con, batches
        self.allocation = pools.completed(allocation)
        self.teams, self.ordered = allocation.teams, self.allocation.pools
        self.spelling, self.tag_keys = Spelling(), [""]
        self.notes: list[tuple[str, str]] = []
        self._steps: list[_Step] = []
        self._numbering: list[_Step] = []
        self._answers: dict[str, str] = {}

    def compute(
        self,
        parts: Sequence[bill.LoadFiles],
        period: date,
        period_end: date,
        missing: Mapping[int, Collection[date]],
    ) -> None:
        """Attribute a period. Raises CostwatchError unless teams and residuals carry the whole bill.

        missing: position of a pool -> the days of which an input of its weights is not there.
        """
        self._period, self._missing = Window.of_days(period, period_end), missing
        self._tags, self.notes = allocated_tags.TagNumbers(self.allocation.dimensions), []
        labels = {key for pool in self.ordered for key in getattr(pool, "labels", ())}
        self._asked = WithSplitLines(self._batches, self.engine, parts, period, sorted(labels))
        self._days = billing_period(self.con, self._period)
        self.spelling, self.tag_keys = bill.keep_facts(self.engine, parts, period, self.allocation)
        claimed = owners.claims(self.con, self.teams, self.spelling)
        if not self._answers:
            self._compile(stored(self.con, "days"), stored(self.con, "line_kinds"), claimed)
        for name, step in self._steps:
            self._make(name, step)
            if name == "facts":
                conservation.require_every_line(self.con, period)
                self.con.drop_table("days")  # which is needed no more
        conservation.require_whole_bill(self.con, self._answers, period)

    def totals(self) -> dict[str, dict[str, int]]:
        """The bill: per BillingCurrency its lines and the sums of its nano-units."""
        return conservation.sums_of(self.con, self._answers["bill"])

    def priced(self) -> Priced:
        """The bill's quantities and contracted costs."""
        return conservation.priced_of(self.con, self._answers["priced"])

    def day_lines(self) -> list[tuple[str, int, int, int]]:
        """source, day, the number of its lines, and of those that are estimated.

        They are where the source says so, or an input of the pool that takes them is missing.
        """
        waiting: Counter[tuple[str, int]] = Counter()
        for number, days in self._missing.items():
            for source, day, lines in self._rows(f"lines_of_{number}") if days else ():
                waiting[source, day] += max(lines, 1) if from_int(day) in days else 0
        return [
            (source, day, lines, min(lines, estimated + waiting[source, day]))
            for source, day, lines, estimated in self._rows("day_lines")
        ]

    def summary(self) -> list[tuple[Any, ...]]:
        """The facts without slices: day, team, service, BillingCurrency, x_ChargeKind, costs, lines."""
        return self._rows("summary")

    def bill(self) -> list[tuple[Any, ...]]:
        """The bill by ``INVOICE_COLUMNS``: these, both costs in nano-units, and lines."""
        return self._rows("invoices")

    def invoices(self, team: Mapping[str, int]) -> list[tuple[Any, ...]]:
        """The same of each team, whose number comes first."""
        return [(team[name], *rest) for name, *rest in self._rows("invoices_by_team")]

    def unclaimed(self) -> list[Unclaimed]:
        """What owner pools gave to nobody, by what could name its owner."""
        return [Unclaimed(*row) for row in self._rows("unclaimed")]

    def node_costs(self) -> list[NodeCostDay]:
        """See ``node_costs.by_day``."""
        return self._rows("node_costs")

    def tagging(self) -> Tagging:
        """See ``tagging.answers``."""
        days = fetch(self.con, self._answers["tagging_days"])
        return Tagging.of(self._rows("tagging_groups"), days.to_batches())

    def names(self) -> tuple[list[str], list[str], list[Slice]]:
        """The distinct teams and services, and the slices in order."""
        return (
            [team for (team,) in self._rows("teams")],
            [service for (service,) in self._rows("services")],
            self._rows("slices"),
        )

    def number(self, team: Mapping[str, int], service: Mapping[str, int], places: Numbered) -> None:
        """By which numbers summaries and ``facts`` name them. places: of the slices of ``names``."""
        self._number("team", pa.string(), [*team], [*team.values()])
        self._number("service", pa.string(), [*service], [*service.values()])
        self._number("slice", pa.int64(), range(1, len(places.slices["slice"]) + 1), places.slices["slice"])
        take(self.con, day_summaries.SLICES, pa.table(dict(places.slices)))
        take(self.con, day_summaries.PLACES, pa.table(dict(places.places)))
        for name, step in self._numbering:
            self._make(name, step)

    def facts(self) -> Iterator[pa.RecordBatch]:
        """As ``publish.Publication`` has them; meanwhile ask nothing else, and ``by_place`` after it."""
        # Who stores them needs the memory.
        for name in {name for name, _ in (*self._steps, *self._numbering)} - {"stored", "placed"}:
            self.con.drop_table(name)
        return fetch_batches(self.con, self._answers["facts"])

    def by_place(self) -> Iterator[pa.RecordBatch]:
        """The facts summed by place, in the same way, and after them."""
        for sql in self._by_place:
            yield from fetch_batches(self.con, sql)

    def weighed(self) -> Weighed:
        """What the facts weigh as they are to be stored."""
        return conservation.weighed(self.con)

    def _rows(self, of: str) -> list[tuple[Any, ...]]:
        return rows_of(fetch(self.con, self._answers[of]))

    def _number(self, of: str, kind: pa.DataType, known: Sequence[str | int], ids: Sequence[Any]) -> None:
        numbers = pa.table({of: pa.array(known, kind), f"{of}_id": pa.array(ids, pa.int64())})
        take(self.con, f"{of}_ids", numbers)

    def _compile(self, days: ir.Table, line_kinds: ir.Table, claimed: owners.Claims) -> None:
        """Facts, and what kinds of them there are: most of what is asked of a fact is asked of its kind."""
        self._steps.clear()
        line_kinds = self._with_own_tags(line_kinds)
        kinds = self._step("numbered_kinds", line_kinds.mutate(kind=ibis.row_number().cast("int32")))
        told = ("part", *bill.MARKS)
        own = {"tags": kinds[OWN] if OWN in kinds.columns else ibis.literal(0, "int64")}
        located = days.join(kinds.select(*told, "kind", "pool", "PricingUnit", **own), told)
        located = located.mutate(day=located["first"], until=bill.until(located, self.ordered))
        located = located.mutate(**with_unit(located)).select("kind", "day", "until", *CARRIED, TAGS)
        facts = self._step("facts", located)
        of_days = dict.fromkeys(("day", "before"), pa.int64())
        spans = small_table(self.con, "spans", owners.spans(self.teams), of_days)
        owned = [owners.whose(kinds, spans, number, claimed) for number in pools.owned(self.ordered)]
        whose = self._step("whose", ibis.union(*owned, distinct=False))
        mine = facts.join(
            whose, [facts.kind == whose.kind, facts.day >= whose.since, facts.day < whose.before]
        )
        carried = mine.select("team", "kind", "day", TAGS, *CARRIED)
        nobodys = unclaimed.by_names(facts, kinds, whose, self.ordered)
        told_of_owners = tagging.answers(self._step, facts, kinds, whose, self.ordered)
        takers: dict[int, ir.Table] = {}
        given: list[ir.Table] = []
        for number, pool in enumerate(self.ordered):
            if pool.is_owner:
                continue
            if pool.carried_by:
                kinds, carried, amounts = redistribution.taken(self._step, carried, kinds, number, pool)
            else:
                amounts = facts.join(kinds.filter(kinds.pool == number).select("kind"), "kind")
            amounts = weights.numbered(amounts, kinds, pool.over, self._days, pools.key_columns(pool))
            takers[number] = self._step(f"pool_{number}", amounts)
            parts = self._shared(kinds, takers[number], carried, number, pool)
            given.append(self._step(f"carried_of_{number}", parts))
            carried = carried.union(given[-1], distinct=False)
        self._steps.append((allocated_tags.TABLE, lambda: self._tags.table()))
        self._answer(kinds, facts, carried, allocated_tags.with_tags(kinds, given))
        self._answers["unclaimed"] = compiled(nobodys)
        self._answers |= {name: compiled(answer) for name, answer in told_of_owners.items()}
        self._answers["node_costs"] = compiled(node_costs.by_day(takers, kinds, self.ordered))
        for number, mine in takers.items():
            self._answers[f"lines_of_{number}"] = compiled(weights.lines_of(mine, kinds))

    def _with_own_tags(self, line_kinds: ir.Table) -> ir.Table:
        """Kinds with the number of what their lines say of dimensions, in the place of these tags."""
        columns = {folded_key(tag): owners.tag_column(tag) for tag in bill.dimension_tags(self.allocation)}
        if not columns:
            return line_kinds
        said = line_kinds.select(*columns.values()).distinct()
        sql = compiled(said)
        self._steps.append(("own_tags", lambda: self._tags.of_lines(columns, fetch(self.con, sql))))
        known = ibis.table({**said.schema(), OWN: "int64"}, name="own_tags")
        return line_kinds.join(known, [*columns.values()]).drop(*columns.values())

    def _make(self, name: str, step: str | Callable[[], pa.Table]) -> None:
        if isinstance(step, str):
            keep(self.con, name, step)
        else:
            take(self.con, name, step())

    def _step(self, name: str, expression: ir.Table) -> ir.Table:
        return self._keep(self._steps, name, expression)

    def _keep(self, among: list[_Step], name: str, expression: ir.Table) -> ir.Table:
        among.append((name, compiled(expression)))
        return ibis.table(expression.schema(), name=name)

    def _shared(
        self, kinds: ir.Table, mine: ir.Table, carried: ir.Table, number: int, pool: Pool
    ) -> ir.Table:
        currency = kinds.select("kind", "BillingCurrency")
        daily = summed(carried.join(currency, "kind"), ("team", "day", "BillingCurrency"))
        daily = self._step(f"daily_{number}", daily)
        spans = self._step(f"spans_{number}", weights.spans_of(mine, pools.key_columns(pool)))
        question = compiled(spans), compiled(daily)
        self._steps.append((f"weights_{number}", partial(self._weigh, number, *question)))
        given = ibis.table(allocated_tags.WEIGHTS, name=f"weights_{number}")
        parts = weights.shared(mine, spans, given)
        located = parts.join(mine.select("row", "kind", "day", before=mine[TAGS]), "row")
        if self.allocation.dimensions:
            pairs = compiled(allocated_tags.pairs(mine, spans, given))
            self._steps.append((f"tags_{number}", lambda: self._tags.passed_on(fetch(self.con, pairs))))
            located = allocated_tags.looked_up(located, f"tags_{number}")
        else:  # what is given on has the tags that it had, if it is given none
            located = located.mutate(tags=ibis.ifelse(located[TAGS] > 0, located[TAGS], located.before))
        return located.select(carried.columns)

    def _weigh(self, number: int, spans: str, daily: str) -> pa.Table:
        """The weights of one pool. A team whose cost was given on is not given anything of another's."""
        pool = self.ordered[number]
        givers = {each.carried_by for each in self.ordered[: number + 1] if pool.carried_by} - {""}
        teams = [team.name for team in self.teams if team.name not in givers]
        asked = Weighing(
            self._period,
            weighing.spans(fetch(self.con, spans)),
            teams,
            self._asked,
            weighing.carried(fetch(self.con, daily), teams),
            owners.teams_by_name(self.teams),
        )
        found = weighing.weigh(pool, asked, givers, self._missing.get(number, ()))
        self.notes += weighing.notes(pool, asked)
        return self._tags.numbered(found)

    def _answer(self, kinds: ir.Table, facts: ir.Table, carried: ir.Table, tagged: ir.Table) -> None:
        slices, sliced = questions.sliced(self._step, tagged)
        asked = questions.answers(self._step, kinds, facts, carried)
        stored, placed = questions.numbered(partial(self._keep, self._numbering), carried, sliced)
        asked |= {
            "slices": slices,
            "facts": questions.as_stored(stored),
            "summary": day_summaries.by_team(stored),
        }
        self._answers |= {name: compiled(expression) for name, expression in asked.items()}
        self._by_place = [*map(compiled, day_summaries.by_place(placed))]
