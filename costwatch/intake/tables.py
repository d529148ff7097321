"""Which tables can be stored: ours, and those that collectors declare."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from costwatch.errors import RefusedError
from costwatch.intake.batches import Take
from costwatch.intake.bill import take_bill
from costwatch.intake.markers import take_markers
from costwatch.intake.rows import take_rows
from costwatch.intake.slos import take_slos
from costwatch.plugins import MARKERS, Collector, Table
from costwatch.slo.collecting import SLI, SloCollector

BILL = "bill"
# Ours: name -> what takes a batch of it. A new one is a file beside this one and an entry here.
TABLES: Mapping[str, Take] = {BILL: take_bill, MARKERS.name: take_markers, SLI: take_slos}
SHARED = (MARKERS,)  # those of ours that a collector declares, as they are, and fills


def tables_of(source: Collector) -> list[str]:
    """The tables that a source may fill."""
    ours = [BILL] * bool(source.role) + [SLI] * isinstance(source, SloCollector)
    return [*ours, *(table.name for table in declared(source))]


def declared(source: Collector) -> tuple[Table, ...]:
    """The tables that a source brings; a collector made before there were any brings none."""
    return getattr(source, "tables", ())


def taking(source: Collector, name: str) -> Take:
    """What takes a batch of table ``name``. Raises RefusedError where the source does not declare it."""
    if name not in tables_of(source):
        why = "while its role says that it brings no bill" if name == BILL else "which it does not declare"
        raise RefusedError([f"{source.name}: delivers table '{name}', {why}; correct its collector"])
    if name in TABLES:
        return TABLES[name]
    return partial(take_rows, next(table for table in declared(source) if table.name == name))


def clashes(sources: Sequence[Collector]) -> Iterator[tuple[str, str]]:
    """Name of each source whose tables cannot be stored beside the others', and why."""
    seen: dict[str, tuple[Table, str]] = {}
    for source in sources:
        for table in declared(source):
            first, owner = seen.setdefault(table.name, (table, source.name))
            if table.name in TABLES and table not in SHARED:
                yield source.name, f"table '{table.name}' is costwatch's own; its collector must rename it"
            elif table != first:
                yield (
                    source.name,
                    f"table '{table.name}' is declared otherwise than by source '{owner}'; "
                    "one of the two collectors must rename it",
                )
