"""Which lines of a published bill bear what names their owner: their cost by day, before any is shared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from costwatch.model import charge_kind

if TYPE_CHECKING:
    from pyarrow import RecordBatch

# number, team, ProviderName, SubAccountId, BillingCurrency, x_ChargeKind, tagging
Group = tuple[int | str, ...]
TAGGING_DAY = ("number", "day", "EffectiveCostNano")


@dataclass(frozen=True, slots=True)
class Tagging:
    """All lines of one billing period, as the tables ``tagging_group`` and ``tagging_day`` have them.

    days: 64-bit integers, ``TAGGING_DAY``, ascending.
    """

    groups: Sequence[Group] = ()
    days: Iterable["RecordBatch"] = ()

    @classmethod
    def of(cls, groups: Iterable[tuple[int | str, ...]], days: Iterable["RecordBatch"]) -> Self:
        """Of ``groups`` that have ChargeCategory and ChargeClass where x_ChargeKind is to be."""
        return cls(
            [
                (*names, charge_kind(str(category), str(of_class)), tagging)
                for *names, category, of_class, tagging in groups
            ],
            days,
        )
