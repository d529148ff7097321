"""What is held against what so that a bill is proven: equal to the nano-unit, or named. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from costwatch.model import METRICS, Amounts, Load, LoadFinding
from costwatch.money import exact, smallest_unit, units
from costwatch.wording import RESTORE, digits

SHOWN = 5  # differing places, of many alike


def total(of: Iterable[Amounts]) -> Amounts:
    """The sum."""
    return sum(of, Amounts())


class Check(StrEnum):
    """What was looked at where something does not agree."""

    BILL = "bill"
    LOAD = "load"
    LEDGER = "ledger"
    CONTROL = "control"
    OPINION = "opinion"
    DELIVERED = "delivered"
    BRIDGE = "bridge"
    INVOICE = "invoice"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something that does not agree. ``period``: the ISO day its billing period starts; empty: of none."""

    check: Check
    period: str
    text: str


@dataclass(frozen=True, slots=True)
class InvoicePart:
    """One invoice, issuer, payer and category: as delivered, and as teams and residuals carry it."""

    source: str
    BillingAccountId: str
    InvoiceIssuerName: str
    InvoiceId: str
    ChargeCategory: str
    bill: Amounts
    carried: Amounts


@dataclass(frozen=True, slots=True)
class Differing:
    """A place where two tables tell the same cost differently: ``by`` is the first less the second."""

    tables: tuple[str, str]
    period: str
    currency: str
    place: str
    by: Amounts

    @property
    def compared(self) -> str:
        """``team_cost less cost_day``."""
        return f"{self.tables[0]} less {self.tables[1]}"

    @property
    def amounts(self) -> str:
        """``BilledCost 0.01 USD in team risk, service ...``."""
        named = [
            f"{metric} {digits(units(self.by.nano(metric)))} {self.currency}".rstrip()
            for metric in sorted(METRICS)
            if self.by.nano(metric)
        ]
        if self.by.line_count:
            named.append(f"{self.by.line_count} lines")
        return f"{', '.join(named)} in {self.place}"

    @property
    def text(self) -> str:
        """All of it, after the month."""
        return f"{self.period[:7]}: {self.compared}: {self.amounts}"


@dataclass(frozen=True, slots=True)
class Proof:
    """One published billing period in one currency, as every table tells it.

    ``published``: its recorded totals. ``parts``: the tables bill and team_invoice; none where the period
    was published before they were kept. ``teams``: table -> team -> what it carries there.
    """

    period: date
    period_end: date
    currency: str
    known_at: datetime
    load_count: int
    published: Amounts
    loads: Amounts
    control: Mapping[str, Decimal]
    parts: tuple[InvoicePart, ...]
    teams: Mapping[str, Mapping[str, Amounts]]

    @property
    def bill(self) -> Amounts:
        """The delivered lines, before they were allocated."""
        return total(part.bill for part in self.parts)

    @property
    def is_kept(self) -> bool:
        """Whether the bill by invoice is there to be held against."""
        return bool(self.parts) or not self.published

    def carried(self, table: str = "") -> Amounts:
        """What teams and residuals carry together: by the facts or their sums, unless a table is named."""
        return total(self.teams[table or self._counted].values())

    @property
    def _counted(self) -> str:
        """``team_cost``, or its summary where it was not counted again."""
        return next(name for name in self.teams if name != "team_invoice")

    def rounding(self, metric: str) -> Decimal:
        """The files' own decimal sum less the sum of nano-units, in currency units."""
        return self.control.get(metric, Decimal()) - units(self.loads.nano(metric))

    def may_round(self, metric: str) -> Decimal:
        """At most half a nano-unit a line; amounts beyond 9 million are delivered less exactly than that.

        Files carry float64, of 53 binary digits, and control totals are read to 12 decimals.
        """
        a_line, a_digit = Decimal("0.502").scaleb(-9), Decimal(2) ** -51
        most = a_line * self.loads.line_count + abs(units(self.loads.nano(metric))) * a_digit
        return most.quantize(Decimal(1).scaleb(-12), rounding="ROUND_UP")

    def differing(self) -> Iterator[Differing]:
        """Where tables disagree, so far as sums of the period, of each team and of each part tell."""
        yield from self.differing_bill()
        pairs = [*pairwise(self.teams)]
        for left, right in pairs[0 if self.is_kept else 1 :]:
            for team in sorted({*self.teams[left], *self.teams[right]}):
                by = self.teams[left].get(team, Amounts()) - self.teams[right].get(team, Amounts())
                yield from self._differs((left, right), f"team {team}", by)
        if not self.is_kept:
            yield from self._differs(
                ("published", self._counted), "the whole period", self.published - self.carried()
            )

    def differing_bill(self) -> Iterator[Differing]:
        """The same of the bill as delivered: against what was published, and part by part against teams."""
        if not self.is_kept:
            return
        yield from self._differs(("published", "bill"), "the whole period", self.published - self.bill)
        for part in self.parts:
            yield from self._differs(("bill", "team_invoice"), _place(part), part.bill - part.carried)

    def _differs(self, tables: tuple[str, str], place: str, by: Amounts) -> Iterator[Differing]:
        if by:
            yield Differing(tables, self.period.isoformat(), self.currency, place, by)

    def findings(self) -> Iterator[Discrepancy]:
        """What is wrong with the totals of its loads, or cannot be proven for want of a table."""
        of = f"{self.period:%Y-%m} {self.currency}"
        if not self.is_kept:
            yield self._finding(
                Check.UNPROVEN,
                f"{of}: was published before the bill was kept by invoice; allocate it again: costwatch "
                f"allocate --from {self.period} --to {self.period_end}",
            )
        if self.published != self.loads:
            (differing,) = self._differs(
                ("published", "load"), "the whole period", self.published - self.loads
            )
            yield self._finding(Check.LOAD, f"{differing.text}; {mend(self.period, self.period_end)}")
        for metric in METRICS:
            if abs(self.rounding(metric)) > self.may_round(metric):
                yield self._finding(
                    Check.CONTROL,
                    f"{of}: {metric}: the files' own total less the sum of their lines is "
                    f"{digits(self.rounding(metric))}, rounding explains {digits(self.may_round(metric))}; "
                    f"{mend(self.period, self.period_end)}",
                )

    def _finding(self, check: Check, text: str) -> Discrepancy:
        return Discrepancy(check, self.period.isoformat(), text)


def delivered(load: Load, found: LoadFinding) -> Discrepancy:
    """What is odd about a load, and whose and when it is."""
    text = f"{load.source} {load.period:%Y-%m}: {found.text}"
    return Discrepancy(Check.DELIVERED, load.period.isoformat(), text)


def mend(first: date, after: date) -> str:
    """What to do about stored rows that were altered."""
    return f"{RESTORE}, or publish it anew: costwatch allocate --from {first} --to {after}"


def _place(part: InvoicePart) -> str:
    return (
        f"invoice {part.InvoiceId or '(not issued)'} of {part.InvoiceIssuerName or '(no issuer)'}, "
        f"payer {part.BillingAccountId}, {part.ChargeCategory}, source {part.source}"
    )


def altered(places: Iterable[Differing], proofs: Iterable[Proof]) -> list[Discrepancy]:
    """A finding for each period and pair of tables that differ, with some of the places."""
    ends = {proof.period.isoformat(): (proof.period, proof.period_end) for proof in proofs}
    groups: dict[tuple[str, tuple[str, str]], list[Differing]] = {}
    for place in places:
        groups.setdefault((place.period, place.tables), []).append(place)
    found = []
    for (period, _), its_places in sorted(groups.items()):
        shown = "; ".join(place.amounts for place in its_places[:SHOWN])
        more = f"; and {len(its_places) - SHOWN} places more" if len(its_places) > SHOWN else ""
        advice = mend(*ends[period]) if period in ends else RESTORE
        found.append(
            Discrepancy(
                Check.BILL, period, f"{period[:7]}: {its_places[0].compared}: {shown}{more}; {advice}"
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Invoice:
    """An amount that an invoice states, against what the bill holds of it in each currency."""

    InvoiceId: str
    amount: Decimal
    held: Mapping[str, Amounts]

    def difference(self, currency: str) -> Decimal:
        """The bill less the invoice, in currency units."""
        return units(self.held[currency].BilledCostNano) - self.amount

    def finding(self, known: Iterable[str]) -> Discrepancy | None:
        """None where the bill rounds to the amount; ``known``: ids that are held, to be named."""
        if not self.held:
            ids = list(known)
            named = ", ".join(ids[: 2 * SHOWN]) + (" …" if len(ids) > 2 * SHOWN else "")
            held = f"held are {named}" if ids else "none is held"
            text = f"invoice {self.InvoiceId}: the bill holds no line of it; {held}"
        elif len(self.held) > 1:
            currencies = " and ".join(sorted(self.held))
            text = (
                f"invoice {self.InvoiceId}: has charges in {currencies}, which are never added; hold it "
                "against --json, which tells each"
            )
        else:
            ((currency, amounts),) = self.held.items()
            difference = self.difference(currency)
            if abs(difference) <= smallest_unit(currency) / 2:
                return None
            billed = digits(units(amounts.BilledCostNano))
            text = (
                f"invoice {self.InvoiceId}: BilledCost is {billed} {currency}, the invoice "
                f"{digits(self.amount)}: a difference of {digits(difference)} "
                f"({exact(difference, currency)}); look for charges of a delivery that has not come"
            )
        return Discrepancy(Check.INVOICE, "", text)
