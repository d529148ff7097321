"""What explains a bill beside its cost, as lines, teams and the publication tell it. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from costwatch.money import NANO, units
from costwatch.proof.bill import SHOWN, Check, Discrepancy, mend
from costwatch.wording import digits

# A quantity is whole units and nano-units of the rest: nano-units alone would overflow 64 bits.
PRICED = ("PricingQuantityWhole", "PricingQuantityRest", "ContractedCostNano")


@dataclass(frozen=True, slots=True)
class Priced:
    """Sums of some lines; what none of them says is not there.

    PricingQuantityNano: PricingUnit -> nano-units of it. ContractedCostNano: by BillingCurrency.
    """

    PricingQuantityNano: Mapping[str, int] = field(default_factory=dict)
    ContractedCostNano: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> "Priced":
        """From rows of ``PricingUnit``, ``BillingCurrency`` and ``PRICED``, which may be None."""
        quantities: Counter[str] = Counter()
        contracted: Counter[str] = Counter()
        for row in rows:
            whole, rest, cost = (row[name] for name in PRICED)
            if whole is not None:
                quantities[row["PricingUnit"]] += int(whole) * NANO + int(rest)
            if cost is not None:
                contracted[row["BillingCurrency"]] += int(cost)
        return cls(dict(quantities), dict(contracted))

    @classmethod
    def from_json(cls, text: str) -> "Priced":
        """What ``as_json`` made."""
        told = json.loads(text)
        quantities, contracted = (
            {name: int(nano) for name, nano in told[of].items()}
            for of in ("PricingQuantityNano", "ContractedCostNano")
        )
        return cls(quantities, contracted)

    def as_json(self) -> str:
        """As it is stored; its numbers may be of more than 64 bits."""
        quantities, contracted = dict(self.PricingQuantityNano), dict(self.ContractedCostNano)
        told = {"PricingQuantityNano": quantities, "ContractedCostNano": contracted}
        return json.dumps(told, sort_keys=True)

    @property
    def total(self) -> tuple[int, int]:
        """A check sum over all units and currencies, which is never shown."""
        return sum(self.PricingQuantityNano.values()), sum(self.ContractedCostNano.values())

    def __add__(self, other: "Priced") -> "Priced":
        """Both together."""
        quantities, contracted = Counter(self.PricingQuantityNano), Counter(self.ContractedCostNano)
        quantities.update(other.PricingQuantityNano)
        contracted.update(other.ContractedCostNano)
        return Priced(dict(quantities), dict(contracted))


@dataclass(frozen=True, slots=True)
class PricedProof:
    """One published billing period, as it was ``published``, as teams and residuals carry it, and its lines.

    published: None where that was before it was kept. lines: None where they were not counted again.
    """

    period: date
    period_end: date
    published: Priced | None
    carried: Priced
    lines: Priced | None = None

    def findings(self) -> Iterator[Discrepancy]:
        """Where these do not agree."""
        if self.published is None:
            return
        for compared, other in (
            ("team_cost less published", self.carried),
            ("lines less published", self.lines),
        ):
            if other is not None and other != self.published:
                text = f"{self.period:%Y-%m}: {compared}: {_difference(other, self.published)}"
                advice = mend(self.period, self.period_end)
                yield Discrepancy(Check.BILL, self.period.isoformat(), f"{text}; {advice}")

    def note(self) -> Discrepancy | None:
        """What is unknown because the period was published before it was kept."""
        if self.published is not None:
            return None
        text = (
            f"{self.period:%Y-%m}: was published before quantities and ContractedCost were kept; to have "
            f"them: costwatch allocate --from {self.period} --to {self.period_end}"
        )
        return Discrepancy(Check.UNPROVEN, self.period.isoformat(), text)


def _difference(left: Priced, right: Priced) -> str:
    """``PricingQuantity -1.5 Hours, ContractedCost 0.1 USD``: the first less the second."""
    told = []
    for name in ("PricingQuantity", "ContractedCost"):
        one, other = (getattr(of, f"{name}Nano") for of in (left, right))
        for counted_in in sorted({*one, *other}):
            if one.get(counted_in) != other.get(counted_in):
                by = digits(units(one.get(counted_in, 0) - other.get(counted_in, 0)))
                told.append(f"{name} {by} {counted_in}".rstrip())
    more = f", and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    return ", ".join(told[:SHOWN]) + more
