"""Fixed monthly rates, by which costs in several currencies can be read in one. Pure.

Nothing stored is ever converted: rates are applied to an answer, which is then told as converted.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from costwatch.plugins import Settings

_MONTH = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


def _is_month(text: str) -> str:
    if not re.fullmatch(_MONTH, text):
        raise ValueError(f"'{text}' is no month; write it like 2026-10")
    return text


Code = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Month = Annotated[str, AfterValidator(_is_month), WithJsonSchema({"type": "string", "pattern": _MONTH})]
Rate = Annotated[Decimal, Field(gt=0, max_digits=18)]


@dataclass(frozen=True, slots=True)
class Unit:
    """What amounts are in. ``converted``: costs in other currencies are in them, too."""

    currency: str
    converted: bool = False

    @property
    def name(self) -> str:
        """``USD``, or ``USD, converted``."""
        return self.currency + self.mark

    @property
    def mark(self) -> str:
        """What converted figures are marked with; empty where they are not."""
        return ", converted" if self.converted else ""


class Conversion(Settings):
    """The section ``currency`` of ``costwatch.yaml``.

    reporting: the BillingCurrency to read costs in. rates: for a calendar month (UTC) and a currency,
    what one unit of it is worth in ``reporting``, for the costs of all days of that month. Where there
    is no rate none is guessed: such costs stay in their own currency.
    """

    reporting: Code
    rates: Mapping[Month, Mapping[Code, Rate]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_worth_itself(self) -> Self:
        if any(self.reporting in month for month in self.rates.values()):
            raise ValueError(
                f"rates are given for {self.reporting} itself, which is 'reporting'; remove them"
            )
        return self

    @property
    def unit(self) -> Unit:
        """Of converted amounts."""
        return Unit(self.reporting, converted=True)

    def rate(self, currency: str, day: date) -> Decimal | None:
        """What one unit of ``currency`` is worth in ``reporting`` on a UTC day; None: not known."""
        if currency == self.reporting:
            return Decimal(1)
        return self.rates.get(f"{day:%Y-%m}", {}).get(currency)


def converted(nano: int, rate: Decimal) -> int:
    """Nano-units times ``rate``, exact, then rounded once to nano-units, half away from zero."""
    numerator, denominator = rate.as_integer_ratio()
    size = (2 * abs(nano) * numerator + denominator) // (2 * denominator)
    return -size if nano < 0 else size


def months_of(kept: Iterable[tuple[str, date]]) -> str:
    """(currency, day) pairs that have no rate, in words: ``EUR in 2026-09 and 2026-10, GBP in 2026-10``."""
    months: dict[str, set[str]] = defaultdict(set)
    for currency, day in kept:
        months[currency].add(f"{day:%Y-%m}")
    return ", ".join(f"{currency} in {' and '.join(sorted(of))}" for currency, of in sorted(months.items()))
