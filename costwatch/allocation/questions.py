"""What is asked of a period once teams carry all of it: the expressions."""

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from costwatch.allocation import day_summaries, weights
from costwatch.allocation.weights import CARRIED, TAGS, normalised, priced, summed
from costwatch.warehouse.bill.places import SLICE_COLUMNS
from costwatch.warehouse.bill.publish import INVOICE_COLUMNS

# How a fact is known where it is stored, and in which order it stands there.
_STORED = ("team_id", "service_id", "day", "slice_id")
_Keep = Callable[[str, ir.Table], ir.Table]


def answers(keep: _Keep, kinds: ir.Table, facts: ir.Table, carried: ir.Table) -> dict[str, ir.Table]:
    """The bill and what teams carry of it, as tables that need no numbers. keep: makes a table."""
    whole = keep("whole", summed(facts, ["kind"], CARRIED)).join(kinds, "kind")
    by_kind = keep("by_kind", summed(carried, ("team", "kind"), CARRIED)).join(kinds, "kind")
    by_team = ("team", *INVOICE_COLUMNS)
    days = facts.join(kinds.select("kind", "source", "x_Estimated"), "kind")
    return {
        "bill": summed(whole, ["BillingCurrency"]),
        "carried": summed(by_kind, ["BillingCurrency"]),
        "priced": priced(whole),
        "priced_carried": priced(by_kind),
        "invoices": summed(whole, INVOICE_COLUMNS).order_by(*INVOICE_COLUMNS),
        "invoices_by_team": summed(by_kind, by_team).order_by(*by_team),
        "day_lines": weights.day_lines(days).order_by("source", "day"),
        "teams": by_kind.select("team").distinct(),
        "services": kinds.select("ServiceName").distinct(),
    }


def sliced(keep: _Keep, tagged: ir.Table) -> tuple[ir.Table, ir.Table]:
    """The slices in order; and which each kind with its tags is of. tagged: kinds with ``AllocatedTags``."""
    tagged = keep("tagged_kinds", tagged.select("kind", TAGS, *SLICE_COLUMNS, "ServiceName"))
    slices = tagged.select(*SLICE_COLUMNS).distinct()
    order = ibis.window(order_by=[slices[column] for column in SLICE_COLUMNS])
    slices = keep("slices", slices.mutate(slice=ibis.row_number().over(order) + 1))
    of_kinds = tagged.join(slices, SLICE_COLUMNS).select("kind", TAGS, "slice", "ServiceName")
    return slices.order_by("slice").select(*SLICE_COLUMNS), keep("sliced", of_kinds)


def numbered(keep: _Keep, carried: ir.Table, sliced: ir.Table) -> tuple[ir.Table, ir.Table]:
    """Facts as they are stored, in that order, once all names have a number; and without usage types."""
    ids = {"team": "string", "service": "string", "slice": "int64"}
    teams, services, slices = (
        ibis.table({of: kind, f"{of}_id": "int64"}, name=f"{of}_ids") for of, kind in ids.items()
    )
    known = sliced.join(services, sliced.ServiceName == services.service).join(slices, "slice")
    numbers = keep("numbers", known.select("kind", TAGS, "service_id", "slice_id"))
    joined = carried.join(teams, "team").join(numbers, ["kind", TAGS])
    stored = keep("stored", normalised(summed(joined, _STORED, CARRIED)).order_by(*_STORED))
    return stored, keep("placed", day_summaries.without_usage_types(stored))


def as_stored(facts: ir.Table) -> ir.Table:
    """``stored`` facts, in integers alone."""
    return facts.select(*(facts[column].cast("int64") for column in (*_STORED, *CARRIED)))
