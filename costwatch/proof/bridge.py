"""The bridge from what was billed to what it cost in effect: why EffectiveCost is not BilledCost. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from costwatch.model import Amounts
from costwatch.money import smallest_unit, units
from costwatch.proof.bill import Check, Discrepancy, total
from costwatch.wording import digits


class Part(StrEnum):
    """Why a line's two costs may differ; each line is in one part."""

    PURCHASE = "purchases"  # what was paid in advance: billed, and 0 in effect
    FEE = "fees"  # a recurring fee on one line: billed whole, in effect what of it nobody used
    USED = "used"  # what was paid in advance, spread over what it covered
    UNUSED = "unused"  # the rest of it
    REFUND = "refunds"  # what of it was paid back or corrected
    DISCOUNT = "discounts"  # lines that are net of discounts which are billed on other lines
    TAX = "tax"  # on what was effective, by the FOCUS specification
    UNTOLD = "untold"  # the bill has no column that tells commitments
    OTHER = "other"  # of no commitment


MEANS = {
    Part.PURCHASE: "purchases of commitments",
    Part.USED: "amortised: used",
    Part.UNUSED: "amortised: unused",
    Part.REFUND: "refunds and corrections of commitments",
    Part.DISCOUNT: "discounts, in net columns",
    Part.TAX: "tax",
    Part.UNTOLD: "of commitments or not (no column tells)",
    Part.OTHER: "other",
}


@dataclass(frozen=True, slots=True)
class Bridge:
    """One billing period in one currency, recounted from the lines of its loads. See ``Part``."""

    period: date
    currency: str
    parts: Mapping[Part, Amounts]

    @property
    def rows(self) -> dict[Part, Amounts]:
        """The parts that hold lines, in order: of a fee its bill with purchases, its rest with unused."""
        fees = self.parts.get(Part.FEE, Amounts())
        split = {
            Part.PURCHASE: Amounts(fees.BilledCostNano, 0, fees.line_count),
            Part.UNUSED: Amounts(0, fees.EffectiveCostNano),
        }
        found = {
            part: self.parts.get(part, Amounts()) + split.get(part, Amounts())
            for part in Part
            if part is not Part.FEE
        }
        return {part: amounts for part, amounts in found.items() if amounts}

    @property
    def total(self) -> Amounts:
        """All of the bill."""
        return total(self.parts.values())

    @property
    def may_round(self) -> Decimal:
        """What the costs of lines of no commitment may differ by in sum.

        Half the smallest unit of the currency, for then the two still come to the same amount of money; and
        of very many lines a nano-unit each, for both costs of a line are rounded to one.
        """
        lines = self.parts.get(Part.OTHER, Amounts()).line_count
        return max(smallest_unit(self.currency) / 2, Decimal(lines).scaleb(-9))

    def finding(self) -> Discrepancy | None:
        """None where commitments, discounts and tax explain all of the difference."""
        other = self.parts.get(Part.OTHER, Amounts())
        difference = units(nano_difference(other))
        if abs(difference) <= self.may_round:
            return None
        billed, effective = (digits(units(nano)) for nano in (other.BilledCostNano, other.EffectiveCostNano))
        text = (
            f"{self.period:%Y-%m} {self.currency}: {other.line_count:,} lines that belong to no commitment "
            f"have EffectiveCost {effective} and BilledCost {billed}: a difference of {digits(difference)}, "
            f"rounding explains {digits(self.may_round)}; ask who made the export what its EffectiveCost is"
        )
        return Discrepancy(Check.BRIDGE, self.period.isoformat(), text)


def nano_difference(of: Amounts) -> int:
    """EffectiveCost less BilledCost, in nano-units."""
    return of.EffectiveCostNano - of.BilledCostNano


def bridges(counted: Iterable[tuple[date, Mapping[str, Mapping[Part, Amounts]]]]) -> tuple[Bridge, ...]:
    """One for each billing period and currency, newest first, of what loads hold by currency and part."""
    sums: dict[tuple[date, str], dict[Part, Amounts]] = {}
    for period, currencies in counted:
        for currency, parts in currencies.items():
            mine = sums.setdefault((period, currency), {})
            for part, amounts in parts.items():
                mine[part] = mine.get(part, Amounts()) + amounts
    order = sorted(sums, key=lambda key: (-key[0].toordinal(), key[1]))
    return tuple(Bridge(period, currency, sums[period, currency]) for period, currency in order)
