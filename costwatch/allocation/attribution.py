"""From the daily facts of a bill to what every team carries, exactly, for one set of teams and pools."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation import bill, owners, pools
from costwatch.allocation.pools import SUMMED
from costwatch.allocation.settings import Allocation, OwnerPool, Pool
from costwatch.errors import CostwatchError
from costwatch.ledger.engine import Engine, compiled, fetch, keep, small_table
from costwatch.warehouse.publish import INVOICE_COLUMNS, SLICE_COLUMNS, Slice


class Attribution:
    """Computes one billing period after the other: daily facts where the lines are read, the rest here.

    The expressions are the same for every period, and turning them into SQL takes longer than running
    them: they are compiled with the first period and run on the tables of the others.
    """

    def __init__(self, engine: Engine, allocation: Allocation) -> None:
        self.engine, self.con = engine, engine.con
        self.teams = allocation.teams
        self.ordered = pools.complete(allocation.pools)
        self._steps: list[tuple[str, str]] = []
        self._answers: dict[str, str] = {}

    def compute(self, parts: Sequence[bill.Part], period: date) -> None:
        """Attribute a period. Raises CostwatchError unless teams and residuals carry the whole bill."""
        sums = bill.facts(self.engine, parts, period, self.ordered)
        self.engine.keep("sums", sums)
        if not self._answers:
            self._compile(sums.schema())
        for name, sql in self._steps:
            keep(self.con, name, sql)
        if self._sums("bill") != self._sums("carried"):
            raise CostwatchError(
                f"period {period}: teams carry {self._sums('carried')}, the bill is {self._sums('bill')}; "
                "nothing was published, please report this"
            )

    def totals(self) -> dict[str, dict[str, int]]:
        """The bill: per BillingCurrency its lines and the sums of its nano-units."""
        return self._sums("bill")

    def day_lines(self) -> list[tuple[str, int, int, int]]:
        """source, day, the number of its lines, and of those that the source calls estimated."""
        return self._rows("day_lines")

    def bill(self) -> list[tuple[Any, ...]]:
        """The bill by ``INVOICE_COLUMNS``: these, both costs in nano-units, and lines."""
        return self._rows("invoices")

    def invoices(self, team: Mapping[str, int]) -> list[tuple[Any, ...]]:
        """The same of each team, whose number comes first."""
        return [(team[name], *rest) for name, *rest in self._rows("invoices_by_team")]

    def names(self) -> tuple[list[str], list[str], list[Slice]]:
        """The distinct teams, services and slices."""
        slices = fetch(self.con, self._answers["slices"])
        return (
            fetch(self.con, self._answers["teams"])["team"].to_pylist(),
            fetch(self.con, self._answers["services"])["ServiceName"].to_pylist(),
            list(zip(*(column.to_pylist() for column in slices.columns), strict=True)),
        )

    def numbered(
        self, team: Mapping[str, int], service: Mapping[str, int], slices: Mapping[Slice, int]
    ) -> pa.Table:
        """The facts by number, in the order they are stored: team, service, day, slice, costs, lines."""
        self._number("team", ("team",), [*team.items()])
        self._number("service", ("ServiceName",), [*service.items()])
        self._number("slice", SLICE_COLUMNS, [(*key, number) for key, number in slices.items()])
        return fetch(self.con, self._answers["numbered"])

    def _rows(self, of: str) -> list[tuple[Any, ...]]:
        columns = fetch(self.con, self._answers[of]).columns
        return list(zip(*(column.to_pylist() for column in columns), strict=True))

    def _number(self, of: str, names: Sequence[str], rows: Sequence[Sequence[str | int]]) -> None:
        types = {**dict.fromkeys(names, pa.string()), f"{of}_id": pa.int64()}
        small_table(self.con, f"{of}_ids", rows, types)

    def _sums(self, of: str) -> dict[str, dict[str, int]]:
        rows = fetch(self.con, self._answers[of]).to_pylist()
        return {row["BillingCurrency"]: {name: int(row[name]) for name in SUMMED} for row in rows}

    def _compile(self, schema: ibis.Schema) -> None:
        self._steps.clear()
        facts = self._step("facts", ibis.table(schema, name="sums").mutate(row=ibis.row_number()))
        claimed = owners.claims(self.con, self.teams)
        owned = [
            _owned(facts, number, pool, claimed)
            for number, pool in enumerate(self.ordered)
            if isinstance(pool, OwnerPool)
        ]
        carried = self._step("carried_by_owners", ibis.union(*owned, distinct=False))
        for number, pool in enumerate(self.ordered):
            if not isinstance(pool, OwnerPool):
                carried = self._step(f"carried_after_{number}", self._shared(facts, carried, number, pool))
        stored = _summed(carried, ("team", "ServiceName", "day", *SLICE_COLUMNS))
        self._answer(facts, carried, self._step("carried", stored))

    def _step(self, name: str, expression: ir.Table) -> ir.Table:
        self._steps.append((name, compiled(self.con, expression)))
        return ibis.table(expression.schema(), name=name)

    def _shared(self, facts: ir.Table, carried: ir.Table, number: int, pool: Pool) -> ir.Table:
        mine = facts.filter(facts.pool == number)
        shares = pools.shared(self.con, mine, carried, pool, self.teams)
        columns = ("ServiceName", "day", *bill.KEPT)
        located = shares.join(mine.select("row", *columns), "row")
        kept = located.select("team", *columns, *SUMMED, x_Pool=ibis.literal(pool.name))
        return carried.union(kept.select(carried.columns), distinct=False)

    def _answer(self, facts: ir.Table, invoiced: ir.Table, carried: ir.Table) -> None:
        teams = ibis.table({"team": "string", "team_id": "int64"}, name="team_ids")
        services = ibis.table({"ServiceName": "string", "service_id": "int64"}, name="service_ids")
        keys = ibis.table({**dict.fromkeys(SLICE_COLUMNS, "string"), "slice_id": "int64"}, name="slice_ids")
        joined = carried.join(teams, "team").join(services, "ServiceName").join(keys, list(SLICE_COLUMNS))
        by_team = ("team", *INVOICE_COLUMNS)
        answers = {
            "bill": _by_currency(facts),
            "carried": _by_currency(carried),
            "invoices": _summed(facts, INVOICE_COLUMNS).order_by(*INVOICE_COLUMNS),
            "invoices_by_team": _summed(invoiced, by_team).order_by(*by_team),
            "day_lines": facts.group_by("source", "day")
            .agg(
                lines=facts.line_count.sum(),
                estimated=ibis.ifelse(facts.x_Estimated, facts.line_count, 0).sum(),
            )
            .order_by("source", "day"),
            "teams": carried.select("team").distinct(),
            "services": carried.select("ServiceName").distinct(),
            "slices": carried.select(*SLICE_COLUMNS).distinct(),
            "numbered": joined.order_by("team_id", "service_id", "day", "slice_id").select(
                "team_id", "service_id", "day", "slice_id", *SUMMED
            ),
        }
        self._answers = {name: compiled(self.con, expression) for name, expression in answers.items()}


def _owned(facts: ir.Table, number: int, pool: OwnerPool, claimed: owners.Claims) -> ir.Table:
    mine = facts.filter(facts.pool == number)
    named_by = [column for column in facts.columns if column.startswith(f"{number}_")]
    return owners.assign(mine, named_by, claimed).select(
        "team", "ServiceName", "day", *bill.KEPT, *SUMMED, x_Pool=ibis.literal(pool.name)
    )


def _by_currency(table: ir.Table) -> ir.Table:
    return _summed(table, ["BillingCurrency"]).order_by("BillingCurrency")


def _summed(table: ir.Table, keys: Sequence[str]) -> ir.Table:
    return table.group_by(keys).agg(**{column: table[column].sum() for column in SUMMED})
