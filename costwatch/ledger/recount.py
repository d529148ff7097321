"""The files of a load, looked at once more: are they there and unchanged, do they still sum to the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

import ibis
import ibis.expr.types as ir

from costwatch.errors import LedgerError, SourceError
from costwatch.ledger import nano
from costwatch.ledger.engines.duckdb import InProcess, of_one_schema
from costwatch.ledger.files import LedgerFiles, sha256
from costwatch.ledger.formats import FORMATS, format_named
from costwatch.ledger.inspection import sums
from costwatch.model import METRICS, Amounts, Counted, Load
from costwatch.money import units
from costwatch.proof.bill import Check, Discrepancy
from costwatch.proof.bridge import Part
from costwatch.proof.priced import PRICED, Priced
from costwatch.scratch import temporary_files
from costwatch.wording import RESTORE, digits

_NOTHING = Counted(Amounts(), dict.fromkeys(METRICS, Decimal()))


class Kept(StrEnum):
    """What became of a delivered file."""

    UNCHANGED = "unchanged"  # Parquet, byte by byte as it was delivered
    CONVERTED = "converted"  # delivered as CSV, so that only its sums can tell
    MISSING = "missing"
    CHANGED = "changed"
    UNREADABLE = "unreadable"

    @property
    def is_whole(self) -> bool:
        """Whether its lines are worth counting."""
        return self in (Kept.UNCHANGED, Kept.CONVERTED)


@dataclass(frozen=True, slots=True)
class Recount:
    """A load's files by digest, and what they hold now by currency; None where they were not counted.

    ``trouble``: what kept them from being read; empty where that went well. ``parts``: the same lines by
    currency and by why their two costs differ. ``priced``: what explains their costs.
    """

    load: Load
    files: Mapping[str, Kept]
    totals: Mapping[str, Counted] | None
    trouble: str = ""
    parts: Mapping[str, Mapping[Part, Amounts]] = field(default_factory=dict)
    priced: Priced = field(default_factory=Priced)

    def findings(self) -> Iterator[Discrepancy]:
        """Files that are not as they were delivered, and sums that are not as they were registered."""
        of = f"{self.load.period:%Y-%m} {self.load.source}"
        for digest, kept in self.files.items():
            if kept in (Kept.MISSING, Kept.CHANGED):
                delete = "delete it, then run" if kept is Kept.CHANGED else "run"
                named = self.load.names.get(digest, "a file")
                yield self._finding(
                    f"{of}: {named} is {kept} in the ledger ({digest}.parquet); {delete}: "
                    f"costwatch collect {self.load.source}"
                )
        if self.totals is None:
            return
        for currency in sorted({*self.totals, *self.load.totals}):
            there, told = self.totals.get(currency, _NOTHING), self.load.totals.get(currency, _NOTHING)
            if there != told:
                yield self._finding(
                    f"{of} {currency}: counted again are {_told(there)}, registered were {_told(told)}; "
                    f"delete its files in the ledger, then run: costwatch collect {self.load.source}, "
                    f"or {RESTORE}"
                )

    def _finding(self, text: str) -> Discrepancy:
        return Discrepancy(Check.LEDGER, self.load.period.isoformat(), text)


def recount(files: LedgerFiles, load: Load) -> Recount:
    """Read all files of a load: their bytes for the SHA-256, their lines for the sums of its period."""
    if not load.files:
        return Recount(load, {}, {})
    kept: dict[str, Kept] = {}
    trouble = ""
    for digest in dict.fromkeys(load.files):
        try:
            kept[digest] = _kept(files, digest, load.names.get(digest, ""))
        except OSError as error:
            kept[digest] = Kept.UNREADABLE
            trouble = f"{files.path(digest)}: {error.strerror or error}; check the disk and the rights"
    if load.format not in {known.name for known in FORMATS}:
        trouble = f"load {load.id}: its format '{load.format}' is not known; upgrade costwatch"
    if trouble or not all(each.is_whole for each in kept.values()):
        return Recount(load, kept, None, trouble)
    try:
        totals, parts, priced = _totals(files, load)
        return Recount(load, kept, totals, parts=parts, priced=priced)
    except (LedgerError, SourceError, OSError) as error:
        reason = str(error).splitlines()[0][:300]
        return Recount(load, kept, None, f"ledger {files.folder}: {reason}")


def _kept(files: LedgerFiles, digest: str, name: str) -> Kept:
    path = files.path(digest)
    if not path.exists():
        return Kept.MISSING
    if sha256(path) == digest:
        return Kept.UNCHANGED
    # A file's name is that of its delivered bytes, which only Parquet still has.
    return Kept.CHANGED if name.lower().endswith(".parquet") else Kept.CONVERTED


@temporary_files()
def _totals(
    files: LedgerFiles, load: Load
) -> tuple[dict[str, Counted], dict[str, dict[Part, Amounts]], Priced]:
    engine = InProcess()
    try:
        known = format_named(load.format)
        raws = (
            known.charges(engine.lines(paths, f"lines_{number}"))
            for number, paths in enumerate(of_one_schema([*map(files.path, load.files)]))
        )
        left = load.unamortised
        lines = ibis.union(
            *(raw.select(**known.columns(raw, left), part=known.bridge_part(raw, left)) for raw in raws),
            distinct=False,
        )
        lines = lines.filter(lines.BillingPeriodStart.date() == ibis.literal(load.period))
        rows = engine.fetch(lines.group_by("BillingCurrency", "part").agg(**sums(lines))).to_pylist()
        priced = Priced.of(engine.fetch(_priced(lines)).to_pylist())
    finally:
        engine.close()
    totals: dict[str, Counted] = {}
    parts: dict[str, dict[Part, Amounts]] = {}
    for row in rows:
        currency = row["BillingCurrency"]
        amounts = Amounts(int(row["BilledCostNano"]), int(row["EffectiveCostNano"]), row["line_count"])
        parts.setdefault(currency, {})[Part(row["part"])] = amounts
        so_far = totals.get(currency, _NOTHING)
        control = {metric: so_far.control[metric] + row[f"{metric}Control"] for metric in METRICS}
        totals[currency] = Counted(so_far.amounts + amounts, control)
    return totals, parts, priced


def _priced(lines: ir.Table) -> ir.Table:
    """By unit and currency; a quantity of no unit is unknown."""
    unit = lines.PricingUnit.fill_null("")
    quantity = ibis.ifelse(unit != "", lines.PricingQuantity, ibis.null("float64"))
    told = lines.select("BillingCurrency", PricingUnit=unit, **nano.priced(quantity, lines.ContractedCost))
    sums_of = {name: told[name].sum().cast("decimal(38, 0)") for name in PRICED}
    return told.group_by("PricingUnit", "BillingCurrency").agg(**sums_of)


def _told(counted: Counted) -> str:
    amounts = counted.amounts
    costs = (
        f"{metric} {digits(units(amounts.nano(metric)))} ({digits(counted.control[metric])} before rounding)"
        for metric in sorted(METRICS)
    )
    return f"{amounts.line_count} lines, {', '.join(costs)}"
