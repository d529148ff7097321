"""Facts as they are stored: numbers stand for their team, service and slice, in one order."""

import ibis
import ibis.expr.types as ir

from costwatch.allocation import day_summaries
from costwatch.allocation.weights import CARRIED, TAGS, normalised, summed

# How a fact is known where it is stored, and in which order it stands there.
STORED = ("team_id", "service_id", "day", "slice_id")


def steps(carried: ir.Table, sliced: ir.Table) -> dict[str, ir.Table]:
    """``numbers``, ``stored`` and ``placed`` (without usage types), each made from those before.

    They are made once all names have a number: tables ``team_ids``, ``service_ids`` and ``slice_ids``.
    """
    ids = {"team": "string", "service": "string", "slice": "int64"}
    teams, services, slices = (
        ibis.table({of: kind, f"{of}_id": "int64"}, name=f"{of}_ids") for of, kind in ids.items()
    )
    known = sliced.join(services, sliced.ServiceName == services.service).join(slices, "slice")
    known = known.select("kind", TAGS, "service_id", "slice_id")
    numbers = ibis.table(known.schema(), name="numbers")
    joined = carried.join(teams, "team").join(numbers, ["kind", TAGS])
    stored = normalised(summed(joined, STORED, CARRIED)).order_by(*STORED)
    placed = day_summaries.without_usage_types(ibis.table(stored.schema(), name="stored"))
    return {"numbers": known, "stored": stored, "placed": placed}
